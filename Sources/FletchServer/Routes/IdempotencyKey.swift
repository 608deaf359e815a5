import Crypto
internal import FletchQueue
import HTTPTypes
import NIOCore

/// The `Idempotency-Key` of a request, and what the same request is known by when it comes again.
struct IdempotencyKey {
    /// What a request asks for beside its body.
    enum Action {
        case enqueue(endpoint: String)
        case enqueueBatch(endpoint: String)
        case publish(topic: String)
    }

    /// Of the request.
    let body: ByteBuffer
    private let text: String
    private let request: [UInt8]

    /// - Parameter showsStored: Whether the caller may see jobs that are there already.
    /// - Returns: nil for a request without a key.
    /// - Throws: If the request has several keys, or one that is none.
    init?(of request: APIRequest, _ action: Action, showsStored: Bool) throws(APIResponse) {
        let values = request.fields[values: .idempotencyKey]
        guard let text = values.first else { return nil }
        if let problem = Self.problem(with: values) {
            throw Violation(problem).below("idempotency-key").response(in: "headers")
        }
        body = request.body
        self.text = text
        self.request = Self.digest(of: request, action, showsStored: showsStored)
    }

    /// - Parameter write: Writes the answer to the request.
    func once(
        of tenant: String, at now: Timestamp, _ write: @escaping @Sendable (inout JSONWriter, [Job]) -> Void
    ) -> Once {
        Once(tenant: tenant, key: text, request: request, at: now) { [body] jobs in
            var json = JSONWriter()
            json.raw(Array(buffer: body)[...])
            write(&json, jobs)
            return RememberedAnswer.shortened(json.bytes, after: body.readableBytes)
        }
    }

    private static func problem(with values: [String]) -> String? {
        guard values.count == 1, let key = values.first else { return "must be sent once" }
        if key.isEmpty { return "must NOT have fewer than 1 characters" }
        if key.utf8.count > Once.maximumKeyBytes { return "must NOT have more than \(Once.maximumKeyBytes) bytes" }
        // Different keys would become one.
        return key.hasInvalidBytes ? "must be UTF-8" : nil
    }

    private static func digest(of request: APIRequest, _ action: Action, showsStored: Bool) -> [UInt8] {
        var hash = SHA256()
        for part in [action.name, action.target, showsStored ? "shows" : "hides"] {
            hash.update(length: part.utf8.count)
            hash.update(part)
        }
        request.body.withUnsafeReadableBytes { body in
            hash.update(length: body.count)
            hash.update(bufferPointer: body)
        }
        return Array(hash.finalize())
    }
}

extension IdempotencyKey.Action {
    fileprivate var name: String {
        switch self {
        case .enqueue: "enqueue"
        case .enqueueBatch: "batch"
        case .publish: "publish"
        }
    }

    fileprivate var target: String {
        switch self {
        case .enqueue(let name), .enqueueBatch(let name), .publish(let name): name
        }
    }
}

extension SHA256 {
    /// Tells where what follows ends, so that no two requests are hashed as the same bytes.
    fileprivate mutating func update(length: Int) {
        withUnsafeBytes(of: UInt64(length).bigEndian) { update(bufferPointer: $0) }
    }
}
