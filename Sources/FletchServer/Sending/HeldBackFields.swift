/// Fields of a request to `/send` that say something about its client, its connection or `fletchd`, and nothing to the
/// target.
enum HeldBackFields {
    /// Includes every field that may not be forwarded at all.
    /// - Parameter name: In lower case.
    static func contain(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains(where: name.hasPrefix)
            || JobHeaderRules.problem(name: name, isForwarded: true) != nil
    }

    private static let names: Set<String> = ["authorization", "cookie", "forwarded", "origin", "referer"]
    private static let prefixes = ["proxy-", "sec-", "x-forwarded-"]
}
