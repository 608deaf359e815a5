internal import FletchQueue

/// The body of update-cron, once its types are right.
struct UpdateCronBody {
    private struct Cron {
        let route: String
        let schedule: String
        let timeZone: String?
    }

    private let baseURL: String
    private let isDryRun: Bool
    private let crons: [Cron]

    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        guard object["baseUrl"] != nil, object["crons"] != nil else {
            throw Violation("must have required property '\(object["baseUrl"] == nil ? "baseUrl" : "crons")'")
        }
        let base = try object.required("baseUrl") { value throws(Violation) in try value.asCallableURL() }
        baseURL = base
        isDryRun = try object.member("dryRun") { value throws(Violation) in try value.asBool() } ?? false
        crons = try object.required("crons") { value throws(Violation) in
            try value.items { item throws(Violation) in try Self.cron(item, below: base) }
        }
    }

    /// - Throws: What is no schedule. All expressions are looked at before any zone is.
    func plan() throws(APIResponse) -> CronPlan {
        var hasUnknownZone = false
        var routes: [(route: String, cron: CronExpression)] = []
        for cron in crons {
            do {
                let zone = cron.timeZone ?? CronExpression.defaultTimeZone
                routes.append((cron.route, try CronExpression(cron.schedule, timeZone: zone)))
            } catch {
                guard error.code == .unknownTimeZone else { throw .text(.badRequest, "invalid cron expression") }
                hasUnknownZone = true
            }
        }
        if hasUnknownZone { throw .text(.badRequest, "invalid timezone") }
        return CronPlan(baseURL: baseURL, routes: routes, isDryRun: isDryRun)
    }

    private static func cron(_ value: JSONValue, below base: String) throws(Violation) -> Cron {
        let object = try value.asObject()
        return Cron(
            route: try object.required("route") { value throws(Violation) in try route(value, below: base) },
            schedule: try object.required("schedule") { value throws(Violation) in try value.asString() },
            timeZone: try object.member("timezone") { value throws(Violation) in try value.asString() })
    }

    /// What is made of it has to be a queue's name: no other request could reach it else.
    private static func route(_ value: JSONValue, below base: String) throws(Violation) -> String {
        let route = try value.asString()
        let endpoint = base + "/" + route
        guard endpoint.utf8.count <= URIFormat.maximumBytes else {
            throw Violation("must NOT have more than \(URIFormat.maximumBytes) bytes together with baseUrl")
        }
        guard URIFormat.isAbsolute(endpoint) else { throw Violation("must match format \"uri-reference\"") }
        if let problem = URIFormat.problem(calling: endpoint) { throw Violation(problem) }
        return route
    }
}
