import Foundation
import Testing

/// What `fletch probe --json` has said.
struct ProbeOutput: Decodable {
    struct Finding: Decodable {
        let result: String
        let detail: String
    }

    struct Answer: Decodable {
        let method: String
        let status: Int?
        let ms: Double?
        let length: Int?
        let read: Int?
        let whole: Bool?
        let code: String?
    }

    struct Recommended: Decodable {
        let disposal: String
        let close: Finding
        let reset: Finding
        let reuse: Finding
        let pipelining: Finding
        let early_data: Finding
    }

    let url: String
    let tls: String?
    let answers: [Answer]
    let keep_alive: Finding
    let pipelining: Finding
    let half_close: Finding
    let resumption: Finding
    let early_data: Finding
    let fast_open: Finding
    let requests_sent: Int
    let sent: [String: Int]
    let recommended: Recommended

    /// Probes, and expects success.
    static func probe(_ arguments: String...) async throws -> ProbeOutput {
        let outcome = try await Shell.run([Shell.fletch, "probe", "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(ProbeOutput.self, from: Data(outcome.output.utf8))
    }
}
