import Fletch
internal import FletchQueue
import Glibc

/// A file that only one open descriptor can have locked. The kernel lifts the lock when the process ends.
final class LockedFile: Sendable {
    enum Kind {
        /// Is made if it is missing, and locked as a whole.
        case marker
        /// Is locked at one byte, by a lock of the descriptor's own. SQLite's locks are elsewhere in the file, and a lock on
        /// all of it would be in their way on file systems that know only one sort of lock (NFS).
        case database
        /// Is locked as a whole. SQLite does not lock it.
        case log
    }

    let identity: FileIdentity
    private let path: String
    private let isMade: Bool
    private let descriptor: Lock<Int32?>

    /// - Parameter path: Must not be a symbolic link.
    init(_ path: String, _ kind: Kind) throws(StoreError) {
        for _ in 0..<Self.attemptCount {
            let (descriptor, identity, isMade) = try Self.opened(path, kind)
            try Self.lock(descriptor, path, kind)
            if identity == FileIdentity(at: path) {
                self.identity = identity
                (self.path, self.isMade) = (path, isMade)
                self.descriptor = Lock(descriptor)
                return
            }
            // The file was replaced in between: the lock is on one that nobody will find.
            Glibc.close(descriptor)
        }
        throw StoreError(.cannotOpen, "\(path) is replaced again and again: stop the program that does so")
    }

    /// Lifts the lock. In a database no connection of SQLite's may be left: its locks end with it.
    func close() {
        let open = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let open { Glibc.close(open) }
    }

    /// Takes the file away if it was not there before, while the lock still keeps everybody else from using it. One that has
    /// opened it meanwhile will see that it is not in its place any more.
    func removeIfMade() {
        guard isMade, FileIdentity(at: path) == identity else { return }
        unlink(path)
    }

    deinit { close() }

    private static let attemptCount = 10
    /// Behind the bytes that SQLite locks (`PENDING_BYTE` and the 511 after it).
    private static let lockedByte = 0x4000_0000 + 512

    /// `F_OFD_SETLK`, which Swift does not import; the same on every processor.
    private static let setLockOfDescriptor: Int32 = 37

    /// - Returns: Also whether it has made the file.
    private static func opened(_ path: String, _ kind: Kind) throws(StoreError) -> (Int32, FileIdentity, Bool) {
        // O_NONBLOCK: a pipe is not waited for.
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (kind == .marker ? O_CREAT : 0)
        let made = kind == .marker ? open(path, flags | O_EXCL, 0o600) : -1
        let descriptor = made >= 0 ? made : open(path, flags, 0o600)
        guard descriptor >= 0 else { throw StoreError(opening: path, errno) }
        guard let identity = FileIdentity(of: descriptor), identity.isRegular else {
            Glibc.close(descriptor)
            throw StoreError(.cannotOpen, "\(path) is not a regular file: remove it, or choose another file")
        }
        return (descriptor, identity, made >= 0)
    }

    private static func lock(_ descriptor: Int32, _ path: String, _ kind: Kind) throws(StoreError) {
        guard !tryLock(descriptor, kind) else { return }
        let reason = errno
        // The descriptor of a database is left open: closing it would lift the locks that SQLite has on the file, if it is
        // this process that has it open.
        if kind != .database { Glibc.close(descriptor) }
        guard reason == EWOULDBLOCK || reason == EACCES else {
            throw StoreError(.cannotOpen, "\(path) cannot be locked (\(String(cString: strerror(reason))))")
        }
        throw StoreError(.inUse, "another fletchd has the database (it holds \(path)): stop it, or choose another file")
    }

    private static func tryLock(_ descriptor: Int32, _ kind: Kind) -> Bool {
        switch kind {
        case .marker, .log: return flock(descriptor, LOCK_EX | LOCK_NB) == 0
        case .database:
            var range: flock = flock()
            range.l_type = Int16(F_WRLCK)
            range.l_whence = Int16(SEEK_SET)
            range.l_start = off_t(lockedByte)
            range.l_len = 1
            return fcntl(descriptor, setLockOfDescriptor, &range) == 0
        }
    }
}
