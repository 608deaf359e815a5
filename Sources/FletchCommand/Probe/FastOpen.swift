import Glibc

/// What the system makes of Fast Open (RFC 7413).
enum FastOpen {
    /// Whether clients on this machine may use it.
    static var isOnHere: Bool {
        let descriptor = open("/proc/sys/net/ipv4/tcp_fastopen", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = String(decoding: Process.read(from: descriptor), as: UTF8.self)
        return Int(text.prefix { $0.isNumber }).map { $0 & 1 == 1 } ?? false
    }
}
