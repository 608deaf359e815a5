import NIOHTTP1

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

extension Turn {
    init(_ head: HTTPRequestHead, id: Int?, _ purpose: Purpose, isChunked: Bool) {
        self.init(
            id: id, purpose: purpose, isHeadRequest: head.method == .HEAD,
            persistence: Persistence(after: head, isChunked: isChunked))
        isVersion1_0 = head.version.minor == 0
        awaitsContinue = !isVersion1_0 && head.headers["expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// The turn that answers bytes which are no request.
    static func refusing(_ status: Int) -> Turn {
        Turn(id: nil, purpose: .refuse(status), isHeadRequest: false, persistence: .ends, isComplete: true)
    }
}

extension Turn.Purpose {
    init(of head: HTTPRequestHead) {
        guard head.uri.split(separator: "?", maxSplits: 1).first == "/_fletch/requests" else {
            self = .work
            return
        }
        switch head.method {
        case .GET: self = .list
        case .DELETE: self = .clear
        default: self = .refuse(405)
        }
    }
}
