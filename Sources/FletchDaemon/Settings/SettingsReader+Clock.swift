// The clock that jobs are due by.
extension SettingsReader {
    /// After ``readAccess()``: tokens are worth nothing by a clock that anybody may move.
    mutating func readClock() {
        if let text = text(options.testClock ? "1" : nil, "--test-clock", variable: "TEST_CLOCK") {
            set(\.hasTestClock, text, "1 for a test clock, 0 for none") { ["1": true, "0": false][$0] }
        }
        guard settings.hasTestClock.value, !settings.isOpen else { return }
        let keys = settings.passphrases.value.isEmpty ? settings.jwtKey.source : settings.passphrases.source
        problems.append(
            """
            \(settings.hasTestClock.source) cannot be used with \(keys): it is for tests, and whoever moves it \
            moves the time of all tenants and their tokens. Leave one of them out
            """)
    }
}
