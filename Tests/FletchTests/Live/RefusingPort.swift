import CLinux
import Glibc

@testable import Fletch

/// A port that is taken and takes no connections.
final class RefusingPort: Sendable {
    let port: UInt16
    private let descriptors: [Int32]

    var url: String { "http://127.0.0.1:\(port)" }

    /// Refuses connections, or, with a full queue, lets them wait for ever.
    init(address: String = "127.0.0.1", port: UInt16 = 0, isBlackHole: Bool = false) throws {
        let listener = try ScriptedPeer.bound(address, port: port, nil)
        self.port = listener.port
        guard isBlackHole else {
            descriptors = [listener.descriptor]
            return
        }
        listen(listener.descriptor, 0)
        guard let target = SocketAddress(literal: address, port: listener.port) else { throw ScriptedPeerError() }
        let first = Socket(for: target)
        _ = first.connect(to: target)
        // The next one finds the queue full only once this one is in it.
        _ = first.wait(for: Int32(POLLOUT), until: .now + patience.wholeNanoseconds)
        descriptors = [listener.descriptor, first.descriptor]
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
