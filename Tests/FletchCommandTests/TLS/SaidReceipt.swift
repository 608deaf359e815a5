import Foundation

/// A receipt as `--receipt json` says it.
struct SaidReceipt: Decodable {
    let milestone: String
    let status: Int?
    let certainty: String?
    let code: String?
    let error: String?
    let bytes_sent: Int
    let bytes_received: Int
    let reused: Bool
    let remote: String?
    let ms: [String: Double]
}

extension Shell.Outcome {
    /// One of each line that is one.
    var receipts: [SaidReceipt] {
        output.split(separator: "\n").compactMap { try? JSONDecoder().decode(SaidReceipt.self, from: Data($0.utf8)) }
    }
}

extension Shell {
    /// Runs `fletch` as one who trusts the tests' authority, and ends it where it hangs (status 124).
    static func trustingFletch(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        let root = try await CertificateAuthority.shared.value.root
        let command = ["/usr/bin/timeout", "100", fletch, "-4", "--cacert", root] + arguments
        return try await run(command, input: input, environment: environment)
    }
}
