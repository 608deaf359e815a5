internal import FletchQueue
import Foundation

/// What the deliveries of one tenant are signed with.
struct SigningKeys: Sendable {
    /// As Quirrel signs; nil where the tenant has no token.
    private let token: KeyedHash?
    /// As Standard Webhooks has it: the latest first, and until when the others count.
    private let secrets: [(hash: KeyedHash, end: Timestamp?)]

    /// How long a receiver has to take up a new secret.
    private static let overlap: Int64 = 86_400_000

    /// - Parameters:
    ///   - token: The tenant's.
    ///   - secrets: As they are shown, with when each was made; the latest first.
    init(token: [UInt8]?, secrets: [(text: [UInt8], createdAt: Timestamp)]) {
        self.token = token.map(KeyedHash.init(key:))
        var end: Timestamp?
        var keys: [(hash: KeyedHash, end: Timestamp?)] = []
        for (text, createdAt) in secrets {
            guard let secret = WebhookSecret(String(decoding: text, as: UTF8.self)) else { continue }
            keys.append((KeyedHash(key: secret.bytes), end))
            end = Self.end(ofSecretReplacedAt: createdAt)
        }
        self.secrets = keys
    }

    /// The operator's own, which all count at any time.
    init(_ secrets: [WebhookSecret]) {
        token = nil
        self.secrets = secrets.map { (KeyedHash(key: $0.bytes), nil) }
    }

    var hasSecrets: Bool { !secrets.isEmpty }

    static func end(ofSecretReplacedAt moment: Timestamp) -> Timestamp {
        Timestamp(milliseconds: moment.milliseconds + overlap)
    }

    /// `v=…,d=…`, the hexadecimal HMAC-SHA256 of the body with the time behind it (secure-webhooks); nil without a token.
    func quirrelSignature(of body: Payload, at now: Timestamp) -> String? {
        guard let token else { return nil }
        let time = String(now.milliseconds)
        return Hexadecimal.text(of: token.code(of: body, before: time), behind: "v=", time, ",d=")
    }

    /// `v1,…` for each secret that counts now, with spaces between them (Standard Webhooks 1.0); nil without a secret.
    /// - Parameter id: Has no dot.
    func webhookSignature(id: String, of body: Payload, at now: Timestamp) -> String? {
        let time = String(now.milliseconds / 1_000)
        let signatures = secrets.filter { $0.end.map { now < $0 } ?? true }.map { secret in
            "v1," + Data(secret.hash.code(of: body, behind: "\(id).\(time).")).base64EncodedString()
        }
        return signatures.isEmpty ? nil : signatures.joined(separator: " ")
    }
}
