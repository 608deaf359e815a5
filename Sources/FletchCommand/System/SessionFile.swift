import CLinux
import Fletch
import Glibc

/// TLS sessions that outlive the command: a file of its user's alone, as each session is as secret as a password.
///
/// A line for each key: when it was stored, key and session, the last two in Base64. What cannot be read or written is done
/// without: a session only saves time.
final class SessionFile: TLSSessionStore {
    private let path: String

    /// `fletch/sessions` in the user's cache directory; nil where there is none.
    static var ofUser: SessionFile? {
        if let cache = variable("XDG_CACHE_HOME") { return SessionFile(in: cache) }
        return variable("HOME").map { SessionFile(in: $0 + "/.cache") }
    }

    /// - Parameter cache: A directory, which is made where it is missing.
    init(in cache: String) { path = cache + "/fletch/sessions" }

    func session(for key: String) -> [UInt8]? {
        let wanted = Substring(Base64.encode(Array(key.utf8)))
        return lines().last { $0.key == wanted }.flatMap { Base64.decode($0.session) }
    }

    func store(_ session: [UInt8]?, for key: String) {
        let directory = String(path.dropLast("/sessions".count))
        mkdir(String(directory.dropLast("/fletch".count)), 0o700)
        mkdir(directory, 0o700)
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard lock >= 0 else { return }
        defer { close(lock) }
        // Nobody is waited for: all requests would wait, too.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return }
        // Closing is not enough while a process that is being started holds it, too.
        defer { flock(lock, LOCK_UN) }
        let changed = Substring(Base64.encode(Array(key.utf8)))
        var kept = lines().filter { $0.key != changed }.map(\.text)
        if let session { kept.append("\(time(nil)) \(changed) \(Base64.encode(session))") }
        replace(Self.newest(kept).map { $0 + "\n" }.joined())
    }

    // MARK: The file

    private struct Line {
        let text: String
        let key: Substring
        let session: Substring

        /// No server keeps a session for more than a week (RFC 8446 §4.6.1), and none has been stored in the future.
        init?(_ text: Substring, at now: Int) {
            let parts = text.split(separator: " ")
            guard parts.count == 3, let stored = Int(parts[0]), stored >= 0, stored <= now,
                now - stored < 7 * 86_400
            else { return nil }
            self.text = String(text)
            key = parts[1]
            session = parts[2]
        }
    }

    /// As many of the last ones as are kept, and read.
    private static func newest(_ lines: [String]) -> ArraySlice<String> {
        var (bytes, first) = (0, lines.endIndex)
        while first > lines.startIndex, lines.count - first < maximumLineCount {
            bytes += lines[first - 1].utf8.count + 1
            guard bytes <= maximumBytes else { break }
            first -= 1
        }
        return lines[first...]
    }

    /// A file that others could have written proves nothing.
    private func lines() -> [Line] {
        // A pipe in its place would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == getuid(),
            status.st_mode & 0o077 == 0
        else { return [] }
        var bytes: [UInt8] = []
        while case let part = Process.read(from: descriptor), !part.isEmpty, bytes.count < Self.maximumBytes {
            bytes += part
        }
        let now = time(nil)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Line($0, at: now) }
    }

    /// Whole or not at all.
    private func replace(_ text: String) {
        let next = path + ".next"
        unlink(next)
        let descriptor = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        let isWhole = Process.write(Array(text.utf8), to: descriptor)
        close(descriptor)
        if isWhole { rename(next, path) } else { unlink(next) }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }

    private static let maximumLineCount = 500
    private static let maximumBytes = 4 << 20
}
