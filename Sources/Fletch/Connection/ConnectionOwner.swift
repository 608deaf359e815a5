/// What a ``Connection`` asks of the pool that it belongs to: the connections of one origin, and the requests that wait.
protocol ConnectionOwner: AnyObject {
    var endpoint: Endpoint { get }
    /// What its connections are secured with; nil for plain HTTP.
    var context: TLSContext? { get }
    /// Whether it has a connection beside one that is being made.
    var hasOthers: Bool { get }

    /// Gives a connection that can take them further requests; it sends them afterwards.
    func refill(_ connection: Connection)
    /// Whether a connection without a request is kept for the next.
    func keepsIdle(_ connection: Connection) -> Bool
    /// Counts a connection as what it is now.
    func change(_ connection: Connection, to standing: Connection.Standing)
    /// Takes out a connection that has ended.
    func remove(_ connection: Connection)

    /// A connection has been made.
    func noteConnected()
    /// No address could be connected to.
    func noteNotConnected()
    /// Its requests wait until a connection ends, or for a while: there is nothing left to connect with.
    func starve()
}
