/// A field of a job's deliveries, as it was sent.
package struct JobHeader: Hashable, Sendable, Codable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
