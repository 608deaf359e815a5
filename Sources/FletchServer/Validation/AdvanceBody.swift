/// The body of an advance of the test clock, once its types are right.
struct AdvanceBody {
    /// By how much. Rounded up, as delays are: what is due then is delivered.
    let milliseconds: Int64

    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        try object.checkMembers(required: ["by"], optional: [])
        milliseconds = try object.required("by") { value throws(Violation) in
            Int64(clamping: try value.asNumber(in: 0...Self.longest), rounded: .up)
        }
    }

    /// A hundred years.
    private static let longest = 36_500 * 86_400_000
}
