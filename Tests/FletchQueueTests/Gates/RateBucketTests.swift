import Testing

@testable import FletchQueue

/// How a rate is kept.
@Suite struct RateBucketTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    /// Takes whenever it may, and tells when.
    private func taken(_ rate: RateLimit, from start: Int64 = 0, until end: Int64, step: Int64 = 1) -> [Int64] {
        var (bucket, moments) = (RateBucket(), [Int64]())
        for moment in stride(from: start, to: end, by: Int64.Stride(step)) {
            while bucket.opening(under: rate, at: at(moment)) == nil {
                bucket.take(under: rate, at: at(moment))
                moments.append(moment)
            }
        }
        return moments
    }

    /// Any window of t sees at most burst + rate × t, give or take what is made up for.
    @Test(arguments: [(1, 100, 1), (10, 1_000, 1), (3, 1_000, 5), (7, 100, 7), (1_000, 1_000, 10), (5_000, 1_000, 1)])
    func noWindowSeesMore(_ count: Int, _ per: Int64, _ burst: Int) {
        let rate = RateLimit(count: count, per: per, burst: burst)
        let moments = taken(rate, until: 2_000)
        for (index, start) in moments.enumerated() {
            for (other, end) in moments.enumerated().dropFirst(index) {
                let late = min(20, Double(per) / Double(count) / 4) + 1
                let most = Double(burst) + Double(count) * (Double(end - start) + late) / Double(per)
                #expect(Double(other - index + 1) <= most + 1e-6)
                if Double(other - index + 1) > most + 1e-6 { return }
            }
        }
    }

    /// It is used to the full where it is asked all the time.
    @Test(arguments: [(1, 100, 1), (10, 1_000, 1), (3, 1_000, 5), (5_000, 1_000, 1)])
    func rateIsReached(_ count: Int, _ per: Int64, _ burst: Int) {
        let moments = taken(RateLimit(count: count, per: per, burst: burst), until: 10_000)
        let expected = Double(count) * 10_000 / Double(per)
        #expect(Double(moments.count) >= expected * 0.99)
        #expect(Double(moments.count) <= expected + Double(burst) + 1)
    }

    @Test(arguments: [(1, 100, 1), (10, 1_000, 10), (3, 1_000, 5), (7, 100, 7), (5_000, 1_000, 1), (600, 60_000, 600)])
    func roomIsAsMuchAsIsLetThrough(_ count: Int, _ per: Int64, _ burst: Int) {
        let rate = RateLimit(count: count, per: per, burst: burst)
        var bucket = RateBucket()
        for moment in [1_000_000, 1_000_050, 1_000_350, 9_000_000] {
            let room = bucket.room(under: rate, at: at(Int64(moment)))
            var passed = 0
            while bucket.opening(under: rate, at: at(Int64(moment))) == nil {
                bucket.take(under: rate, at: at(Int64(moment)))
                passed += 1
            }
            #expect(room == passed)
            #expect(bucket.room(under: rate, at: at(Int64(moment))) == 0)
        }
    }

    /// Each delivery is late by some milliseconds: the rate is kept all the same, and no window sees a whole one more.
    @Test func latenessIsMadeUpFor() {
        let rate = RateLimit(count: 10, per: 1_000, burst: 1)
        var (bucket, moments, generator) = (RateBucket(), [Int64](), SeededGenerator(seed: 3))
        var moment: Int64 = 0
        while moment < 60_000 {
            bucket.take(under: rate, at: at(moment))
            moments.append(moment)
            let opening = bucket.opening(under: rate, at: at(moment))?.milliseconds ?? moment
            moment = opening + Int64.random(in: 0...18, using: &generator)
        }
        #expect((598...601).contains(moments.count))
        for start in stride(from: 0, to: 59_000, by: 37) {
            #expect(moments.count { (Int64(start)..<Int64(start + 1_000)).contains($0) } <= 11)
        }
    }

    /// What is late by more than that loses the rest alone.
    @Test func ofLongLatenessAPartIsMadeUpFor() {
        let rate = RateLimit(count: 10, per: 1_000, burst: 1)
        var bucket = RateBucket()
        for moment: Int64 in [1_000, 1_130] { bucket.take(under: rate, at: at(moment)) }
        #expect(bucket.opening(under: rate, at: at(1_130)) == at(1_210))
    }

    @Test func burstIsThereAgainAfterARest() {
        let rate = RateLimit(count: 5, per: 1_000)
        var bucket = RateBucket()
        for _ in 0..<5 { bucket.take(under: rate, at: at(0)) }
        #expect(bucket.opening(under: rate, at: at(0)) == at(200))
        for _ in 0..<5 {
            #expect(bucket.opening(under: rate, at: at(1_000)) == nil)
            bucket.take(under: rate, at: at(1_000))
        }
        #expect(bucket.opening(under: rate, at: at(1_000)) == at(1_200))
    }

    @Test func clockThatWasSetBackShutsItNoLongerThanAUsedUpBucket() {
        let rate = RateLimit(count: 1, per: 1_000)
        var bucket = RateBucket()
        bucket.take(under: rate, at: at(1_000_000))
        bucket.bound(by: rate, at: at(0))
        #expect(bucket.opening(under: rate, at: at(0)) == at(1_000))
    }

    @Test func onlyWhatLastsLongerThanASecondIsKept() {
        let rate = RateLimit(count: 1, per: 1_000, burst: 2)
        var bucket = RateBucket()
        bucket.take(under: rate, at: at(0))
        #expect(!bucket.isWorthKeeping(at: at(0)))
        bucket.take(under: rate, at: at(0))
        #expect(bucket.isWorthKeeping(at: at(0)))
        #expect(!bucket.isWorthKeeping(at: at(1_000)))
    }

    /// Whatever a policy says, and wherever the clock stands.
    @Test(arguments: [1, 1_000_000_000], [Int64(1), 86_400_000])
    func hugeNumbersDoNotTrap(_ count: Int, _ per: Int64) {
        let rate = RateLimit(count: count, per: per, burst: 1_000_000_000)
        for moment in [Int64.min, -1, 0, 1_800_000_000_000, .max] {
            var bucket = RateBucket()
            for _ in 0..<3 {
                bucket.take(under: rate, at: at(moment))
                _ = bucket.opening(under: rate, at: at(moment))
                bucket.bound(by: rate, at: at(moment))
            }
        }
    }
}
