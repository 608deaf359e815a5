import HTTPTypes

/// Asks an origin one request at a time, each on a connection of its own, to learn what the origin is like.
///
/// What ``FletchClient`` never does: it ends its own side early, and takes the head of an answer to `HEAD` for what it
/// says about `GET`. Blocks the thread that calls it, each request for as long as its limit allows.
package final class Asker: Sendable {
    /// How a request is sent.
    package struct Manner: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The end of the client's side goes out along with the request: for TLS that of TCP, without TLS's own.
        package static let halfClosed = Manner(rawValue: 1)
        /// What goes out first rides on the first packet where the peer has allowed it before (RFC 7413).
        package static let openedFast = Manner(rawValue: 2)
    }

    /// So much of a body without a stated length is read.
    package static let maximumBodyBytes = 65_536

    private let router: Router
    private let tls: TLSProvider
    private let resolver: Resolver
    private let connectLimit: Int64

    /// - Throws: ``FletchError`` with `nameNotResolved` for what ``Configuration/addresses`` holds beside IP addresses.
    package init(_ configuration: Configuration) throws(FletchError) {
        router = Router(configuration)
        tls = TLSProvider(configuration.tls)
        resolver = try Resolver(configuration)
        connectLimit = configuration.connectDeadline.wholeNanoseconds
    }

    /// Sends `request`, without a body, and waits for the head of its answer, and for the end of a body that states no
    /// length. The connection is then reset.
    /// - Parameter limit: The longest it may take, resolving and connecting included.
    /// - Throws: ``FletchError``; `notSent` where not a byte of the request had left.
    package func ask(
        _ request: FletchRequest, _ manner: Manner = [], within limit: Duration
    ) throws(FletchError) -> Answer {
        let deadline = Moment.now + limit.wholeNanoseconds
        let (connection, head) = try connect(for: request, manner, until: deadline)
        try connection.send(head, until: deadline)
        return try connection.answer(isHeadRequest: request.method == .head, until: deadline)
    }

    /// Sends `request`, without a body, so many times at once on one connection, and reads the answers whole.
    /// - Returns: How many of them came.
    /// - Throws: As ``ask(_:_:within:)``, before the first answer.
    package func pipeline(
        _ request: FletchRequest, count: Int, within limit: Duration
    ) throws(FletchError) -> Int {
        let deadline = Moment.now + limit.wholeNanoseconds
        let (connection, head) = try connect(for: request, [], until: deadline)
        try connection.send(Array(repeatElement(head, count: count).joined()), until: deadline)
        return try connection.countAnswers(isHeadRequest: request.method == .head, atMost: count, until: deadline)
    }

    private func connect(
        for request: FletchRequest, _ manner: Manner, until deadline: Moment
    ) throws(FletchError) -> (SoloConnection, head: [UInt8]) {
        let route = try router.route(request)
        let context = route.endpoint.origin == nil ? nil : try tls.context()
        let head = try route.encoder.encode(request.method, fields: request.fields, bodyBytes: nil)
        let connectEnd = min(deadline, .now + connectLimit)
        let connection = try SoloConnection(
            to: try addresses(of: route.endpoint, until: connectEnd), of: route.endpoint, manner, until: connectEnd)
        if let context { try connection.secure(route.endpoint, context, until: connectEnd) }
        return (connection, head)
    }

    private func addresses(of endpoint: Endpoint, until deadline: Moment) throws(FletchError) -> [SocketAddress] {
        switch resolver.waitForAddresses(of: endpoint, until: deadline) {
        case .success(let addresses)?: return addresses
        case .failure(let failure)?:
            let detail = "\(endpoint.hostName): \(failure.message)"
            throw FletchError(ExchangeFailure(failure.code(on: endpoint), detail: detail), .notSent)
        case nil:
            throw FletchError(
                .connectDeadlineExceeded, .notSent, "the name \(endpoint.hostName) was not resolved in time")
        }
    }
}
