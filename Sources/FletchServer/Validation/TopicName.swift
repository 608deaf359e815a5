/// What may be a topic's name.
enum TopicName {
    static let pattern = "^[A-Za-z0-9._-]{\(lengths.lowerBound),\(lengths.upperBound)}$"

    static func isValid(_ name: String) -> Bool {
        lengths.contains(name.utf8.count) && name.utf8.allSatisfy(characters.contains)
    }

    private static let lengths = 1...128
    private static let characters = ASCIISet("._-").union(.letters).union(.digits)
}
