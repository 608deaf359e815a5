import FletchQueue
import Testing

@testable import FletchServer

@Suite struct AsymmetricKeyTests {
    /// Computed with openssl: PKCS#1 v1.5 signs the same in the same way.
    private static let signatures: [(body: Payload, signature: String)] = [
        (
            "hello world",
            "KfFAXrqTgOTd9LPcDsjVrh5PGHsOk4ANCyVzm9IjRIkkMZhw0Il55FXdx2LMFW+o1MUf3dFW0PqC+Yi673vNKTq8wBgBPEKP"
                + "XxJDf0YJE6qJXjIejcM6sGmWIU7miN/w3PwmFhW5vNwVxPOpmsVlx7aGjP5K116jNk2q4De4kcW9kIloStXhLJH9hg+iJrz8"
                + "AOToe5ac9P3syRfS3tREWSfIhxf12va6YDGOO2XllZPB/hrQkrOZUEHWXzOq0y8AElhrPFVAwfWMaPQ5YF3PNNWEwEb/KGeR"
                + "yTZYqGGlQV7ao1jpIH9uYMTLUjxg"
                + "E3MrOX6GOT/Z3OdODjlOZefpfg=="
        ),
        (
            .bytes([0xFF, 0x00, 0xC3]),
            "sOCHQ/xM9qy5UolU3Tn6Vtb+QuAMMCy2x6g7cR5J12bFjcIt1ABZc5WvwpmmS0pf1W3pahlbAkI31WaZXliBakx3rC+dkImQ"
                + "4yUa3hhL9hj5tbSEEL2qK9zbDo4dztRRMnH+xDXjq1LWKrb613tNcnSWj5FNXKMlo/k44GiKx0ihsb09c0E3YqdjwBHbQb7v"
                + "A1Gw4HbmKGIWtTZ1VOYuLo3Z4lCx7lGNlZUmHmnSBJnMYGE5GR/Zgf5aqz+0c4E4X1p3LD7iayppqtQ5Ru7Yq9kJz/sKAFRF"
                + "V5KC4A0qFDMsayJADNAKrNtNAE/P"
                + "PdEBmYX15XvdE4xo39rpolnlMg=="
        ),
    ]

    @Test func signatureIsThatOfBodyAndTime() throws {
        let key = try #require(AsymmetricKey(pem: RSAKey.privatePEM))
        for (body, signature) in Self.signatures {
            let signed = try key.quirrelSignature(of: body, at: Timestamp(milliseconds: 1_600_000_000_000))
            #expect(signed == "v=1600000000000,d=\(signature)")
        }
    }
}
