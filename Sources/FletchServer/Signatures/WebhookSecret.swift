import Crypto
import Foundation

/// A secret of Standard Webhooks 1.0: `whsec_` and 24 to 64 bytes in base64.
package struct WebhookSecret: Hashable, Sendable {
    /// As it is shown, and given to receivers.
    package let text: String
    let bytes: [UInt8]

    private static let prefix = "whsec_"
    private static let sizes = 24...64

    /// - Returns: nil for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.sizes.contains(bytes.count)
        else { return nil }
        self.text = text
        self.bytes = Array(bytes)
    }

    private init(_ bytes: [UInt8]) {
        text = Self.prefix + Data(bytes).base64EncodedString()
        self.bytes = bytes
    }

    static func make() -> WebhookSecret {
        WebhookSecret(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    }
}
