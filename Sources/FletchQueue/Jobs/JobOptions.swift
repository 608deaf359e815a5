/// What few jobs ask for. A member that is nil was not asked for; the others are answered as they were sent.
///
/// Jobs are copied often, and hardly one has options: without any it is as large as a pointer, and costs no count of
/// references.
@dynamicMemberLookup
package struct JobOptions: Sendable {
    /// nil where all members are. Deliveries read it: a dynamic member takes as long as looking up a key path.
    @usableFromInline
    package var box: Box?

    /// Asks for nothing.
    package init() {}

    package subscript<Value>(dynamicMember member: WritableKeyPath<JobOptionMembers, Value?>) -> Value? {
        get { box?.members[keyPath: member] }
        set {
            var members = members
            members[keyPath: member] = newValue
            box = members == JobOptionMembers() ? nil : Box(members)
        }
    }

    package var isEmpty: Bool { box == nil }

    /// What it takes to hold them, more or less.
    package var byteCount: Int { box?.members.byteCount ?? 0 }

    private var members: JobOptionMembers { box?.members ?? JobOptionMembers() }

    /// Holds the members of a job that has options.
    @usableFromInline
    package final class Box: Sendable {
        @usableFromInline
        package let members: JobOptionMembers

        package init(_ members: JobOptionMembers) { self.members = members }
    }
}

extension JobOptions: Hashable {
    package static func == (one: JobOptions, other: JobOptions) -> Bool {
        one.box === other.box || one.members == other.members
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

extension JobOptions: Codable {
    package init(from decoder: any Decoder) throws {
        let members = try JobOptionMembers(from: decoder)
        if members != JobOptionMembers() { box = Box(members) }
    }

    package func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }
}
