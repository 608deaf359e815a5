internal import Fletch
package import Logging
import NIOSSL

/// What the server shows in handshakes: the certificate in two files, read again when they change. Connections that are
/// there already keep theirs.
package final class Certificates: Sendable {
    private struct State {
        var certificate: ServerCertificate
        /// Of the files, when it was read.
        var stamps: [FileStamp]
    }

    private let chainPath: String
    private let keyPath: String
    private let state: Lock<State>

    /// - Throws: ``ServerCertificate/Unusable``
    package init(chain chainPath: String, key keyPath: String) throws(ServerCertificate.Unusable) {
        self.chainPath = chainPath
        self.keyPath = keyPath
        let stamps = [FileStamp(chainPath), FileStamp(keyPath)]
        state = Lock(State(certificate: try ServerCertificate(chain: chainPath, key: keyPath), stamps: stamps))
    }

    /// Reads the files. Where they cannot be used, the certificate before stays in use, and the log says why.
    package func reload(_ logger: Logger) {
        let stamps = stamps
        state.withLock { $0.stamps = stamps }
        do {
            let certificate = try ServerCertificate(chain: chainPath, key: keyPath)
            state.withLock { $0.certificate = certificate }
            logger.notice(
                "the certificate has been reloaded", metadata: ["end": "\(certificate.end.formatted(.iso8601))"])
            if let warning = certificate.warning() { logger.warning("\(warning)") }
        } catch {
            logger.error(
                "the certificate cannot be reloaded: the one before stays in use", metadata: ["reason": "\(error)"])
        }
    }

    /// Reloads them whenever they have changed, until the task is cancelled.
    ///
    /// Looks again and again: there is more than a file that may be replaced, as links on the way to it. A change counts once
    /// it has stood for one interval: the two files change one after the other.
    /// - Parameter interval: Default: a second.
    package func watch(every interval: Duration = .seconds(1), _ logger: Logger) async {
        var last = stamps
        while (try? await ContinuousClock().sleep(for: interval)) != nil {
            let now = stamps
            if now == last, now != state.withLock(\.stamps) { reload(logger) }
            last = now
        }
    }

    private var stamps: [FileStamp] { [FileStamp(chainPath), FileStamp(keyPath)] }

    var configuration: TLSConfiguration {
        let first = state.withLock(\.certificate)
        var configuration = ServerCertificate.configuration(first.chain, first.key)
        configuration.sslContextCallback = { [state] _, promise in
            let current = state.withLock(\.certificate)
            var shown = NIOSSLContextConfigurationOverride()
            shown.certificateChain = current.chain.map { .certificate($0) }
            shown.privateKey = .privateKey(current.key)
            promise.succeed(shown)
        }
        return configuration
    }
}
