import Testing

@testable import Fletch

@Suite struct Base64Tests {
    @Test func everyLengthComesBack() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
            #expect(Base64.decode(Base64.encode(bytes)[...]) == bytes)
        }
    }

    @Test(arguments: ["A", "AA", "AAA", "A===", "AA=A", "A A=", "AAAAA===", "\u{e4}AAA"])
    func whatIsMalformedIsRefused(_ text: String) { #expect(Base64.decode(text[...]) == nil) }
}
