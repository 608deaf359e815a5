import NIOCore
import NIOHTTP1

/// The records of one connection's requests, with the moments at which their heads arrived.
struct ConnectionRecords {
    private let log: RequestLog
    private var arrivals: [Int: NIODeadline] = [:]

    init(_ log: RequestLog) { self.log = log }

    /// In the order in which the requests arrived.
    var ids: [Int] { arrivals.keys.sorted() }

    /// Notes a request whose head is there.
    /// - Returns: The record's id.
    mutating func open(_ head: HTTPRequestHead) -> Int {
        let fields = head.headers.map { RequestRecord.Field(name: $0.name, value: $0.value) }
        let id = log.open { id in
            RequestRecord(
                id: id, method: head.method.rawValue, path: head.uri, fields: fields, arrivedAt: WallClock.now)
        }
        arrivals[id] = .now()
        return id
    }

    /// Changes a record, with the moment in milliseconds after its head.
    private func note(_ id: Int?, _ change: (inout RequestRecord, Double) -> Void) {
        guard let id, let arrival = arrivals[id] else { return }
        let moment = Double((NIODeadline.now() - arrival).nanoseconds) / 1_000_000
        log.update(id) { change(&$0, moment) }
    }

    func noteComplete(_ id: Int?) {
        note(id) { record, moment in
            record.isComplete = true
            record.moments.complete = moment
        }
    }

    func noteAnswered(_ id: Int?) { note(id) { record, moment in record.moments.answered = moment } }

    func noteWork(_ work: RequestRecord.Work, _ id: Int?) {
        note(id) { record, moment in
            record.work = work
            record.moments.worked = moment
        }
    }

    /// The client has left; all requests of the connection say so.
    func noteLeft(_ how: RequestRecord.Departure) {
        for id in ids {
            note(id) { record, moment in
                record.departure = how
                record.moments.left = how == .stillThere ? nil : moment
            }
        }
    }
}
