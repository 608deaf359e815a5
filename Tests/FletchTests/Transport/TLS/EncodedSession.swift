/// A session of TLS 1.3, as OpenSSL writes it (`SSL_SESSION_ASN1`), with a ticket of so many bytes.
/// - Parameters:
///   - time: When it was offered, in seconds after 1970; 0 for now.
///   - timeout: For how many seconds.
func encodedSession(time: UInt16 = 0, timeout: UInt16 = 7_200, ticketBytes: Int = 100) -> [UInt8] {
    let parts = [
        element(0x02, [1]), element(0x02, [3, 4]), element(0x04, [0x13, 1]), element(0x04, [1, 2, 3, 4]),
        element(0x04, [UInt8](repeating: 7, count: 48)), element(0xA1, integer(time)), element(0xA2, integer(timeout)),
        element(0xAA, element(0x04, [UInt8](repeating: 3, count: ticketBytes))),
    ]
    return element(0x30, parts.flatMap { $0 })
}

private func integer(_ number: UInt16) -> [UInt8] {
    let bytes = [UInt8(number >> 8), UInt8(number & 0xFF)]
    return element(0x02, number < 0x80 ? Array(bytes.dropFirst()) : bytes)
}

private func element(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [tag, 0x82, UInt8(contents.count >> 8), UInt8(contents.count & 0xFF)] + contents
}
