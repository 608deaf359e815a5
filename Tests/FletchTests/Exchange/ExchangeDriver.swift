@testable import Fletch

/// Feeds an exchange and remembers what it asked for.
struct ExchangeDriver {
    var exchange: Exchange
    var actions: [ExchangeActions] = []
    var hasSeenFIN = false

    init(
        until milestone: Milestone = .acknowledged, disposal: Disposal = .automatic,
        keep: FletchRequest.Keep = .nothing, isHeadRequest: Bool = false,
        asksForUpgrade: Bool = false, budget: Int = 65_536, isReusable: Bool = false
    ) {
        exchange = Exchange(
            ExchangePlan(
                milestone: milestone, disposal: disposal, keptBytes: keep.bytes,
                keptFailureBytes: keep.failureBytes, isHeadRequest: isHeadRequest,
                asksForUpgrade: asksForUpgrade, isReusable: isReusable, discardBudgetBytes: budget))
    }

    @discardableResult
    mutating func feed(_ event: ExchangeEvent) -> ExchangeActions {
        if case .peerFinished = event { hasSeenFIN = true }
        actions.append(exchange.handle(event))
        return actions[actions.count - 1]
    }

    @discardableResult
    mutating func receive(_ text: String) -> ExchangeActions {
        Array(text.utf8).withUnsafeBytes { bytes in feed(.received(bytes)) }
    }

    /// Connects and sends everything.
    @discardableResult
    mutating func write() -> ExchangeActions {
        feed(.connected).union(feed(.wrote(100, isWhole: true)))
    }

    /// All that was asked for so far.
    var all: ExchangeActions { actions.reduce([]) { $0.union($1) } }
}

extension String {
    static let plainHead = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    static let chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    static let untilCloseHead = "HTTP/1.1 200 OK\r\n\r\n"
    static let earlyHints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
}
