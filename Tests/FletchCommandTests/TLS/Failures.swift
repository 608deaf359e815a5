import Fletch
import Foundation

/// Failures of fired requests.
///
/// What makes it `Sendable`: everything is behind the lock.
final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var noted: [String] = []

    var all: [String] { lock.withLock { noted } }

    func note(_ error: FletchError) { lock.withLock { noted.append(error.description) } }
}
