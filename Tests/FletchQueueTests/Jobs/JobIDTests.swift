import Testing

@testable import FletchQueue

@Suite struct JobIDTests {
    @Test func isAUUIDOfVersion7() throws {
        // RFC 9562, appendix A.6, with the time alone.
        let id = JobID.text(nanoseconds: 0x017F_22E2_79B0 * 1_000_000, random: 0x18C4_DC0C_0C07_398F)
        #expect(id == "017f22e2-79b0-7000-98c4-dc0c0c07398f")
        let made = Array(JobID.make())
        #expect(made.count == 36)
        #expect(made[14] == "7")
        #expect("89ab".contains(made[19]))
    }

    @Test func sortsByTimeWithinAMillisecondToo() {
        let ids = stride(from: UInt64(1_700_000_000_000_000_000), to: 1_700_000_000_003_000_000, by: 10_000).map {
            JobID.text(nanoseconds: $0, random: .random(in: 0 ... .max))
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
    }
}
