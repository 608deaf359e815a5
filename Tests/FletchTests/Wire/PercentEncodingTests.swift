import Testing

@testable import Fletch

@Suite struct PercentEncodingTests {
    @Test func onlyUnreservedCharactersStay() {
        #expect(PercentEncoding.encode("a b/ü~".utf8) == "a%20b%2F%C3%BC~")
        #expect(PercentEncoding.encode([0, 0x0F, 0xFF]) == "%00%0F%FF")
    }

    @Test func everyByteComesBack() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(PercentEncoding.decode(PercentEncoding.encode(bytes).utf8) == bytes)
    }
}
