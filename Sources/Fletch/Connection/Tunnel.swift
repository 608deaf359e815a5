import Glibc

/// The way through an HTTP proxy to an origin that TLS is spoken with (RFC 9110 §9.3.6).
struct Tunnel {
    enum Step {
        case done
        case blocked
        case failed(ExchangeFailure)
    }

    private let request: [UInt8]
    private var sentBytes = 0
    private var scanner = HeadScanner(isHeadRequest: true)

    /// - Parameter credentials: `user:password` in Base64, or empty.
    init(to origin: SecureOrigin, credentials: String) {
        let authorization = credentials.isEmpty ? "" : "Proxy-Authorization: Basic \(credentials)\r\n"
        let authority = origin.authority
        request = Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\(authorization)\r\n".utf8)
    }

    /// Goes on as far as the kernel and the proxy allow.
    mutating func advance(on socket: Socket, _ buffer: UnsafeMutableRawBufferPointer) -> Step {
        while sentBytes < request.count {
            let progress = request.withUnsafeBytes {
                socket.send(UnsafeRawBufferPointer(rebasing: $0[sentBytes...]))
            }
            switch progress {
            case .sent(let count): sentBytes += count
            case .failed(let number): return .failed(Self.lost(number))
            default: return .blocked
            }
        }
        return readAnswer(on: socket, buffer)
    }

    /// Takes no more from the kernel than the answer's head: what follows is the origin's.
    private mutating func readAnswer(on socket: Socket, _ buffer: UnsafeMutableRawBufferPointer) -> Step {
        while true {
            let count = socket.receive(into: buffer, isPeek: true)
            guard count > 0 else { return count == -Int(EAGAIN) ? .blocked : .failed(Self.lost(Int32(-count))) }
            switch scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            case .incomplete:
                socket.discard(count)
                socket.acknowledgeAtOnce()
            case .invalid(let code): return .failed(Self.invalid(code))
            case .complete(let head, let end):
                socket.discard(end)
                if (200..<300).contains(head.status) { return .done }
                return .failed(ExchangeFailure(.proxyRefused, detail: "it answered \(head.status)"))
            }
        }
    }

    private static func invalid(_ code: FletchError.Code) -> ExchangeFailure {
        let words =
            switch code {
            case .headTooLarge: "its answer's head is larger than 16 KiB"
            case .malformedHead: "a line of its answer is no field"
            default: "its answer is not HTTP/1"
            }
        return ExchangeFailure(.proxyRefused, detail: words)
    }

    private static func lost(_ number: Int32) -> ExchangeFailure {
        let words = number == 0 ? "it closed the connection" : String(cString: strerror(number))
        return ExchangeFailure(.proxyRefused, errorNumber: number == 0 ? nil : number, detail: words)
    }
}
