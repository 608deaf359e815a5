/// What an event loop puts into its mailbox in exchange: what has come of the requests since the last time, and what it has
/// by now.
struct Progress {
    let statistics: Statistics
    let released: Outbox.Size
    let connectionCount: Int
    let parkedConnectionCount: Int
}
