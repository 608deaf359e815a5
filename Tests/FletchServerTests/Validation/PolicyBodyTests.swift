import FletchQueue
import Testing

@testable import FletchServer

/// What is said of policies: in Ajv's words, with the place.
@Suite struct PolicyBodyTests {
    private func problem(_ text: String) throws -> String? {
        let value = try #require(text.json)
        do throws(Violation) {
            _ = try PolicyBody.policy(value)
            return nil
        } catch {
            return "body" + error.path + " " + error.message
        }
    }

    private func written(_ text: String) throws -> String {
        let value = try #require(text.json)
        var writer = JSONWriter()
        writer.policy(try PolicyBody.policy(value))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        "{}", #"{"paused":true}"#, #"{"paused":false,"concurrency":1}"#, #"{"concurrency":1000000000}"#,
        #"{"rate":{"count":1,"per":86400000}}"#, #"{"timeout":3600000}"#, #"{"retryPolicy":{"attempts":1}}"#,
        #"{"retryPolicy":{"attempts":100,"base":1,"factor":10,"maximum":1,"jitter":"full"}}"#,
        #"{"retryPolicy":{"attempts":2,"base":5000000,"factor":1}}"#, #"{"statuses":{}}"#,
        #"{"retryPolicy":{"attempts":2,"maximum":1000}}"#, #"{"circuit":{"failures":1,"pause":86400000}}"#,
        """
        {"paused":false,"concurrency":5,"rate":{"count":10,"per":1000,"burst":20},"timeout":30000,\
        "retryPolicy":{"attempts":5,"base":500,"factor":1.5,"maximum":60000,"jitter":"none"},\
        "statuses":{"404":"end","410":"pause","429":"retry","4xx":"dead","500":"succeed"},\
        "circuit":{"failures":10,"pause":30000}}
        """,
    ])
    func policyIsWrittenAsItWasSent(_ text: String) throws {
        #expect(try written(text) == text)
    }

    @Test func membersAreWrittenInOneOrder() throws {
        let text = #"{"statuses":{"5xx":"dead","404":"end"},"timeout":1,"rate":{"per":2,"count":3},"paused":true}"#
        #expect(
            try written(text)
                == #"{"paused":true,"rate":{"count":3,"per":2},"timeout":1,"statuses":{"404":"end","5xx":"dead"}}"#)
    }

    @Test(arguments: [
        (#"{"concurrency":"5"}"#, #"{"concurrency":5}"#), (#"{"concurrency":[5]}"#, #"{"concurrency":5}"#),
        (#"{"concurrency":5.0}"#, #"{"concurrency":5}"#), (#"{"concurrency":true}"#, #"{"concurrency":1}"#),
        (#"{"timeout":"1e3"}"#, #"{"timeout":1000}"#), (#"{"paused":"true"}"#, #"{"paused":true}"#),
        (#"{"paused":0}"#, #"{"paused":false}"#), (#"{"statuses":{"404":["end"]}}"#, #"{"statuses":{"404":"end"}}"#),
        (#"{"retryPolicy":{"attempts":"3","factor":"1.5"}}"#, #"{"retryPolicy":{"attempts":3,"factor":1.5}}"#),
    ])
    func scalarsBecomeWhatIsWanted(_ text: String, _ result: String) throws {
        #expect(try written(text) == result)
    }

    @Test(arguments: [
        (#"{"paused":null,"concurrency":null,"rate":null,"timeout":null}"#, "{}"),
        (#"{"retryPolicy":null,"statuses":null,"circuit":null}"#, "{}"),
        (#"{"rate":{"count":1,"per":1,"burst":null}}"#, #"{"rate":{"count":1,"per":1}}"#),
        (
            #"{"retryPolicy":{"attempts":1,"base":null,"factor":null,"maximum":null,"jitter":null}}"#,
            #"{"retryPolicy":{"attempts":1}}"#
        ),
        (#"{"statuses":{"404":null,"4xx":"dead"}}"#, #"{"statuses":{"4xx":"dead"}}"#),
        (#"{"statuses":{"404":"end","404":null}}"#, #"{"statuses":{}}"#),
        (#"{"statuses":{"404":null,"404":"end"}}"#, #"{"statuses":{"404":"end"}}"#),
    ])
    func nullIsAsIfItWereAbsent(_ text: String, _ result: String) throws {
        #expect(try written(text) == result)
    }

    static let limits: [(String, String)] = [
        ("[]", "body must be object"), ("5", "body must be object"), ("null", "body must be object"),
        (#""*""#, "body must be object"), ("[{},{}]", "body must be object"),
        (#"{"cuncurrency":1}"#, "body must NOT have additional properties: 'cuncurrency'"),
        (#"{"x":null}"#, "body must NOT have additional properties: 'x'"),
        (#"{"concurrency":0,"x":1}"#, "body must NOT have additional properties: 'x'"),
        (#"{"":1}"#, "body must NOT have additional properties: ''"),
        (#"{"paused":"yes"}"#, "body/paused must be boolean"), (#"{"paused":2}"#, "body/paused must be boolean"),
        (#"{"paused":{}}"#, "body/paused must be boolean"),
        (#"{"concurrency":0}"#, "body/concurrency must be >= 1"),
        (#"{"concurrency":-1}"#, "body/concurrency must be >= 1"),
        (#"{"concurrency":false}"#, "body/concurrency must be >= 1"),
        (#"{"concurrency":1000000001}"#, "body/concurrency must be <= 1000000000"),
        (#"{"concurrency":1e300}"#, "body/concurrency must be <= 1000000000"),
        (#"{"concurrency":-1e300}"#, "body/concurrency must be >= 1"),
        (#"{"concurrency":1.5}"#, "body/concurrency must be integer"),
        (#"{"concurrency":0.5}"#, "body/concurrency must be integer"),
        (#"{"concurrency":"1.5"}"#, "body/concurrency must be integer"),
        (#"{"concurrency":"x"}"#, "body/concurrency must be integer"),
        (#"{"concurrency":""}"#, "body/concurrency must be integer"),
        (#"{"concurrency":"Infinity"}"#, "body/concurrency must be integer"),
        (#"{"concurrency":1e400}"#, "body/concurrency must be integer"),
        (#"{"concurrency":{}}"#, "body/concurrency must be integer"),
        (#"{"concurrency":[]}"#, "body/concurrency must be integer"),
        (#"{"concurrency":[1,2]}"#, "body/concurrency must be integer"),
        (#"{"concurrency":[null]}"#, "body/concurrency must be integer"),
        (#"{"timeout":0}"#, "body/timeout must be >= 1"), (#"{"timeout":3600001}"#, "body/timeout must be <= 3600000"),
        (#"{"timeout":"soon"}"#, "body/timeout must be integer"),
        (#"{"rate":5}"#, "body/rate must be object"), (#"{"rate":[]}"#, "body/rate must be object"),
        (#"{"rate":{}}"#, "body/rate must have required property 'count'"),
        (#"{"rate":{"count":0}}"#, "body/rate must have required property 'per'"),
        (#"{"rate":{"count":1,"per":null}}"#, "body/rate must have required property 'per'"),
        (#"{"rate":{"count":0,"per":1}}"#, "body/rate/count must be >= 1"),
        (#"{"rate":{"count":1000000001,"per":1}}"#, "body/rate/count must be <= 1000000000"),
        (#"{"rate":{"count":1,"per":0}}"#, "body/rate/per must be >= 1"),
        (#"{"rate":{"count":1,"per":86400001}}"#, "body/rate/per must be <= 86400000"),
        (#"{"rate":{"count":1,"per":1,"burst":0}}"#, "body/rate/burst must be >= 1"),
        (#"{"rate":{"count":1,"per":1,"burst":1.5}}"#, "body/rate/burst must be integer"),
        (#"{"rate":{"count":1,"per":1,"brust":1}}"#, "body/rate must NOT have additional properties: 'brust'"),
        (#"{"circuit":true}"#, "body/circuit must be object"),
        (#"{"circuit":{"pause":1}}"#, "body/circuit must have required property 'failures'"),
        (#"{"circuit":{"failures":1}}"#, "body/circuit must have required property 'pause'"),
        (#"{"circuit":{"failures":0,"pause":1}}"#, "body/circuit/failures must be >= 1"),
        (#"{"circuit":{"failures":1,"pause":86400001}}"#, "body/circuit/pause must be <= 86400000"),
        (#"{"circuit":{"failures":1,"pause":1,"x":1}}"#, "body/circuit must NOT have additional properties: 'x'"),
    ]

    @Test(arguments: limits) func firstFaultOfALimitIsTold(_ text: String, _ message: String) throws {
        #expect(try problem(text) == message)
    }

    static let retries: [(String, String)] = [
        ("5", " must be object"), ("{}", " must have required property 'attempts'"),
        (#"{"base":0}"#, " must have required property 'attempts'"),
        (#"{"attempts":null}"#, " must have required property 'attempts'"),
        (#"{"attempts":0}"#, "/attempts must be >= 1"), (#"{"attempts":101}"#, "/attempts must be <= 100"),
        (#"{"attempts":-5}"#, "/attempts must be >= 1"), (#"{"attempts":2.5}"#, "/attempts must be integer"),
        (#"{"attempts":"many"}"#, "/attempts must be integer"), (#"{"attempts":[]}"#, "/attempts must be integer"),
        (#"{"attempts":2,"base":0}"#, "/base must be >= 1"), (#"{"attempts":2,"base":0.1}"#, "/base must be integer"),
        (#"{"attempts":2,"base":1e300}"#, "/base must be <= 9223372036854775807"),
        (#"{"attempts":2,"factor":0.99}"#, "/factor must be >= 1"),
        (#"{"attempts":2,"factor":10.01}"#, "/factor must be <= 10"),
        (#"{"attempts":2,"factor":-1e300}"#, "/factor must be >= 1"),
        (#"{"attempts":2,"factor":1e400}"#, "/factor must be number"),
        (#"{"attempts":2,"factor":"NaN"}"#, "/factor must be number"),
        (#"{"attempts":2,"factor":"x"}"#, "/factor must be number"),
        (#"{"attempts":2,"base":5000,"maximum":4999}"#, "/maximum must be >= 5000"),
        (#"{"attempts":2,"maximum":999}"#, "/maximum must be >= 1000"),
        (#"{"attempts":2,"maximum":0}"#, "/maximum must be >= 1000"),
        (#"{"attempts":2,"maximum":[1000,2000]}"#, "/maximum must be integer"),
        (#"{"attempts":2,"jitter":"half"}"#, "/jitter must be equal to one of the allowed values"),
        (#"{"attempts":2,"jitter":"Full"}"#, "/jitter must be equal to one of the allowed values"),
        (#"{"attempts":2,"jitter":""}"#, "/jitter must be equal to one of the allowed values"),
        (#"{"attempts":2,"jitter":0}"#, "/jitter must be equal to one of the allowed values"),
        (#"{"attempts":2,"jitter":{}}"#, "/jitter must be string"),
        (#"{"attempts":2,"max":1}"#, " must NOT have additional properties: 'max'"),
    ]

    @Test(arguments: retries) func firstFaultOfARetryPolicyIsTold(_ text: String, _ message: String) throws {
        #expect(try problem(#"{"retryPolicy":\#(text)}"#) == "body/retryPolicy" + message)
    }

    @Test(arguments: [
        ("5", " must be object"), ("[]", " must be object"),
        (#"{"404":"ended"}"#, "/404 must be equal to one of the allowed values"),
        (#"{"404":"END"}"#, "/404 must be equal to one of the allowed values"),
        (#"{"404":404}"#, "/404 must be equal to one of the allowed values"),
        (#"{"404":{}}"#, "/404 must be string"), (#"{"4xx":[]}"#, "/4xx must be string"),
        (#"{"600":"end"}"#, "/600 must be a status (100 to 599) or a class of them (1xx to 5xx)"),
        (#"{"99":"end"}"#, "/99 must be a status (100 to 599) or a class of them (1xx to 5xx)"),
        (#"{"4XX":"end"}"#, "/4XX must be a status (100 to 599) or a class of them (1xx to 5xx)"),
        (#"{"6xx":null}"#, "/6xx must be a status (100 to 599) or a class of them (1xx to 5xx)"),
        (#"{"":"end"}"#, "/ must be a status (100 to 599) or a class of them (1xx to 5xx)"),
    ])
    func firstFaultOfTheStatusesIsTold(_ text: String, _ message: String) throws {
        #expect(try problem(#"{"statuses":\#(text)}"#) == "body/statuses" + message)
    }

    /// As many as there are keys: reading them takes no longer than it takes to read them once.
    @Test func statusesAreBoundedInNumber() throws {
        let keys = (100...599).map { "\($0)" } + (1...5).map { "\($0)xx" }
        let all = keys.map { #""\#($0)":"end""# }
        #expect(try problem(#"{"statuses":{\#(all.joined(separator: ","))}}"#) == nil)
        for more in [#""404":"end""#, #""404":null"#, #""x":1"#] {
            #expect(
                try problem(#"{"statuses":{\#((all + [more]).joined(separator: ","))}}"#)
                    == "body/statuses must NOT have more than 505 properties")
        }
        let duplicates = Array(repeating: #""404":"end""#, count: 505).joined(separator: ",")
        #expect(try written(#"{"statuses":{\#(duplicates)}}"#) == #"{"statuses":{"404":"end"}}"#)
    }

    @Test func longNameIsCutInTheMessage() throws {
        let name = String(repeating: "a", count: 10_000)
        let shown = String(repeating: "a", count: 40) + "…"
        #expect(try problem(#"{"\#(name)":1}"#) == "body must NOT have additional properties: '\(shown)'")
        for action in [#""end""#, #""gone""#] {
            let message = try problem(#"{"statuses":{"\#(name)":\#(action)}}"#)
            #expect(message?.hasPrefix("body/statuses/\(shown) must be") == true)
        }
    }
}
