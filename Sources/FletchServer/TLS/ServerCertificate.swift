import Foundation
import NIOSSL

/// A certificate and its key, as they are read from files (PEM).
package struct ServerCertificate: Sendable {
    /// Why files hold none that can be used.
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    /// So long before its end somebody is told to renew it.
    private static let notice = 14 * 86_400.0

    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// The end of the first certificate in the chain to end.
    let end: Date

    /// - Parameters:
    ///   - chainPath: The server's own certificate first, then those that it was signed with.
    ///   - keyPath: May be the same file.
    /// - Throws: ``Unusable``
    package init(chain chainPath: String, key keyPath: String) throws(Unusable) {
        let chain = try Self.read(chainPath) { try NIOSSLCertificate.fromPEMBytes($0) }
        guard let own = chain.first else { throw Self.nothing(in: chainPath, "certificate") }
        let key = try Self.read(keyPath) { try NIOSSLPrivateKey(bytes: $0, format: .pem) }
        do {
            // Every handshake would fail with a key that is another's.
            _ = try NIOSSLContext(configuration: Self.configuration(chain, key))
        } catch {
            throw Unusable(
                description: """
                    the certificate in \(chainPath) cannot be used with the key in \(keyPath): name the key that it was \
                    issued for, and the server's own certificate first
                    """)
        }
        (self.chain, self.key) = (chain, key)
        end = Date(timeIntervalSince1970: Double(chain.map(\.notValidAfter).min() ?? own.notValidAfter))
    }

    static func configuration(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // NIO waits so long for a client's own end of TLS, also when the server ends or another waits for room.
        configuration.shutdownTimeout = .milliseconds(500)
        return configuration
    }

    /// What somebody is to be told; nil where nothing.
    package func warning(at now: Date = Date()) -> String? {
        guard end.timeIntervalSince(now) < Self.notice else { return nil }
        return "the certificate \(end < now ? "has expired" : "expires") on \(end.formatted(.iso8601)): renew it"
    }

    private static func read<Value>(
        _ path: String, _ parse: ([UInt8]) throws -> Value
    ) throws(Unusable) -> Value {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw Unusable(description: "\(path) cannot be read: name a file that is there and that fletchd may read")
        }
        do {
            return try parse(bytes)
        } catch {
            throw nothing(in: path, Value.self == NIOSSLPrivateKey.self ? "key without a passphrase" : "certificate")
        }
    }

    private static func nothing(in path: String, _ what: String) -> Unusable {
        Unusable(description: "\(path) has no \(what) in PEM")
    }
}
