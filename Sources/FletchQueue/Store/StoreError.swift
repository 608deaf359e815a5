/// Why a store cannot do what it was asked for. Nothing of it has been done then, but for what goes in portions
/// (``JobStore/empty(_:)``).
package struct StoreError: Error, Hashable, CustomStringConvertible {
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// There is no store, or it cannot be made.
        package static let cannotOpen = Code(rawValue: "store-cannot-open")
        /// Another process has it.
        package static let inUse = Code(rawValue: "store-in-use")
        /// It cannot be written to.
        package static let readOnly = Code(rawValue: "store-read-only")
        /// A newer version has written it.
        package static let tooNew = Code(rawValue: "store-too-new")
        /// Another program's data are in it.
        package static let foreign = Code(rawValue: "store-foreign")
        /// What is in it is not what was written.
        package static let damaged = Code(rawValue: "store-damaged")
        /// There is no room left.
        package static let full = Code(rawValue: "store-full")
        /// The tenant would have more than it may have (``Quotas``).
        package static let quotaExceeded = Code(rawValue: "quota-exceeded")
        /// The token that was asked with has been revoked meanwhile.
        package static let tokenRevoked = Code(rawValue: "token-revoked")
        /// Something else was asked for with the same key before.
        package static let keyReused = Code(rawValue: "idempotency-key-reused")
        /// What there is to say of it is more than is read at once.
        package static let answerTooLarge = Code(rawValue: "store-answer-too-large")
        /// The disk failed, or nothing else is known to be the cause.
        package static let failed = Code(rawValue: "store-failed")
        /// Its files are not where they were opened.
        package static let moved = Code(rawValue: "store-moved")
        /// It has been closed.
        package static let closed = Code(rawValue: "store-closed")
    }

    package let code: Code
    /// What has happened, and the remedy.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
