import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// The schemas of jobs have the keys that are read and written, and no others.
@Suite struct JobSchemaTests {
    private static func schema(_ name: String) -> JSONValue? {
        DocumentationTests.document?["components"]?["schemas"]?[name]
    }

    private static func names(_ object: JSONValue?) -> Set<String> {
        Set(DocumentationTests.members(object).map(\.name))
    }

    private static func properties(_ name: String) -> Set<String> { names(schema(name)?["properties"]) }

    private static func repetitionProperties(_ name: String) -> Set<String> {
        names(schema(name)?["properties"]?["repeat"]?["properties"])
    }

    /// A job with every key.
    private static func job(_ body: Payload, _ schedule: Schedule?) -> Job {
        var job = Job(key: JobKey(QueueName(tenant: "a", endpoint: endpoint), "a"), body: body, runAt: TestAPI.now)
        job.schedule = schedule
        job.group = "g"
        job.options.method = "PUT"
        job.options.headers = [JobHeader("a", "b")]
        job.options.timeout = 1
        job.options.expiresAt = TestAPI.now
        job.options.retryPolicy = JobRetryPolicy(attempts: 2)
        job.options.until = .answered
        job.options.missed = .all
        job.options.callback = "http://a/"
        job.options.failureCallback = "http://b/"
        job.options.url = "http://c/"
        return job
    }

    private static func written(_ job: Job) -> JSONValue? {
        var json = JSONWriter()
        json.job(job)
        return String(decoding: json.bytes, as: UTF8.self).json
    }

    @Test func jobWithEveryKeyHasThePropertiesOfItsSchema() throws {
        let schedule = Schedule(every: 5, cron: nil, times: 2)
        let text = Self.names(Self.written(Self.job("text", schedule)))
        let bytes = Self.names(Self.written(Self.job(.bytes([0xff]), schedule)))
        #expect(text == Self.properties("Job").subtracting(["bodyBase64"]))
        #expect(bytes == Self.properties("Job").subtracting(["body"]))
    }

    @Test func repetitionWithEveryKeyHasThePropertiesOfItsSchema() throws {
        let cron = try CronExpression("@daily", timeZone: "Etc/UTC")
        let byCron = Self.written(Self.job("", Schedule(every: nil, cron: cron, times: 2)))?["repeat"]
        let byPeriod = Self.written(Self.job("", Schedule(every: 5, cron: nil, times: 2)))?["repeat"]
        #expect(Self.names(byCron) == Self.repetitionProperties("Job").subtracting(["every"]))
        #expect(Self.names(byPeriod) == Self.repetitionProperties("Job").subtracting(["cron", "cronTimezone"]))
    }

    @Test func jobWithoutOptionsHasWhatItsSchemaRequires() {
        let job = Job(key: JobKey(QueueName(tenant: "a", endpoint: endpoint), "a"), runAt: TestAPI.now)
        let required = Self.schema("Job")?["required"]
        let names = DocumentationTests.members(Self.written(job)).map(\.name).filter { $0 != "body" }
        #expect(required == .array(names.map(JSONValue.string)))
        let alternatives = ["body", "bodyBase64"].map { "{\"required\":[\"\($0)\"]}" }.joined(separator: ",")
        #expect(Self.schema("Job")?["oneOf"] == "[\(alternatives)]".json)
    }

    /// The options that no key of a job sets or shows.
    private static let hidden: Set<String> = ["isForwarded", "isCallback"]

    /// An option that is added later has to be documented.
    @Test func everyOptionIsAPropertyOfBothSchemas() throws {
        let options = try Self.storedProperties(of: JSONDecoder().decode(JobOptionMembers.self, from: Data("{}".utf8)))
        #expect(options.isSuperset(of: Self.hidden.union(["missed", "url"])))
        let names = options.subtracting(Self.hidden).subtracting(["missed"])
        #expect(Self.properties("Job").isSuperset(of: names))
        let draft = Self.storedProperties(of: JobDraft()).subtracting([
            "overrides", "isExclusive", "schedule", "options",
        ])
        let renamed: Set<String> = ["override", "exclusive", "repeat", "bodyBase64"]
        #expect(Self.properties("NewJob") == draft.union(renamed).union(names.subtracting(["url"])))
    }

    @Test func everyKeyOfARepetitionIsAProperty() throws {
        let keys = Self.storedProperties(of: try RepeatBody(.object([]))).subtracting(["timeZone"])
        #expect(Self.repetitionProperties("NewJob") == keys.union(["cronTimezone"]))
    }

    private static func storedProperties(of value: some Any) -> Set<String> {
        Set(Mirror(reflecting: value).children.compactMap(\.label))
    }

    /// No key takes an array of two arrays.
    @Test func everyPropertyOfANewJobIsRead() {
        for name in Self.properties("NewJob") {
            let problem = Self.problem("{\"\(name)\":[[],[]]}")
            #expect(problem?.path.hasPrefix("/\(name)") == true, "\(name)")
        }
        for name in Self.repetitionProperties("NewJob") {
            let problem = Self.problem("{\"repeat\":{\"\(name)\":[[],[]]}}")
            #expect(problem?.path == "/repeat/\(name)", "\(name)")
        }
    }

    /// - Returns: What is wrong with the body of an enqueue; nil if nothing is.
    private static func problem(_ body: String) -> Violation? {
        guard let value = body.json else { return nil }
        do {
            _ = try EnqueueBody(value)
            return nil
        } catch {
            return error
        }
    }

    @Test func boundsAreThoseThatAreChecked() {
        let new = Self.schema("NewJob")?["properties"]
        #expect(new?["method"]?["maxLength"] == .number(Double(EnqueueBody.maximumMethodLength)))
        #expect(new?["headers"]?["maxProperties"] == .number(Double(JobHeaderRules.maximumCount)))
        #expect(new?["group"]?["maxLength"] == .number(Double(EnqueueBody.maximumGroupBytes)))
        #expect(new?["id"]?["maxLength"] == .number(Double(JobKey.maximumIDBytes)))
        #expect(new?["timeout"]?["minimum"] == .number(Double(PolicyBody.timeouts.lowerBound)))
        #expect(new?["timeout"]?["maximum"] == .number(Double(PolicyBody.timeouts.upperBound)))
    }

    @Test(arguments: ["NewJob", "Job"]) func choicesAreThoseThatThereAre(_ name: String) {
        let properties = Self.schema(name)?["properties"]
        let goals = DeliveryGoal.allCases.map { JSONValue.string($0.rawValue) }
        #expect(properties?["until"]?["enum"] == .array(goals))
        let missed = MissedRuns.allCases.map { JSONValue.string($0.rawValue) }
        #expect(properties?["repeat"]?["properties"]?["missed"]?["enum"] == .array(missed))
        let policy = JSONValue.array([
            .object([.init(name: "$ref", value: .string("#/components/schemas/RetryPolicy"))])
        ])
        #expect(properties?["retryPolicy"]?["allOf"] == policy)
    }
}
