internal import FletchQueue
import Foundation

extension JSONWriter {
    /// Writes a member with what a job delivers; bytes that are not UTF-8 in base64, as the member `…Base64`.
    mutating func payload(_ payload: Payload, named name: StaticString) {
        raw("\"")
        raw(name)
        switch payload {
        case .text(let text):
            raw("\":")
            string(text)
        case .bytes(let bytes):
            raw("Base64\":")
            string(Data(bytes).base64EncodedString())
        }
    }
}
