import HTTPTypes

/// Makes of a request what every attempt to send it needs: where it goes, its head, its body, what is wanted of the answer.
struct RequestPreparer: Sendable {
    private let configuration: Configuration
    private let router: Router
    private let tls: TLSProvider

    init(_ configuration: Configuration, _ tls: TLSProvider) {
        self.configuration = configuration
        self.tls = tls
        router = Router(configuration)
    }

    /// Routes and encodes it, and opens its body's file.
    func prepare(_ request: FletchRequest, until milestone: Milestone) throws(FletchError) -> EncodedRequest {
        let route = try router.route(request)
        // A mistake in the settings is told here, and OpenSSL is loaded by the caller, not by the loop.
        if route.endpoint.origin != nil { _ = try tls.context() }
        let body = try body(of: request)
        let head = try head(of: request, body, by: route.encoder)
        return EncodedRequest(
            endpoint: route.endpoint, head: head, body: body, plan: plan(request, until: milestone, on: route.endpoint),
            url: request.url, method: request.method)
    }

    /// The head as it would be sent, for a person to read; secrets included.
    func head(of request: FletchRequest) throws(FletchError) -> [UInt8] {
        let encoder = try router.route(request).encoder
        return try head(of: request, try body(of: request), by: encoder)
    }

    private func head(
        of request: FletchRequest, _ body: EncodedBody, by encoder: RequestEncoder
    ) throws(FletchError) -> [UInt8] {
        try encoder.encode(
            request.method, fields: request.fields, bodyBytes: request.body == .none ? nil : body.byteCount)
    }

    private func body(of request: FletchRequest) throws(FletchError) -> EncodedBody {
        let body: EncodedBody
        switch request.body {
        case .none: body = .bytes([])
        case .bytes(let bytes): body = .bytes(bytes)
        case .file(let path): body = try contents(of: path)
        }
        guard body.byteCount <= configuration.maximumBodyBytes else {
            throw FletchError(
                .bodyTooLarge, .notSent,
                "the body has \(body.byteCount) bytes, the configuration allows \(configuration.maximumBodyBytes)")
        }
        return body
    }

    private func contents(of path: String) throws(FletchError) -> EncodedBody {
        let file = try OpenFile(path: path)
        guard file.isSizeDoubtful else { return .file(file) }
        return .bytes(try file.read(path: path, upTo: configuration.maximumBodyBytes))
    }

    private func plan(
        _ request: FletchRequest, until milestone: Milestone, on endpoint: Endpoint
    ) -> ExchangePlan {
        let disposal = request.disposal ?? configuration.disposal
        let fields = FieldTraits(of: request.fields)
        return ExchangePlan(
            milestone: milestone, disposal: disposal, keptBytes: request.keep.bytes,
            keptFailureBytes: request.keep.failureBytes,
            isHeadRequest: request.method == .head, asksForUpgrade: fields.contains(.upgrade),
            expectsContinue: fields.contains(.expect) && request.expectsContinue, isIdempotent: request.isIdempotent,
            isRepeatable: request.isIdempotent || fields.contains(.idempotencyKey),
            isReusable: disposal == .automatic && configuration.reusesConnections
                && !(fields.contains(.connection) && request.closesConnection),
            discardBudgetBytes: configuration.discardBudgetBytes,
            newConnectionBytes: endpoint.newConnectionBytes)
    }
}
