/// What the runner of an ``Exchange`` is to do.
struct ExchangeActions: OptionSet, Hashable {
    let rawValue: UInt8

    /// Give the caller its receipt.
    static let reportReceipt = ExchangeActions(rawValue: 1)
    /// Tell the caller of the failure.
    static let reportFailure = ExchangeActions(rawValue: 2)
    /// Start the park limit: the caller has been told, the request is whole.
    static let park = ExchangeActions(rawValue: 4)
    /// Close the socket.
    static let close = ExchangeActions(rawValue: 8)
    /// Reset the connection.
    static let reset = ExchangeActions(rawValue: 16)
    /// Leave the connection to the next exchange.
    static let reuse = ExchangeActions(rawValue: 32)

    /// The exchange is over.
    static let ending: ExchangeActions = [.close, .reset, .reuse]
}
