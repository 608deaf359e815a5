import ArgumentParser
import CLinux
import Fletch
import Glibc

/// Files by the names that the caller gives them.
///
/// The background process has another working directory and none of the caller's descriptors. So paths are resolved, and
/// files that have no lasting path are opened, before it begins.
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
        guard let lasting = String(validatingCString: found), !lasting.hasPrefix("/proc/"), isSame(path, lasting) else {
            return nil
        }
        return lasting
    }

    /// Whether it is standard input, whatever it is called.
    static func isStandardInput(_ path: String) -> Bool {
        if path == "-" { return true }
        guard let input = status("-"), let named = status(path) else { return false }
        return input.st_dev == named.st_dev && input.st_ino == named.st_ino
    }

    /// Not so if a file that is open has been deleted, and another has the name that its link shows.
    private static func isSame(_ path: String, _ other: String) -> Bool {
        guard let one = status(path), let other = status(other) else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    static func isRegular(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false }

    /// A path by which the background process can read the file, too. A path that leads nowhere is returned as it is.
    static func readablePath(_ path: String) -> String {
        if let lasting = lastingPath(path), !lasting.hasPrefix("/dev/") { return lasting }
        let opened = open(path, O_RDONLY)
        guard opened >= 0 else { return path }
        defer { close(opened) }
        var status = stat()
        let isRereadable = fstat(opened, &status) == 0 && [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
        if isRereadable { return Inherited.hold(opened, named: path) ?? path }
        guard let copy = copied(opened) else { return path }
        defer { close(copy) }
        return Inherited.hold(copy, named: path) ?? path
    }

    /// OpenSSL reads files that these variables name.
    static func settleEnvironment() {
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"] {
            guard let value = getenv(name).flatMap({ String(validatingCString: $0) }) else { continue }
            // A list, for directories.
            let paths = name == "SSL_CERT_DIR" ? value.split(separator: ":").map(String.init) : [value]
            setenv(name, paths.map(readablePath).joined(separator: ":"), 1)
        }
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
        return Inherited.hold(opened, named: folder).map { "\($0)/\(name)" } ?? path
    }

    private static func split(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (String(path[...slash]), path[path.index(after: slash)...])
    }

    /// A copy in memory of what can be read only once; nil if it cannot be read.
    private static func copied(_ source: Int32) -> Int32? {
        guard let bytes = Process.readAll(from: source) else { return nil }
        let copy = fletch_memory_file()
        guard copy >= 0 else { return nil }
        if Process.write(bytes, to: copy) { return copy }
        close(copy)
        return nil
    }

    private static let maximumSocketPathBytes = 107
}

/// The caller's descriptors that the background process keeps.
enum Inherited {
    private static let names = Lock<[Int32: String]>([:])

    /// In order.
    static var all: [Int32] { names.withLock { $0.keys.sorted() } }

    /// - Returns: The path to what the descriptor is open for; nil if no descriptor is left.
    static func hold(_ descriptor: Int32, named name: String) -> String? {
        let held = fcntl(descriptor, F_DUPFD_CLOEXEC, lowest)
        guard held >= 0 else { return nil }
        names.withLock { $0[held] = name }
        return path(held)
    }

    /// A message about such files, with the names that the caller has given them.
    static func withNames(_ message: String) -> String {
        names.withLock(\.self).reduce(message) { $0.replacing(path($1.key), with: $1.value) }
    }

    private static func path(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    /// The standard streams and the pipe between the two processes are below.
    private static let lowest: Int32 = STDERR_FILENO + 2
}
