/// Numbers as people read them.
enum Numbers {
    /// 1234567 as 1,234,567.
    static func grouped(_ number: Int) -> String {
        let digits = String(number)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Microseconds as milliseconds with one decimal.
    static func milliseconds(_ microseconds: Int) -> String {
        "\(grouped(microseconds / 1_000)).\(microseconds % 1_000 / 100) ms"
    }

    static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.wholeMicroseconds
        return microseconds < 100 ? "under 0.1 ms" : milliseconds(microseconds)
    }

    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            guard value >= 1_000, unit != "TB" else {
                return unit == "B" ? "\(count) B" : "\(Int(value)).\(Int(value * 10) % 10) \(unit)"
            }
            value /= 1_000
        }
        return "\(count) B"
    }
}
