import Fletch

extension Load {
    /// How much of a handshake there is.
    enum Handshake: String {
        case full, resumed, early
    }

    /// One TLS connection for each request, until it is answered.
    /// - Parameters:
    ///   - address: Of `origin.test`.
    ///   - authority: The PEM file of whom to trust.
    func secure(_ handshake: Handshake, at address: String, authority: String, path: String) async throws {
        var configuration = configuration
        configuration.reusesConnections = false
        configuration.addresses = ["origin.test:\(port)": [address]]
        configuration.tls.authorityFile = authority
        configuration.tls.resumesSessions = handshake != .full
        configuration.tls.usesEarlyData = handshake == .early
        let client = try FletchClient(configuration)
        let request = FletchRequest(.get, "https://origin.test:\(port)\(path)")
        // The first session comes before there are 64 connections to want one.
        _ = await send(1, [request], client, until: .answered)
        try await measure(client, warmUp: 200) { count in
            await send(count, [request], client, until: .answered) {
                $0.security?.isResumed == (handshake != .full)
                    && $0.security?.earlyData == (handshake == .early ? .accepted : .notUsed)
            }
        }
    }
}
