import FletchTarget
import Foundation
import Testing

/// Against Node's `http`, which finishes its work whatever the client does.
@Suite(.timeLimit(.minutes(2)), .enabled(if: NodeServer.path != nil, "node is not installed"))
struct NodeTests {
    @Test(arguments: ["automatic", "close", "reset"])
    func theWorkIsDoneUnderEveryDisposal(disposal: String) async throws {
        try await NodeServer.run { node in
            let body = String(repeating: "0123456789", count: 300_000)
            let outcome = try await Shell.fletch(
                "--disposal", disposal, "--data-binary", "@-", node.url + "/work", input: body)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let line = try await node.nextLine()
            #expect(line == "POST /work \(body.utf8.count) \(RequestRecord.checksum(of: body.utf8))")
        }
    }

    @Test func receiptSaysWhatNodeAnswered() async throws {
        try await NodeServer.run { node in
            let outcome = try await Shell.fletch("-f", "--receipt", "json", node.url + "/large")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let receipt = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            #expect(receipt?["status"] as? Int == 200)
            #expect(try #require(receipt?["bytes_received"] as? Int) <= 2_304)
            #expect(try await Shell.fletch("-f", node.url + "/missing").status == 22)
            #expect(try await Shell.fletch("-f", node.url + "/drop").status == 52)
        }
    }
}
