internal import FletchQueue
import Foundation

extension Payload {
    /// As it is stored.
    var data: Data {
        switch self {
        case .text(let text): Data(text.utf8)
        case .bytes(let bytes): Data(bytes)
        }
    }
}
