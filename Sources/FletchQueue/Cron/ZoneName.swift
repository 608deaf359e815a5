import Foundation

/// The names of time zones that are accepted: IANA's, and nothing else that Foundation takes for one (`PST`, `GMT+3`).
enum ZoneName {
    static func zone(named name: String) throws(CronError) -> TimeZone {
        guard let known = accepted(name), let zone = TimeZone(identifier: known) else {
            throw CronError(
                code: .unknownTimeZone,
                message: "time zone \(CronError.quoted(name)): not known;"
                    + " write an IANA name, such as `Europe/Berlin` or `Etc/UTC`")
        }
        return zone
    }

    /// The name as it is spelled by IANA, where it may be one.
    private static func accepted(_ name: String) -> String? {
        guard name.utf8.count <= maximumBytes, name.utf8.allSatisfy(isAllowed) else { return nil }
        if let known = byLowercaseName[name.lowercased()] { return known }
        return name.contains("/") ? name : nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }

    static let maximumBytes = 64

    /// Every name in use, whatever its case, as cron-parser takes it. Names that have been superseded and have a slash
    /// are for Foundation to know.
    private static let byLowercaseName = Dictionary(
        (TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") } + withoutSlash + ["Etc/UTC", "Etc/GMT"])
            .map { ($0.lowercased(), $0) },
        uniquingKeysWith: { first, _ in first })

    /// From IANA's `backward` and `etcetera` files: no name is added to them.
    private static let withoutSlash = [
        "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT", "GMT+0", "GMT-0",
        "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya",
        "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK",
        "Singapore", "Turkey", "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
    ]
}
