import Foundation
import Hummingbird

/// Answers after its work, and notes what became of each request; see Origins/README.md.
@main
enum HummingbirdOrigin {
    static func main() async throws {
        let settings = try Settings()
        let router = Router()
        router.post("**") { request, _ in
            guard settings.givesUp else { return try await respond(to: request, request.body, settings) }
            return try await request.body.consumeWithCancellationOnInboundClose { body in
                try await respond(to: request, body, settings)
            }
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("0.0.0.0", port: settings.port)))
        try await application.runService()
    }

    private static func respond(
        to request: Request, _ body: RequestBody, _ settings: Settings
    ) async throws -> Response {
        let note = settings.notes(of: request.uri.path)
        _ = try await body.collect(upTo: 1 << 20)
        note("begun")
        do {
            try await Task.sleep(for: settings.work)
        } catch {
            note("aborted \(error)")
            throw error
        }
        note("finished")
        return Response(status: .ok, body: answer(settings, note))
    }

    private static func answer(_ settings: Settings, _ note: @escaping @Sendable (String) -> Void) -> ResponseBody {
        ResponseBody(contentLength: settings.bodyBytes) { writer in
            do {
                try await writer.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: settings.bodyBytes))
                try await writer.finish(nil)
                note("written")
            } catch {
                note("failed \(error)")
                throw error
            }
        }
    }
}
