import Glibc

/// Ids of jobs that came without one: UUIDs of version 7 (RFC 9562 §5.7).
///
/// They sort by the time they were made at, so that an index of a million of them grows at its end.
package enum JobID {
    package static func make() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var random = SystemRandomNumberGenerator()
        return text(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec), random: random.next())
    }

    /// The time's fraction of a millisecond takes the place of twelve random bits (RFC 9562 §6.2, method 3).
    static func text(nanoseconds: UInt64, random: UInt64) -> String {
        let (milliseconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let high = milliseconds << 16 | 0x7000 | rest << 12 / 1_000_000
        let low = random & (1 << 62 - 1) | 1 << 63
        let digits = hexadecimal(high) + hexadecimal(low)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hexadecimal(_ number: UInt64) -> [UInt8] {
        stride(from: 60, through: 0, by: -4).map { shift in
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        }
    }
}
