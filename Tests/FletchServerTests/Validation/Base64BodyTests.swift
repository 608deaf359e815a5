import FletchQueue
import Testing

@testable import FletchServer

@Suite struct Base64BodyTests {
    private static func bytes(_ text: String) -> [UInt8]? { try? Base64Body.bytes(.string(text)) }

    /// From RFC 4648 §10, and bytes of which the last two letters of the alphabet are made.
    @Test(arguments: [
        ("", []), ("Zg==", [0x66]), ("Zm8=", [0x66, 0x6F]), ("Zm9v", [0x66, 0x6F, 0x6F]),
        ("Zm9vYg==", [0x66, 0x6F, 0x6F, 0x62]), ("+/+/", [0xFB, 0xFF, 0xBF]), ("AA==", [0x00]), ("/w==", [0xFF]),
    ])
    func strictTextIsRead(_ text: String, _ bytes: [UInt8]) {
        #expect(Self.bytes(text) == bytes)
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zm8", "Zm9vY", "Zg===", "=", "==", "====", "Z===", "Zg==Zg==", "Zg==\n", " Zg==", "Zm 9v",
        "Zm\r\n9v",
        "-_-_", "Zh==", "Zm9=", "Zm9v====", "Zm9\u{0}", "Zm9é", "Zm9v,", "Zg=\u{3D}=", "%Zg=", "\u{FEFF}Zg==",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(Self.bytes(text) == nil)
    }

    @Test func everyByteComesBack() {
        let all = (0...255).map { UInt8($0) }
        var writer = JSONWriter()
        writer.payload(.bytes(all), named: "body")
        let json = String(decoding: writer.bytes, as: UTF8.self)
        #expect("{\(json)}".json?["bodyBase64"].flatMap { try? Base64Body.bytes($0) } == all)
    }

    @Test func textIsWrittenAsText() {
        var writer = JSONWriter()
        writer.payload("é\n", named: "body")
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #""body":"é\n""#)
    }
}
