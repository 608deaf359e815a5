import Foundation

/// What may be a tenant's name.
enum TenantID {
    static let maximumBytes = 256
    static let rule =
        "a tenant's name has 1 to \(maximumBytes) bytes of UTF-8 in normal form C, and no control, invisible or private-use characters"

    /// Nothing that could end a line or steer a terminal. In normal form C, so that names that Swift takes for equal are the
    /// same bytes.
    static func isValid(_ id: String) -> Bool {
        guard !id.isEmpty, id.utf8.count <= maximumBytes else { return false }
        if id.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return true }
        return id.unicodeScalars.allSatisfy { !refused.contains($0.properties.generalCategory) }
            && id.precomposedStringWithCanonicalMapping.utf8.elementsEqual(id.utf8)
    }

    private static let refused: Set<Unicode.GeneralCategory> = [
        .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse,
    ]
}
