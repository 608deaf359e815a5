import Fletch
import FletchServer
import Foundation

/// What the process finds around it.
enum Surroundings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Host and port as a URL has them.
    static func authority(_ host: String, _ port: Int) -> String {
        "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Says something to a person; of what comes from outside nothing steers the terminal.
    static func complain(_ text: String) { StandardError.shared.write(VisibleText.lines(text)) }

    /// The addresses of a name, as far as they are known.
    static func addresses(of name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        return sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            SocketAddress(entry?.pointee.ai_addr, port: 0)?.ipAddress
        }
    }

    /// Why nothing could listen there, at one of its addresses at least; nil where it could.
    static func problem(listeningAt host: String, port: Int) -> String? {
        ListeningHosts.addresses(of: host).lazy.compactMap { problem(listeningAtAddress: $0, port: port) }.first
    }

    private static func problem(listeningAtAddress host: String, port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let address = found?.pointee else {
            return
                "the host \(host) is unknown (\(String(cString: gai_strerror(status)))): name an address of this machine"
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else {
            let remedy = errno == EMFILE || errno == ENFILE ? "raise the limit (ulimit -n)" : "name another address"
            return "\(authority(host, port)) cannot be listened at (\(String(cString: strerror(errno)))): \(remedy)"
        }
        defer { close(descriptor) }
        var isReused: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            return
                "\(authority(host, port)) cannot be listened at (\(String(cString: strerror(errno)))): choose another port"
        }
        return nil
    }
}
