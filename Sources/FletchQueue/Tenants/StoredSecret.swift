/// A secret as it lies in the store.
package struct StoredSecret: Hashable, Sendable {
    package let bytes: [UInt8]
    /// Tells which key has sealed it; nil where it is stored as it is.
    package let keyID: String?

    package init(bytes: [UInt8], keyID: String?) {
        self.bytes = bytes
        self.keyID = keyID
    }
}
