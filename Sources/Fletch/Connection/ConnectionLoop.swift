/// What a ``Connection`` asks of the loop that runs it.
protocol ConnectionLoop: AnyObject {
    /// Takes a connection in.
    /// - Returns: Its number, until it is removed.
    func insert(_ connection: Connection) -> Int
    /// Takes out a connection that has ended.
    func remove(_ connection: Connection)

    /// Has ``Connection/wake(_:)`` called when the kernel has something to say of the socket.
    /// - Returns: Whether it will be.
    func watch(_ socket: Socket, _ slot: Int) -> Bool
    /// Sets, moves or (nil) drops when ``Connection/deadlinePassed(_:)`` is called.
    func setDeadline(_ slot: Int, _ deadline: Moment?)

    /// The addresses to connect to, where they are known; else ``Connection/resolved(_:)`` is called later.
    func addresses(of endpoint: Endpoint, for slot: Int) -> Result<[SocketAddress], ResolutionFailure>?
    /// Whether any name is being looked up, which takes descriptors.
    var isLookingUp: Bool { get }
    /// Whether any connection holds a descriptor.
    var holdsSockets: Bool { get }
    /// Ends the connection that has been idle longest.
    /// - Returns: Whether there was one.
    func endOldestIdle() -> Bool
    /// A descriptor has been given back: the request that has waited longest for one takes it.
    func relieveFirst()

    /// Takes a request back that has not been sent after all, or may be sent again.
    /// - Parameter isWaiting: Whether it has had no connection yet.
    func sendAgain(_ submission: Submission, isWaiting: Bool)
    /// - Returns: Whether the request will be tried again.
    func retry(_ submission: Submission, after code: FletchError.Code, _ certainty: Certainty) -> Bool
    /// A fired request has reached its milestone.
    func release(_ submission: Submission)
    /// A fired request has failed for good.
    func end(_ submission: Submission, _ error: FletchError)
    /// A caller is to hear this.
    func complete(_ call: Call, _ result: Result<Receipt, FletchError>)
    /// An observer is to hear this.
    func tell(_ observer: any Observer, _ outcome: Outcome)
}

extension ConnectionLoop {
    func sendAgain(_ submission: Submission) { sendAgain(submission, isWaiting: false) }
}
