import Foundation

/// A delivery of a job, as its endpoint has received it.
struct SeenDelivery: Sendable {
    /// The job's id.
    let id: String
    let key: String
    let attempt: Int
    let path: String
    let body: String
    let arrivedAt: ContinuousClock.Instant

    init(_ request: OriginRequest) {
        struct Meta: Decodable { let id: String }
        let meta = request.value(of: "x-quirrel-meta") ?? ""
        id = (try? JSONDecoder().decode(Meta.self, from: Data(meta.utf8)).id) ?? ""
        key = request.value(of: "idempotency-key") ?? ""
        attempt = request.attempt
        path = request.path
        body = request.body
        arrivedAt = request.arrivedAt
    }
}

/// A delivery of a callback.
struct SeenCallback: Sendable {
    let report: Report
    let key: String
    let path: String

    struct Report: Sendable, Decodable {
        let id: String
        let outcome: String
        let status: Int?
        let attempts: Int
    }

    /// Returns nil if the delivery is not one of a callback.
    init?(_ delivery: SeenDelivery) {
        guard [OptionTarget.callbackPath, OptionTarget.failureCallbackPath].contains(delivery.path) else { return nil }
        let report = try? JSONDecoder().decode(Report.self, from: Data(delivery.body.utf8))
        self.report = report ?? Report(id: delivery.body, outcome: "", status: nil, attempts: 0)
        key = delivery.key
        path = delivery.path
    }
}
