import Testing

@testable import FletchQueueSQLite

@Suite struct DiskRoomTests {
    private static let megabyte = 1 << 20

    /// What the log takes may be taken once more by the database.
    @Test(arguments: [(free: 100, log: 10, isAmple: true), (100, 91, false), (100, 92, false), (9, 0, false)])
    func roomToEmptyTheLogIntoIsKeptBack(_ free: Int, _ log: Int, _ isAmple: Bool) {
        let room = DiskRoom(
            freeBytes: free * Self.megabyte, logBytes: log * Self.megabyte, diskBytes: 1_000 * Self.megabyte)
        #expect(room.isAmple(for: Self.megabyte / 2) == isAmple)
    }

    @Test func reserveIsSmallOnASmallDisk() {
        let sizes = [0, 24, 64, 1 << 20].map {
            DiskRoom(freeBytes: 0, logBytes: 0, diskBytes: $0 * Self.megabyte).reserveBytes / Self.megabyte
        }
        #expect(sizes == [0, 3, 8, 8])
    }

    @Test func whatDeletedJobsHaveLeftFreeIsUsedAnew() {
        let room = DiskRoom(freeBytes: 10 * Self.megabyte, logBytes: 0, diskBytes: 64 * Self.megabyte)
        #expect(room.fits(Self.megabyte, reusing: 0))
        #expect(!room.fits(2 * Self.megabyte, reusing: 0))
        #expect(room.fits(2 * Self.megabyte, reusing: 9 * Self.megabyte))
        // The log takes its room all the same.
        #expect(!room.fits(3 * Self.megabyte, reusing: 9 * Self.megabyte))
    }

    /// Another program would have it at once.
    @Test func logKeepsItsRoomOnADiskThatOthersHaveFilled() {
        #expect(!DiskRoom(freeBytes: 0, logBytes: 1 << 20, diskBytes: 1 << 30).isWorthTruncating)
        #expect(DiskRoom(freeBytes: 0, logBytes: 9 << 20, diskBytes: 1 << 30).isWorthTruncating)
    }

    @Test func diskIsLookedAt() throws {
        let room = try #require(DiskRoom(of: "/tmp/none-wal"))
        #expect(room.logBytes == 0)
        #expect(room.diskBytes >= room.freeBytes)
        #expect(DiskRoom(of: "/nowhere/none-wal") == nil)
    }
}
