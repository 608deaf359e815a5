import ArgumentParser
import CLinux
import Fletch
import Glibc

/// Files as whoever calls the command names them: by paths that mean nothing, or something else, in the background
/// process, which has another folder and none of the caller's descriptors.
enum CallerFile {
    /// `open(2)`, with a path whose bytes need not be UTF-8; a file that it makes is the user's alone.
    static func open(_ path: String, _ flags: Int32) -> Int32 {
        withPath(path) { Glibc.open($0, flags | O_CLOEXEC, 0o600) }
    }

    /// What `stat(2)` says; of standard input for `-`.
    static func status(_ path: String) -> stat? {
        var status = stat()
        let result = path == "-" ? fstat(STDIN_FILENO, &status) : withPath(path) { stat($0, &status) }
        return result == 0 ? status : nil
    }

    private static func withPath(_ path: String, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        (ByteText.bytes(path) + [0]).map(CChar.init(bitPattern:)).withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map(body) ?? -1
        }
    }

    /// The path without links that leads to the same file in every process; nil where there is none: a pipe, a file that
    /// is open and deleted, one of this process's own (`/proc/self`), or one whose path is not UTF-8.
    static func lastingPath(_ path: String) -> String? {
        guard ByteText.isUTF8(path), let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        guard let lasting = String(validatingCString: found), !lasting.hasPrefix("/proc/") else { return nil }
        return lasting
    }

    static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// A path to read it by in the background process, too.
    ///
    /// What cannot be found again is held open for that. What is not there is left as it is named: whoever needs it says so.
    static func readablePath(_ path: String) -> String {
        if let lasting = lastingPath(path), !lasting.hasPrefix("/dev/") { return lasting }
        let opened = open(path, O_RDONLY)
        guard opened >= 0 else { return path }
        defer { close(opened) }
        var status = stat()
        let isRereadable = fstat(opened, &status) == 0 && [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
        return (isRereadable ? Inherited.hold(opened) : copied(opened).flatMap(Inherited.hold)) ?? path
    }

    /// The path of a Unix socket, which has 107 bytes at most, in the background process, too.
    static func socketPath(_ path: String) throws(ValidationError) -> String {
        guard ByteText.isUTF8(path) else {
            throw ValidationError("--unix-socket: the path is not UTF-8: give the socket another")
        }
        if let lasting = lastingPath(path), lasting.utf8.count <= maximumSocketPathBytes { return lasting }
        if path.hasPrefix("/"), path.utf8.count <= maximumSocketPathBytes { return path }
        let (folder, name) = split(path)
        if let lasting = lastingPath(folder), "\(lasting)/\(name)".utf8.count <= maximumSocketPathBytes {
            return "\(lasting)/\(name)"
        }
        guard "/proc/self/fd/999/\(name)".utf8.count <= maximumSocketPathBytes else { return path }
        let opened = open(folder, O_RDONLY | O_DIRECTORY)
        guard opened >= 0 else { return path }
        defer { close(opened) }
        return Inherited.hold(opened).map { "\($0)/\(name)" } ?? path
    }

    private static func split(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (String(path[...slash]), path[path.index(after: slash)...])
    }

    /// What can be read once, in memory.
    private static func copied(_ source: Int32) -> Int32? {
        let copy = fletch_memory_file()
        guard copy >= 0 else { return nil }
        while true {
            let bytes = Process.read(from: source)
            if bytes.isEmpty { return copy }
            guard Process.write(bytes, to: copy) else { return nil }
        }
    }

    private static let maximumSocketPathBytes = 107
}

/// Descriptors that the background process keeps of the caller's.
enum Inherited {
    private static let descriptors = Lock<[Int32]>([])

    /// Those that are held, in order.
    static var all: [Int32] { descriptors.withLock { $0.sorted() } }

    /// - Returns: The path to what the descriptor is open for; nil where no descriptor is left.
    static func hold(_ descriptor: Int32) -> String? {
        let held = fcntl(descriptor, F_DUPFD_CLOEXEC, lowest)
        guard held >= 0 else { return nil }
        descriptors.withLock { $0.append(held) }
        return "/proc/self/fd/\(held)"
    }

    /// The standard streams and the pipe between the two processes are below.
    private static let lowest: Int32 = STDERR_FILENO + 2
}
