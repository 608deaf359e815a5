import HTTPTypes

extension APIRequest {
    /// Whether it asks for a WebSocket of the one version that there is.
    var asksForSocket: Bool {
        Self.items(of: fields[values: .upgrade]).contains { $0.lowercased() == "websocket" }
            && fields[.secWebSocketVersion] == "13"
    }

    /// The first one that is offered: browsers break off where none of theirs is chosen.
    var subprotocol: String? { Self.items(of: fields[values: .secWebSocketProtocol]).first }

    private static func items(of values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",") }.map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
            .map { String($0.prefix { $0 != " " && $0 != "\t" }) }.filter { !$0.isEmpty }
    }
}
