/// What a ``FletchTarget`` saw of one request, and of the client that sent it.
public struct RequestRecord: Sendable, Hashable, Codable {
    /// Counts up from 1 in the order of arrival.
    public let id: Int
    /// The request's method.
    public let method: String
    /// The request's target as the client sent it.
    public let path: String
    /// The request's fields, in order.
    public let fields: [Field]
    /// When the head had arrived, in seconds since 1970.
    public let arrivedAt: Double

    /// How many bytes of the body have arrived.
    public internal(set) var bodyBytes: Int = 0
    /// FNV-1a, 64 bits, of the body so far: sixteen hexadecimal digits; see ``checksum(of:)``.
    public internal(set) var bodyChecksum: String = BodyChecksum().text
    /// Whether the whole request has arrived.
    public internal(set) var isComplete = false
    /// Milliseconds from the head's arrival until each thing happened.
    public internal(set) var moments = Moments()
    /// What has become of the work.
    public internal(set) var work: Work = .pending
    /// How the client left.
    public internal(set) var departure: Departure = .stillThere

    /// One field.
    public struct Field: Sendable, Hashable, Codable {
        /// As the client sent it.
        public let name: String
        /// As the client sent it.
        public let value: String
    }

    /// Milliseconds from the head's arrival.
    public struct Moments: Sendable, Hashable, Codable {
        /// The whole request had arrived.
        public internal(set) var complete: Double?
        /// The work was done, or was aborted.
        public internal(set) var worked: Double?
        /// The head of the final response was sent.
        public internal(set) var answered: Double?
        /// The client left.
        public internal(set) var left: Double?
    }

    /// What has become of the work.
    public enum Work: String, Sendable, Hashable, Codable {
        /// Not done yet; for a request that never became whole it stays so.
        case pending
        /// Done.
        case done
        /// The client left, and ``TargetConfiguration/onDisconnect`` is ``DisconnectPolicy/abort``.
        case aborted
    }

    /// How a client leaves.
    public enum Departure: String, Sendable, Hashable, Codable {
        /// It has not, or the target ended the connection first.
        case stillThere = "still-there"
        /// It closed its side in order.
        case fin
        /// It reset the connection.
        case rst
    }

    /// The value of the first field of that name, in any case.
    public func value(of name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// What ``bodyChecksum`` is for a body of these bytes.
    public static func checksum(of bytes: some Sequence<UInt8>) -> String {
        var checksum = BodyChecksum()
        checksum.add(bytes)
        return checksum.text
    }
}

/// FNV-1a: enough to tell a whole body from a damaged one, without keeping it.
struct BodyChecksum: Sendable {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
