extension TLSSettings {
    /// - Throws: What every `https` request would fail with: a file that cannot be used, or no OpenSSL.
    package func check() throws(FletchError) { _ = try TLSContext(self) }
}
