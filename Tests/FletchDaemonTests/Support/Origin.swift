import Fletch
import NIOCore
import NIOHTTP1
import NIOPosix

/// An origin that counts: what it says to a request is up to the test.
final class Origin: Sendable {
    struct Records: Sendable {
        var requests: [OriginRequest] = []
        /// How often each body has arrived.
        var counts: [String: Int] = [:]
        /// Bytes of endless answers that could be written, and how many of those have ended.
        var endlessBytes = 0
        var endedCount = 0

        func requests(to path: String) -> [OriginRequest] { requests.filter { $0.path == path } }
        func bodies(to path: String) -> [String] { requests(to: path).map(\.body) }
    }

    let records = Watched(Records())
    let host: String
    let port: Int
    private let listener: any Channel
    private let held: Lock<[@Sendable () -> Void]?>

    private init(_ listener: any Channel, _ held: Lock<[@Sendable () -> Void]?>) {
        self.listener = listener
        self.held = held
        host = listener.localAddress?.ipAddress ?? ""
        port = listener.localAddress?.port ?? 0
    }

    func url(_ path: String, host: String? = nil) -> String { "http://\(host ?? self.host):\(port)\(path)" }

    /// Waits until so many requests have arrived at `path`.
    @discardableResult
    func wait(for count: Int, at path: String) async throws -> [OriginRequest] {
        try await records.wait { $0.requests(to: path).count >= count }.requests(to: path)
    }

    /// Answers what it has held back the longest.
    func releaseFirst() {
        let first = held.withLock { held in held?.isEmpty == false ? held?.removeFirst() : nil }
        first?()
    }

    /// Answers what it has held back, and holds nothing back from now on.
    func release() {
        let all = held.withLock { held in
            defer { held = nil }
            return held ?? []
        }
        for answer in all { answer() }
    }

    fileprivate static func start(
        at host: String, _ reply: @escaping @Sendable (OriginRequest) -> Reply
    ) async throws -> Origin {
        let held = Lock<[@Sendable () -> Void]?>([])
        let box = Lock<Origin?>(nil)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 4_096)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            // So that what is written is about what has gone out.
            .childChannelOption(.socketOption(.so_sndbuf), value: 16_384)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1, high: 16_384))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                        OriginHandler { request in
                            box.withLock(\.self)?.records.update { records in
                                records.requests.append(request)
                                records.counts[request.body, default: 0] += 1
                            }
                            return reply(request)
                        } hold: { answer in
                            let isHeld = held.withLock { $0?.append(answer) != nil }
                            if !isHeld { answer() }
                        } wrote: { count, isOver in
                            box.withLock(\.self)?.records.update { records in
                                records.endlessBytes += count
                                if isOver { records.endedCount += 1 }
                            }
                        },
                    ])
                }
            }
            .bind(host: host, port: 0).get()
        let origin = Origin(listener, held)
        box.withLock { $0 = origin }
        return origin
    }

    fileprivate func stop() async {
        release()
        try? await listener.close()
    }
}

/// A request as it has arrived.
struct OriginRequest: Sendable {
    let method: String
    let path: String
    let fields: [(name: String, value: String)]
    let body: String
    /// The port of the connection's other end.
    let peerPort: Int?
    let arrivedAt = ContinuousClock.now

    func value(of name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }

    var attempt: Int { value(of: "fletch-attempt").flatMap { Int($0) } ?? 0 }
}

/// What an origin does with a request.
enum Reply: Sendable {
    case status(Int, fields: [String: String] = [:], body: String = "")
    /// The status, once the origin is told to release what it holds.
    case held(Int)
    case nothing
    case close
    /// These bytes, whatever they are, and nothing further.
    case raw(String)
    /// These bytes, one at a time.
    case trickle(String, pause: Duration)
    /// The first bytes once, the others for ever.
    case endless(String, then: String)

    static let ok = Reply.status(200)

    static func redirect(_ status: Int, to location: String) -> Reply {
        .status(status, fields: ["Location": location])
    }
}

/// Runs `body` with an origin, which is stopped before it returns.
/// - Parameter reply: Default: 200 to everything.
func withOrigin<Result>(
    at host: String = "127.0.0.1", _ reply: @escaping @Sendable (OriginRequest) -> Reply = { _ in .ok },
    _ body: (Origin) async throws -> Result
) async throws -> Result {
    let origin = try await Origin.start(at: host, reply)
    do {
        let result = try await body(origin)
        await origin.stop()
        return result
    } catch {
        await origin.stop()
        throw error
    }
}
