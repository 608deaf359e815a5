import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

@Suite struct ForwardedFieldsTests {
    private static func headers(_ fields: HTTPFields) throws -> [String] {
        try ForwardedFields(fields).headers.map { "\($0.name): \($0.value)" }
    }

    private static func violation(_ fields: HTTPFields) -> String? {
        do {
            let forwarded = try ForwardedFields(fields)
            Issue.record("\(forwarded.headers) are taken")
            return nil
        } catch {
            return error.path + " " + error.message
        }
    }

    private static func field(_ name: String, _ value: String = "") throws -> HTTPField {
        HTTPField(name: try #require(HTTPField.Name(name)), value: value)
    }

    @Test func fieldsAreForwardedAsTheyCameAndInTheirOrder() throws {
        let headers = try Self.headers(
            HTTPFields([
                "X-B": "1", "content-type": "application/xml; q=1", "Accept": "*/*", "User-Agent": "curl/8.5",
                "Idempotency-Key": "k", "X-A": "é, \"b\"", "x-empty": "", "traceparent": "00-a-b-01",
                "Content-Encoding": "gzip", "X-Real-IP": "192.0.2.1", "secret": "s", "proxy": "p",
            ]))
        #expect(
            headers == [
                "X-B: 1", "content-type: application/xml; q=1", "Accept: */*", "User-Agent: curl/8.5",
                "Idempotency-Key: k", "X-A: é, \"b\"", "x-empty: ", "traceparent: 00-a-b-01", "Content-Encoding: gzip",
                "X-Real-IP: 192.0.2.1", "secret: s", "proxy: p",
            ])
    }

    @Test(arguments: [
        "Host", "Content-Length", "Origin", "Referer", "Sec-Fetch-Site", "sec-ch-ua", "Forwarded", "X-Forwarded-For",
        "x-forwarded-proto", "Cookie", "Authorization", "Expect", "Proxy-Authorization", "Proxy-Connection", "Proxy-X",
        "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "X-Quirrel-Meta",
        "x-quirrel-signature", "fletch-delay", "X_Quirrel_Meta", "Transfer_Encoding", "Idempotency_Key", "webhook_id",
        "Webhook_Signature",
    ])
    func whatIsNotForTheTargetIsHeldBack(_ name: String) throws {
        let headers = try Self.headers(HTTPFields([name: "a", "x-other": "b"]))
        #expect(headers == ["x-other: b"])
    }

    @Test func fieldsThatConnectionNamesAreHeldBack() throws {
        let headers = try Self.headers(
            HTTPFields([
                "X-Hop": "a", "x-end": "b", "Connection": "close, x-HOP", "connection": " ,x-third", "x-third": "c",
            ]))
        #expect(headers == ["x-end: b"])
    }

    @Test(arguments: ["Authorization", "Cookie", "origin", "Referer", "X-Forwarded-For", "Sec-Fetch-Site", "forwarded"])
    func whatIsHeldBackIsSetByAFieldOfItsOwn(_ name: String) throws {
        let headers = try Self.headers(HTTPFields(["fletch-forward-\(name)": "theirs", name: "ours"]))
        #expect(headers == ["\(name): theirs"])
    }

    @Test func fieldThatIsForwardedAnywayIsReplaced() throws {
        let headers = try Self.headers(
            HTTPFields(["User-Agent": "curl/8.5", "x-a": "1", "Fletch-Forward-user-agent": "shop"]))
        #expect(headers == ["x-a: 1", "user-agent: shop"])
    }

    @Test(arguments: [
        ("host", "must NOT be set: it is taken from the URL"),
        ("Content-Length", "must NOT be set: it is counted from the body"),
        ("connection", "must NOT be set: it belongs to a connection, not to a request"),
        ("te", "must NOT be set: it belongs to a connection, not to a request"),
        ("transfer-encoding", "must NOT be set: it belongs to a connection, not to a request"),
        ("proxy-authorization", "must NOT be set: it belongs to a connection, not to a request"),
        ("expect", "must NOT be set: the body is always sent at once"),
        ("x-quirrel-meta", "must NOT be set: fletchd sets it itself"),
        ("webhook_signature", "must NOT be set: fletchd sets it itself"),
        ("fletch-delay", "must NOT be set: fletchd sets it itself"),
        ("", "must be a field name: letters, digits and !#$%&'*+-.^_`|~"),
    ])
    func whatAJobMayNeverHaveIsRefused(_ name: String, _ problem: String) {
        let name = "fletch-forward-\(name)"
        #expect(Self.violation(HTTPFields([name: "a"])) == "/\(name.lowercased()) \(problem)")
    }

