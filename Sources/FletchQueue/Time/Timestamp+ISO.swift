/// Moments as text: ISO 8601.
extension Timestamp {
    /// With milliseconds and `Z`, as JavaScript writes it; what lies beyond the years that RFC 3339 has, 0 to 9999, becomes
    /// their end.
    package var isoBytes: [UInt8] {
        let moment = min(max(milliseconds, Self.earliest), Self.latest)
        let days = moment.floorDivided(by: 86_400_000)
        let rest = Int(moment - days * 86_400_000)
        let date = CivilDate(number: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(date.year, 4, to: &text)
        Self.append(date.month, 2, after: "-", to: &text)
        Self.append(date.day, 2, after: "-", to: &text)
        Self.append(rest / 3_600_000, 2, after: "T", to: &text)
        Self.append(rest / 60_000 % 60, 2, after: ":", to: &text)
        Self.append(rest / 1_000 % 60, 2, after: ":", to: &text)
        Self.append(rest % 1_000, 3, after: ".", to: &text)
        text.append(UInt8(ascii: "Z"))
        return text
    }

    private static let earliest: Int64 = -62_167_219_200_000
    private static let latest: Int64 = 253_402_300_799_999

    private static func append(_ number: Int, _ count: Int, after mark: Unicode.Scalar? = nil, to text: inout [UInt8]) {
        if let mark { text.append(UInt8(ascii: mark)) }
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
