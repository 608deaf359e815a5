import Fletch
import FletchQueue
import HTTPTypes
import Logging
import Testing

@testable import FletchServer

@Suite struct JobRequestTests {
    private func call(_ endpoint: String) -> JobRequest { Self.request(endpoint) { _ in } }

    private static func request(
        _ endpoint: String = "https://a.test/x", isInDocker: Bool = false, signature: [HTTPField] = [],
        _ change: (inout Job) -> Void
    ) -> JobRequest {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: endpoint), "a"), body: "hi", runAt: nil)
        change(&job)
        let now = Timestamp(milliseconds: 0)
        let leased = LeasedJob(lease: 1, job: job, scheduledAt: now, attempt: 2)
        return JobRequest(of: leased, at: now, isInDocker: isInDocker, signature: signature)
    }

    private func outcome(_ endpoint: String, _ status: Int, _ location: String) -> String {
        switch call(endpoint).redirected(by: status, to: location) {
        case .none: "none"
        case .to(let next): next.request(until: .now).url
        case .refused: "refused"
        }
    }

    /// As the bytes go out.
    private func head(_ request: JobRequest) throws -> String {
        var configuration = Deliverer.configuration(totalConcurrency: 1, logger: Logger(label: "test"))
        configuration.proxy = .none
        let client = try FletchClient(configuration)
        return String(decoding: try client.head(of: request.request(until: .now)), as: UTF8.self)
    }

    @Test func jobWithoutOptionsIsDeliveredAsQuirrelDoes() throws {
        #expect(
            try head(Self.request { _ in }) == """
                POST /x HTTP/1.1\r
                Host: a.test\r
                User-Agent: fletchd/\(fletchVersion)\r
                Accept: */*\r
                Content-Type: text/plain\r
                x-quirrel-meta: {"id":"a","count":1,"exclusive":false,"retry":[]}\r
                Idempotency-Key: a\r
                fletch-attempt: 2\r
                Content-Length: 2\r
                \r

                """)
    }

    @Test func fieldsOfTheJobTakeThePlaceOfOurs() throws {
        let request = Self.request { job in
            job.body = .bytes([0xFF])
            job.options.method = "M-SEARCH"
            job.options.headers = [
                JobHeader("content-TYPE", "a/b"), JobHeader("User-agent", "me"), JobHeader("ACCEPT", "text/*"),
                JobHeader("idempotency-key", "mine"), JobHeader("Cookie", "a=b; c=d"), JobHeader("X-A", "é\tb"),
            ]
        }
        #expect(
            try head(request) == """
                M-SEARCH /x HTTP/1.1\r
                Host: a.test\r
                x-quirrel-meta: {"id":"a","count":1,"exclusive":false,"retry":[]}\r
                fletch-attempt: 2\r
                content-TYPE: a/b\r
                User-agent: me\r
                ACCEPT: text/*\r
                idempotency-key: mine\r
                Cookie: a=b; c=d\r
                X-A: é\tb\r
                Content-Length: 1\r
                \r

                """)
        #expect(request.request(until: .now).body == .bytes([0xFF]))
    }

    @Test(arguments: [
        ("GET", "", true), ("HEAD", "", true), ("GET", "a", false), ("HEAD", "a", false), ("POST", "", false),
        ("DELETE", "", false), ("OPTIONS", "", false), ("get", "", false),
    ])
    func emptyBodyOfGetAndHeadIsNone(_ method: String, _ body: String, _ isNone: Bool) throws {
        let request = Self.request { job in
            job.options.method = method
            job.body = .text(body)
        }
        #expect(request.request(until: .now).body == (isNone ? .none : .bytes(Array(body.utf8))))
        let head = try head(request)
        #expect(head.hasPrefix("\(method) /x HTTP/1.1\r\n"))
        #expect(head.contains("Content-Type: text/plain") != isNone)
        #expect(head.contains("Content-Length: \(body.utf8.count)") != isNone)
    }

    @Test func forwardedJobHasNoContentTypeOfOurs() {
        let request = Self.request { $0.options.isForwarded = true }.request(until: .now)
        #expect(request.value(of: "content-type") == nil)
        #expect(request.body == .bytes(Array("hi".utf8)))
        let typed = Self.request { job in
            job.options.isForwarded = true
            job.options.headers = [JobHeader("content-type", "a/b")]
        }
        #expect(typed.request(until: .now).value(of: "content-type") == "a/b")
    }

    @Test func urlOfTheJobTakesThePlaceOfTheEndpoint() {
        func url(isInDocker: Bool, _ target: String) -> String {
            Self.request(isInDocker: isInDocker) { $0.options.url = target }.request(until: .now).url
        }
        #expect(url(isInDocker: false, "http://localhost:81/y?z") == "http://localhost:81/y?z")
        #expect(url(isInDocker: true, "http://localhost:81/y?z") == "http://host.docker.internal:81/y?z")
        #expect(url(isInDocker: true, "http://b.test/y") == "http://b.test/y")
    }

    @Test(arguments: [
        (nil, FletchRequest.Keep.failures(upTo: Deliverer.maximumFailureBytes)),
        (DeliveryGoal.succeeded, .failures(upTo: Deliverer.maximumFailureBytes)), (.answered, .nothing),
        (.acknowledged, .nothing),
    ])
    func onlyWhatMayFailIsKept(_ goal: DeliveryGoal?, _ keep: FletchRequest.Keep) {
        #expect(Self.request { $0.options.until = goal }.request(until: .now).keep == keep)
    }

    /// Body, meta and key would be there for all to read.
    @Test(arguments: [301, 302, 303, 307, 308])
    func fromSecureToPlainIsRefused(_ status: Int) {
        #expect(outcome("https://a.test/x", status, "http://a.test/x") == "refused")
        #expect(outcome("HTTPS://a.test/x", status, "HTTP://a.test/x") == "refused")
        #expect(outcome("https://a.test/x", status, "ftp://a.test/x") == "refused")
    }

    @Test func elsewhereIsFollowed() {
        #expect(outcome("https://a.test/x", 307, "https://b.test/y") == "https://b.test/y")
        #expect(outcome("https://a.test/x", 307, "/y") == "https://a.test/y")
        #expect(outcome("https://a.test/x", 307, "//b.test/y") == "https://b.test/y")
        #expect(outcome("http://a.test/x", 307, "https://a.test/x") == "https://a.test/x")
        #expect(outcome("http://a.test/x", 307, "http://b.test/") == "http://b.test/")
    }

    /// A second step is as little allowed to lead downwards as the first.
    @Test func chainThatWasSecureStaysSo() {
        guard case .to(let next) = call("http://a.test/").redirected(by: 307, to: "https://b.test/") else {
            return #expect(Bool(false), "it is followed upwards")
        }
        guard case .refused = next.redirected(by: 307, to: "http://c.test/") else {
            return #expect(Bool(false), "it is not followed downwards")
        }
    }

    /// Only a POST becomes a GET by 301 and 302; 303 says what to get instead.
    @Test(arguments: [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
        (301, "PUT", "PUT"), (302, "PUT", "PUT"), (303, "PUT", "GET"), (307, "PUT", "PUT"), (308, "PUT", "PUT"),
        (301, "DELETE", "DELETE"), (303, "DELETE", "GET"), (302, "GET", "GET"), (303, "GET", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "HEAD", "HEAD"), (302, "post", "post"), (303, "get", "GET"), (301, "M-SEARCH", "M-SEARCH"),
    ])
    func methodThatARedirectLeaves(_ status: Int, _ method: String, _ next: String) throws {
        let request = try redirected(status) { job in
            job.options.method = method
            job.options.headers = [
                JobHeader("Content-Type", "a/b"), JobHeader("content-encoding", "gzip"), JobHeader("Contents", "c"),
            ]
        }
        #expect(request.method.rawValue == next)
        let keepsBody = method == next
        #expect(request.body == (keepsBody ? .bytes(Array("hi".utf8)) : .none))
        #expect(request.value(of: "content-type") == (keepsBody ? "a/b" : nil))
        #expect(request.value(of: "content-encoding") == (keepsBody ? "gzip" : nil))
        #expect(request.value(of: "contents") == "c")
        #expect(request.value(of: "idempotency-key") == "a")
    }

    /// Nobody knows which names APIs give to their keys.
    @Test(arguments: ["https://b.test/", "https://a.test:444/", "https://sub.a.test/", "//b.test/"])
    func onlyKnownFieldsGoToAnotherOrigin(_ location: String) throws {
        let request = try redirected(307, to: location, signature: signature) {
            $0.options.headers = Self.secretHeaders + Self.harmlessHeaders
        }
        #expect(
            Set(request.fields.map(\.name.canonicalName))
                == Set(Self.harmlessHeaders.map { $0.name.lowercased() } + ["x-quirrel-meta", "fletch-attempt"]))
        #expect(request.value(of: "idempotency-key") == "mine")
        #expect(request.value(of: "content-type") == "a/b")
        #expect(request.body == .bytes(Array("hi".utf8)))
    }

    /// At the same port there may be another server for each.
    @Test func secretsOfHTTPDoNotGoToHTTPS() throws {
        let request = try redirected(307, to: "https://a.test:8080/", signature: signature) {
            $0.options.url = "http://a.test:8080/x"
            $0.options.headers = Self.secretHeaders
        }
        #expect(request.value(of: "x-api-key") == nil && request.value(of: "webhook-id") == nil)
        #expect(request.value(of: "idempotency-key") == "a")
    }

    @Test func fieldsOfAJobWithoutHeadersGoToAnotherOrigin() throws {
        let request = try redirected(307, to: "https://b.test/") { _ in }
        #expect(
            request.fields.map(\.name.canonicalName)
                == ["accept", "content-type", "x-quirrel-meta", "idempotency-key", "fletch-attempt"])
    }

    /// What is left behind does not come back with the next redirect.
    @Test func fieldsDoNotComeBackToTheirOrigin() throws {
        let first = Self.request(signature: signature) { $0.options.headers = Self.secretHeaders }
        guard case .to(let second) = first.redirected(by: 307, to: "https://b.test/"),
            case .to(let third) = second.redirected(by: 307, to: "https://a.test/x")
        else { throw NotFollowed() }
        #expect(third.request(until: .now).value(of: "x-api-key") == nil)
    }

    @Test(arguments: ["/y", "https://a.test/y", "https://A.test:443/y"])
    func allFieldsStayWithinTheirOrigin(_ location: String) throws {
        let request = try redirected(307, to: location, signature: signature) {
            $0.options.headers = Self.secretHeaders + Self.harmlessHeaders
        }
        let names = (Self.secretHeaders + Self.harmlessHeaders).map(\.name) + signature.map(\.name.rawName)
        for name in names { #expect(request.value(of: name.lowercased()) != nil, "\(name)") }
    }

    /// Two values would be one signature too many for every receiver.
    @Test func ownSignatureReplacesTheOneThatIsForwarded() throws {
        let headers = [
            JobHeader("Webhook-ID", "msg_1"), JobHeader("webhook-signature", "v1,theirs"), JobHeader("webhook-x", "y"),
        ]
        let signed = Self.request(signature: signature) { $0.options.headers = headers }.request(until: .now)
        #expect(signed.value(of: "webhook-id") == "a")
        #expect(signed.value(of: "webhook-signature") == "a")
        #expect(signed.value(of: "webhook-x") == "y")
        let unsigned = Self.request { $0.options.headers = headers }.request(until: .now)
        #expect(unsigned.value(of: "webhook-id") == "msg_1")
        #expect(unsigned.value(of: "webhook-signature") == "v1,theirs")
    }

    private static let secretHeaders = [
        JobHeader("Authorization", "Bearer a"), JobHeader("COOKIE", "a=b; c=d"), JobHeader("x-a", "b"),
        JobHeader("X-Api-Key", "c"), JobHeader("x-auth-token", "d"), JobHeader("Proxy-X", "e"), JobHeader("If", "f"),
        JobHeader("accepted", "g"), JobHeader("contents", "h"), JobHeader("baggage", "i"),
    ]

    private static let harmlessHeaders = [
        JobHeader("Content-Type", "a/b"), JobHeader("content-encoding", "gzip"), JobHeader("Accept", "a/*"),
        JobHeader("accept-language", "de"), JobHeader("User-Agent", "me"), JobHeader("Idempotency-Key", "mine"),
        JobHeader("traceparent", "a"), JobHeader("tracestate", "b"), JobHeader("If-Match", "\"c\""),
        JobHeader("Range", "bytes=0-1"), JobHeader("prefer", "d"), JobHeader("cache-control", "no-store"),
    ]

    private var signature: [HTTPField] {
        [HTTPField.Name.quirrelSignature, .webhookID, .webhookTimestamp, .webhookSignature].map {
            HTTPField(name: $0, value: "a")
        }
    }

    private func redirected(
        _ status: Int, to location: String = "/y", signature: [HTTPField] = [], _ change: (inout Job) -> Void
    ) throws -> FletchRequest {
        let first = Self.request(signature: signature, change)
        guard case .to(let next) = first.redirected(by: status, to: location) else { throw NotFollowed() }
        return next.request(until: .now)
    }

    private struct NotFollowed: Error {}

    @Test func otherAnswersAreFinal() {
        for status in [200, 201, 300, 304, 305, 306, 309, 400] { #expect(!JobRequest.isRedirect(status)) }
        for status in [301, 302, 303, 307, 308] { #expect(JobRequest.isRedirect(status)) }
    }
}

extension FletchRequest {
    /// Of the only field of that name.
    fileprivate func value(of name: String) -> String? {
        let values = fields.filter { $0.name.canonicalName == name }.map(\.value)
        return values.count == 1 ? values.first : nil
    }
}
