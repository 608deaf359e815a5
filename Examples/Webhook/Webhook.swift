// Sends a webhook, and does not wait for what the receiver makes of it.
import Fletch

@main
enum Webhook {
    static func main() async throws {
        let url = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:5000/hooks/build"
        try await withFletchClient { client in
            let request = FletchRequest(.post, url, body: .utf8("done"))
            let receipt = try await client.send(request, until: .acknowledged)  // about one round trip
            print(receipt.milestone, receipt.bytesSent)
        }  // drains: until the origin has answered, or for a minute
    }
}
