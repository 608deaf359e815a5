internal import FletchQueue
import Foundation

extension JobOptions {
    /// Fails if the options cannot be read.
    /// - Parameter text: As ``text`` has it; nil for a job that asks for nothing.
    init?(stored text: String?) {
        guard let text else {
            self.init()
            return
        }
        guard let options = try? JSONDecoder().decode(JobOptions.self, from: Data(text.utf8)) else { return nil }
        self = options
    }

    /// As it is stored: JSON.
    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}