    /// Whoever relays a provider's webhook wants its receiver to verify who has sent it.
    @Test func signatureOfAnotherSenderIsForwarded() throws {
        let headers = try Self.headers(
            HTTPFields([
                "webhook-id": "msg_1", "Webhook-Timestamp": "1614265330", "webhook-signature": "v1,a v1,b",
                "fletch-forward-webhook-extra": "c",
            ]))
        #expect(
            headers == [
                "webhook-id: msg_1", "Webhook-Timestamp: 1614265330", "webhook-signature: v1,a v1,b",
                "webhook-extra: c",
            ])
    }

    @Test func repeatedFieldsAreCombined() throws {
        let headers = try Self.headers(
            HTTPFields([
                "X-A": "1", "Accept": "text/html", "x-a": "2, 3", "accept": "*/*",
            ]))
        #expect(headers == ["X-A: 1, 2, 3", "Accept: text/html, */*"])
    }

    @Test(arguments: ["x", "cookie", "Idempotency-Key"]) func fieldIsSetOnce(_ name: String) {
        let fields = HTTPFields(["fletch-forward-\(name)": "1", "x-a": "b", "Fletch-Forward-\(name.uppercased())": "2"])
        #expect(Self.violation(fields) == "/fletch-forward-\(name.lowercased()) must NOT be set twice")
    }

    /// Receivers would take `a, b` for one key.
    @Test func idempotencyKeyIsSentOnceAndIsNotEmpty() throws {
        #expect(
            Self.violation(HTTPFields(["Idempotency-Key": "a", "idempotency-key": "b"]))
                == "/idempotency-key must be sent once")
        for name in ["idempotency-key", "fletch-forward-idempotency-key"] {
            #expect(
                Self.violation(HTTPFields([name: ""]))
                    == "/\(name) must NOT be empty: leave it out, and fletchd sets one")
        }
        let headers = try Self.headers(
            HTTPFields(["Idempotency-Key": "a", "idempotency-key": "b", "fletch-forward-Idempotency-Key": "c"]))
        #expect(headers == ["Idempotency-Key: c"], "what is replaced does not matter")
    }

    @Test func valueThatIsNotUTF8IsRefusedWhereItWouldBeForwarded() throws {
        #expect(Self.violation(HTTPFields(["X-Name": "M\u{FFFD}ller"])) == "/x-name must be UTF-8")
        let name = "fletch-forward-cookie"
        #expect(Self.violation(HTTPFields([name: "\u{FFFD}"])) == "/\(name) must be UTF-8")
        let headers = try Self.headers(HTTPFields(["Cookie": "\u{FFFD}", "Referer": "\u{FFFD}"]))
        #expect(headers == [])
    }

    @Test func thereAreAtMostSixtyFourFields() throws {
        var fields = HTTPFields(["Cookie": "a", "host": "b"])
        for index in 0..<64 { fields.append(try Self.field("x-\(index)")) }
        #expect(try Self.headers(fields).count == 64)
        fields.append(try Self.field("x-0", "again"))
        #expect(try Self.headers(fields).count == 64)
        fields.append(try Self.field("x-64"))
        #expect(Self.violation(fields) == " must NOT have more than 64 fields to forward")
    }

    @Test func theyHaveAtMostSixteenKibibytes() throws {
        let long = String(repeating: "a", count: 16_384 - 6)
        #expect(try Self.headers(HTTPFields(["x-long": long, "Cookie": long])).count == 1)
        #expect(Self.violation(HTTPFields(["x-long": long + "a"])) == " must NOT have more than 16384 bytes to forward")
    }
}
