// Says what is known when a request fails, and sends again only what certainly never left.
import Fletch

@main
enum Careful {
    static func main() async throws {
        let url = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:5000/orders"
        var configuration = Configuration()
        configuration.connectDeadline = .seconds(2)
        configuration.parkLimit = .seconds(10)

        try await withFletchClient(configuration) { client in
            var request = FletchRequest(.post, url, fields: [.contentType: "application/json"], body: .utf8("{}"))
            request.keep = .failures(upTo: 4_096)
            for _ in 1...3 {
                do throws(FletchError) {
                    let receipt = try await client.send(request, until: .answered)
                    return print("status", receipt.status?.code ?? 0, String(decoding: receipt.body, as: UTF8.self))
                } catch {
                    print(error)
                    guard error.certainty == .notSent else { return }
                }
            }
        }
    }
}
