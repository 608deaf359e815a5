import DequeModule

/// The requests of a connection that are not answered yet, in order, and whether it persists: pure, without a channel.
///
/// Whoever closes says so, with the last answer. That is the one to a request that does not persist, to one that is refused or
/// answered before its body has come, and to whichever is the last when the server shuts down.
struct Turns {
    private struct Turn {
        let isVersion1_0: Bool
        var awaitsContinue = false
        /// Whether the whole request has come.
        var isWhole = false
        var isBeingAnswered = false
        /// Whether it is answered here, and not by the API.
        var fault: ConnectionFault?
    }

    /// What becomes of a request whose head has come.
    enum Arrival: Equatable {
        /// It is handed on.
        /// - Parameter goesOn: Whether its client is told so now.
        case taken(goesOn: Bool)
        /// It comes behind the last one that is answered.
        case dropped
        /// It is refused: now, or when those before it have been answered.
        case refused(isNext: Bool)
    }

    /// What comes after an answer.
    enum Next: Equatable {
        case wait
        /// The client of the next request is told to go on.
        case goOn
        case refuse(ConnectionFault)
        case close
    }

    /// How an answer begins.
    struct Manner: Equatable {
        let isVersion1_0: Bool
        /// What the `Connection` field says; nil for none.
        let connection: String?
    }

    private var open: Deque<Turn> = []
    /// Whether no further request is taken.
    private(set) var isClosing = false

    var isEmpty: Bool { open.isEmpty }
    /// Whether a request has come in part.
    var isReceiving: Bool { open.last.map { !$0.isWhole } ?? false }

    mutating func begin(_ reception: Reception) -> Arrival {
        guard !isClosing else { return .dropped }
        var turn = Turn(isVersion1_0: reception.isVersion1_0, awaitsContinue: reception.awaitsContinue)
        turn.fault = reception.fault
        isClosing = !reception.persists || reception.fault != nil
        let isNext = open.isEmpty
        if isNext { turn.awaitsContinue = false }
        open.append(turn)
        return reception.fault == nil
            ? .taken(goesOn: isNext && reception.awaitsContinue) : .refused(isNext: isNext)
    }

    /// The whole of the last request has come.
    mutating func end() {
        guard !open.isEmpty else { return }
        open[open.count - 1].isWhole = true
    }

    /// What comes is no request, or no end of one.
    mutating func refuse(_ fault: ConnectionFault) -> Arrival {
        if isReceiving {
            guard let last = open.last, !last.isBeingAnswered, last.fault == nil else { return .dropped }
            open[open.count - 1].fault = fault
            isClosing = true
            return .refused(isNext: open.count == 1)
        }
        guard !isClosing else { return .dropped }
        isClosing = true
        open.append(Turn(isVersion1_0: false, fault: fault))
        return .refused(isNext: open.count == 1)
    }

    /// No request is taken from now on; those that have begun are answered.
    mutating func drain() { isClosing = true }

    /// The first request is about to be answered.
    /// - Parameter hasLength: Whether the answer's end is told by its head. HTTP/1.0 knows no chunks: else its connection ends.
    /// - Returns: nil where it has been answered here already.
    mutating func answer(hasLength: Bool = true) -> Manner? {
        guard let turn = open.first else { return nil }
        open[0].isBeingAnswered = true
        // What is left of its body would be taken for the next request.
        if !turn.isWhole || turn.isVersion1_0 && !hasLength { isClosing = true }
        let isLast = isClosing && open.count == 1
        return Manner(
            isVersion1_0: turn.isVersion1_0, connection: isLast ? "close" : turn.isVersion1_0 ? "keep-alive" : nil)
    }

    /// The first request has been answered.
    mutating func answered() -> Next {
        _ = open.popFirst()
        guard let next = open.first else { return isClosing ? .close : .wait }
        if let fault = next.fault { return .refuse(fault) }
        guard next.awaitsContinue else { return .wait }
        open[0].awaitsContinue = false
        return .goOn
    }

    /// Whether the first request is answered here: what the API says of it is not sent.
    var isRefusing: Bool { firstFault != nil }

    /// Whether nothing but the rest of a request is waited for: those before it have been answered.
    var isReceivingNext: Bool { open.count == 1 && isReceiving }

    /// Whether the first request is the last.
    var isNextLast: Bool { open.count == 1 && isClosing }

    /// Of the request that is the next to be answered.
    var firstFault: ConnectionFault? { open.first?.fault }
}
