import Glibc

/// How much room the disk has for a store.
///
/// What is stored goes to the log first and from there into the database, so that a disk that is full to the last byte can
/// neither empty the log nor take a deletion. Room for both is kept back.
struct DiskRoom: Hashable {
    /// What is left for anyone, root's own share left aside.
    var freeBytes: Int
    /// What the log takes; to empty it may take as much of the database once more.
    var logBytes: Int
    /// What the whole disk has.
    var diskBytes: Int

    /// For leases, deletions and the ends of deliveries: they need some before they make any.
    var reserveBytes: Int { min(8 << 20, diskBytes / 8) }

    /// Whether `addedBytes` can be stored, and the log emptied afterwards, however the pages come to lie.
    func isAmple(for addedBytes: Int) -> Bool { freeBytes >= logBytes + 4 * addedBytes + reserveBytes }

    /// Whether `addedBytes` can be stored, first in the log and then in the database.
    /// - Parameter reusableBytes: What jobs that are gone have left free in the database.
    func fits(_ addedBytes: Int, reusing reusableBytes: Int) -> Bool {
        freeBytes >= logBytes + addedBytes + max(0, addedBytes - reusableBytes) + reserveBytes
    }

    /// Whether enough would be left if the log gave back what it takes. Where another program has filled the disk, that
    /// program would have it.
    var isWorthTruncating: Bool { freeBytes + logBytes >= reserveBytes }
}

extension DiskRoom {
    /// Looks at the disk that a log is on.
    /// - Returns: nil where it cannot be looked at.
    init?(of log: String) {
        var disk = statvfs()
        guard statvfs(Self.directory(of: log), &disk) == 0 else { return nil }
        freeBytes = Self.product(disk.f_bavail, disk.f_frsize)
        diskBytes = Self.product(disk.f_blocks, disk.f_frsize)
        logBytes = Self.size(of: log)
    }

    /// In bytes; 0 where there is none.
    static func size(of file: String) -> Int {
        var status = stat()
        return stat(file, &status) == 0 ? status.st_size : 0
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    }

    private static func product(_ count: UInt, _ size: UInt) -> Int {
        let (product, isTooLarge) = count.multipliedReportingOverflow(by: size)
        return isTooLarge ? Int.max >> 8 : Int(min(product, UInt(Int.max >> 8)))
    }
}
