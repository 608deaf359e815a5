// A shop whose customers do not wait for its analytics: handlers fire events, and the last ones go out at shutdown.
import Fletch
import FletchService
import Hummingbird
import Logging

@main
enum Shop {
    static func main() async throws {
        let logger = Logger(label: "shop")
        let client = try FletchClient(Analytics.configuration(logger))
        let url = Environment().get("ANALYTICS_URL") ?? "http://127.0.0.1:5000/events"
        let port = Environment().get("PORT", as: Int.self) ?? 8080
        let app = Application(
            router: router(Analytics(client: client, url: url)),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            services: [client],  // Shut down after the server: the last handlers' events are drained, too.
            logger: logger)
        try await app.runService()
    }

    private static func router(_ analytics: Analytics) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("products/:id") { _, context in
            let product = try context.parameters.require("id")
            analytics.track("product-viewed", product: product)
            return "product \(product)\n"
        }
        router.post("orders") { request, context in
            let order = try await request.decode(as: Order.self, context: context)
            analytics.track("order-placed", product: order.product)
            return Response(status: .created)
        }
        router.get("health") { _, _ in analytics.health }
        return router
    }
}

private struct Order: Decodable {
    let product: String
}
