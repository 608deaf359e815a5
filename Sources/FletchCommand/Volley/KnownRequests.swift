import Fletch

/// The requests of a volley that is repeated: if they are few they are read and encoded once, however often they are sent.
struct KnownRequests {
    private(set) var requests: [(line: ArraySlice<UInt8>, request: EncodedRequest)] = []
    private var bytes = 0

    /// - Returns: Whether they are few enough still.
    mutating func add(_ line: ArraySlice<UInt8>, _ request: EncodedRequest) -> Bool {
        bytes += line.count + request.memoryBytes
        requests.append((ArraySlice(Array(line)), request))
        return requests.count <= Self.maximumCount && bytes <= Self.maximumBytes
    }

    private static let maximumCount = 10_000
    private static let maximumBytes = 16 << 20
}
