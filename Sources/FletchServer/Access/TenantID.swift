/// What may be a tenant's name.
enum TenantID {
    static let maximumBytes = 256
    static let rule = "a tenant's name has 1 to \(maximumBytes) bytes of UTF-8, and no control characters"

    /// Nothing that could end a line, or steer a terminal.
    static func isValid(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= maximumBytes
            && id.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
