internal import FletchQueue

// Bodies that many jobs of one answer have.
extension Payload {
    /// The size of a long text, which all jobs of an answer share in memory; 0 for a short text or other bytes.
    var sharedByteCount: Int {
        guard let count = text?.utf8.count, count > JSONWriter.longBytes else { return 0 }
        return count
    }

    /// Takes the place of `self` where it has the same bytes, so that both are held once.
    ///
    /// Texts that Swift takes for equal may have different bytes.
    /// - Returns: Whether it has.
    mutating func becomes(_ other: Payload) -> Bool {
        guard let text, let otherText = other.text else { return false }
        guard text.utf8.count == otherText.utf8.count, text.utf8.elementsEqual(otherText.utf8) else { return false }
        self = other
        return true
    }
}
