import CLinux
import Glibc

/// This process: its streams, its end.
enum Process {
    enum Stream: UInt8 {
        case standardOutput = 1
        case standardError = 2
    }

    /// Writes everything, or as much as the stream takes.
    /// - Returns: Whether everything was written.
    @discardableResult
    static func write(_ text: String, to stream: Stream) -> Bool {
        write(ByteText.bytes(text), to: Int32(stream.rawValue))
    }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Reads what is there, at least one byte; empty at the end.
    static func read(from descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            return Array(bytes.prefix(max(0, count)))
        }
    }

    /// Reads to the end; nil, with `errno`, if that fails.
    static func readAll(from descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &space, space.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return bytes }
            bytes += space.prefix(count)
        }
    }

    /// Says that the receipt is lost; the request is not.
    static func complainOfOutput() {
        let words = String(cString: strerror(errno))
        write("fletch: (\(ExitStatus.writeFailed)) the receipt could not be written (\(words))\n", to: .standardError)
    }

    /// As many descriptors as the system allows: the usual limit is no more than one origin's connections.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Has no other descriptor take the number of a standard stream that is closed, and get what is meant for it. What is
    /// read or written there fails as before.
    static func reserveStandardStreams() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = open("/dev/null", (number == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC)
        }
    }

    /// At once: nothing is buffered, and nothing is left to tidy up.
    static func exit(_ status: Int32) -> Never { _exit(status) }
}
