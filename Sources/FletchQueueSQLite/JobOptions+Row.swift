internal import FletchQueue
import Foundation

extension JobOptions {
    /// - Parameter text: As ``text`` has it; nil for a job that asks for nothing.
    init(stored text: String?) throws {
        guard let text else {
            self.init()
            return
        }
        do {
            self = try JSONDecoder().decode(JobOptions.self, from: Data(text.utf8))
        } catch {
            throw StoreError(.damaged, "the options of a job in the database cannot be read: restore a backup")
        }
    }

    /// As it is stored: JSON.
    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}
