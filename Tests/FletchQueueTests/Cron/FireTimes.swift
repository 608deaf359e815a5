import Foundation
import Testing

@testable import FletchQueue

extension Timestamp {
    /// A moment as ISO 8601 writes it, with its offset.
    init(_ text: String) throws {
        let date = try Date(text, strategy: .iso8601)
        self.init(milliseconds: Int64(date.timeIntervalSince1970) * 1000)
    }
}

extension CronExpression {
    /// The next moments at which it fires.
    func next(_ count: Int, after moment: Timestamp) -> [Timestamp] {
        var found: [Timestamp] = []
        while found.count < count, let next = next(after: found.last ?? moment) { found.append(next) }
        return found
    }
}

/// Expects an expression to fire at these moments, and at none between them.
func expect(
    _ text: String, in zone: String = "Etc/UTC", from: String, firesAt expected: [String],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let expression = try CronExpression(text, timeZone: zone)
    let found = expression.next(expected.count, after: try Timestamp(from))
    #expect(
        try found == expected.map { try Timestamp($0) },
        "\(expression) from \(from): \(found.map { Date(timeIntervalSince1970: Double($0.milliseconds / 1000)) })",
        sourceLocation: sourceLocation)
}
