import FletchQueue
import Testing

@testable import Fletch
@testable import FletchServer

/// What has not left this machine for a fault of its own is no run of the job.
@Suite struct LocalFaultTests {
    private static func error(
        _ code: FletchError.Code, _ certainty: Certainty = .notSent, resolved: Bool = false, connected: Bool = false
    ) -> FletchError {
        var moments = Receipt.Moments()
        moments.resolved = resolved ? Duration.zero : nil
        moments.connected = connected ? Duration.zero : nil
        var error = FletchError(code, certainty, "")
        error.receipt = Receipt(
            url: "", method: .post, moments: moments, bytesSent: 0, bytesReceived: 0, reused: false, body: [],
            isBodyComplete: false)
        return error
    }

    @Test(arguments: [
        (FletchError.Code.descriptorsExhausted, LocalFault.machine as LocalFault?), (.memoryExhausted, .machine),
        (.localPortsExhausted, .endpoint), (.networkUnreachable, .endpoint), (.connectionWaitExceeded, .endpoint),
        (.resolverFailed, .endpoint), (.tlsUnavailable, .endpoint), (.authorityFileUnusable, .endpoint),
        (.deadlineExceeded, .endpoint), (.connectDeadlineExceeded, .endpoint), (.proxyNotResolved, .endpoint),
        (.nameNotResolved, nil), (.connectFailed, nil), (.tlsHandshakeFailed, nil), (.proxyRefused, nil),
    ])
    func faultOfThisMachine(_ code: FletchError.Code, _ fault: LocalFault?) {
        #expect(LocalFault(Self.error(code), isProxied: false) == fault)
        #expect(LocalFault(Self.error(code, .unknown), isProxied: false) == nil)
    }

    /// Who does not answer once the name is known is the endpoint, or a proxy.
    @Test(arguments: [FletchError.Code.deadlineExceeded, .connectDeadlineExceeded])
    func deadline(_ code: FletchError.Code) {
        let isReached = Self.error(code, resolved: true)
        #expect(LocalFault(isReached, isProxied: false) == nil)
        #expect(LocalFault(isReached, isProxied: true) == .endpoint)
        #expect(LocalFault(Self.error(code, resolved: true, connected: true), isProxied: true) == nil)
    }

    @Test func proxyThatTakesNoConnection() {
        #expect(LocalFault(Self.error(.connectFailed), isProxied: true) == .endpoint)
    }
}
