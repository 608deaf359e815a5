import Glibc

/// The present moment as the field `Date` has it (RFC 9110 §5.6.7).
enum HTTPDate {
    static var now: String {
        var (moment, parts) = (time(nil), tm())
        guard gmtime_r(&moment, &parts) != nil else { return "" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            // The process never sets a locale: the names are English.
            strftime(text.baseAddress, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
