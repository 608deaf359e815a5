/// One request of a connection, from its head to the end of its response. Turns are taken in order.
struct Turn {
    /// What the request is for.
    enum Purpose {
        /// To be recorded and answered as configured.
        case work
        /// `GET /_fletch/requests`
        case list
        /// `DELETE /_fletch/requests`
        case clear
        /// What cannot be answered otherwise: a status.
        case refuse(Int)
    }

    /// The record's id; nil for what is not recorded.
    let id: Int?
    let purpose: Purpose
    let isHeadRequest: Bool
    let persistence: Persistence
    /// Such a client knows no chunks.
    var isVersion1_0 = false
    /// Whether its client waits to be told to go on with the body.
    var awaitsContinue = false
    /// Whether the whole request has arrived.
    var isComplete = false
    /// Whether its work, or its answer, has begun.
    var isStarted = false
    /// Whether its response is written, or never will be.
    var isAnswered = false
}
