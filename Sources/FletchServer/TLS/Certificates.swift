internal import Fletch
package import Logging
import NIOSSL

/// What the server shows in handshakes: the certificate in two files, read again when they change. Connections that are
/// there already keep theirs.
package final class Certificates: Sendable {
    private struct State {
        var certificate: ServerCertificate
        var plan: ReloadPlan<[FileStamp]>
    }

    /// How often the log says that a certificate ends soon.
    private static let reminder = Duration.seconds(86_400)

    private let chainPath: String
    private let keyPath: String
    private let state: Lock<State>

    /// - Throws: ``ServerCertificate/Unusable``
    package init(chain chainPath: String, key keyPath: String) throws(ServerCertificate.Unusable) {
        self.chainPath = chainPath
        self.keyPath = keyPath
        let stamps = [FileStamp(chainPath), FileStamp(keyPath)]
        let certificate = try ServerCertificate(chain: chainPath, key: keyPath)
        state = Lock(State(certificate: certificate, plan: ReloadPlan(stamps)))
    }

    /// Reads the files. Where they cannot be used, the certificate before stays in use, and the log says why.
    package func reload(_ logger: Logger) {
        let stamps = stamps
        do throws(ServerCertificate.Unusable) {
            let certificate = try ServerCertificate(chain: chainPath, key: keyPath)
            state.withLock { state in
                state.certificate = certificate
                state.plan.read(stamps, isOfUse: true)
            }
            logger.notice(
                "the certificate has been reloaded", metadata: ["end": "\(certificate.end.formatted(.iso8601))"])
            remind(logger)
        } catch {
            state.withLock { $0.plan.read(stamps, isOfUse: false) }
            logger.error(
                "the certificate cannot be reloaded: the one before stays in use", metadata: ["reason": "\(error)"])
        }
    }

    /// Reloads them whenever they have changed, until the task is cancelled.
    ///
    /// Looks again and again: there is more than a file that may be replaced, as links on the way to it.
    /// - Parameter interval: Default: a second.
    package func watch(every interval: Duration = .seconds(1), _ logger: Logger) async {
        var reminded = ContinuousClock.now
        while (try? await ContinuousClock().sleep(for: interval)) != nil {
            let stamps = stamps
            if state.withLock({ $0.plan.isDue(stamps) }) { reload(logger) }
            guard reminded.duration(to: .now) >= Self.reminder else { continue }
            remind(logger)
            reminded = .now
        }
    }

    private func remind(_ logger: Logger) {
        if let warning = state.withLock(\.certificate).warning() { logger.warning("\(warning)") }
    }

    private var stamps: [FileStamp] { [FileStamp(chainPath), FileStamp(keyPath)] }

    var configuration: TLSConfiguration {
        let first = state.withLock(\.certificate)
        var configuration = ServerCertificate.configuration(first.chain, first.key)
        configuration.sslContextCallback = { [state] _, promise in
            let current = state.withLock(\.certificate)
            var shown = NIOSSLContextConfigurationOverride()
            shown.certificateChain = current.chain.map { .certificate($0) }
            shown.privateKey = .privateKey(current.key)
            promise.succeed(shown)
        }
        return configuration
    }
}
