import Glibc

/// Why a name has no addresses, as far as is known.
struct ResolutionFailure: Error, Equatable {
    /// Whose fault it is.
    enum Cause {
        /// The name's: there is no such name, or none of its addresses is usable.
        case name
        /// The resolver's: another time it may find addresses.
        case resolver
        /// No descriptor was left to ask with.
        case descriptors
        /// No memory, or no thread, was left to ask with.
        case memory
        /// Nobody's: the client may not connect to it.
        case policy
    }

    var cause = Cause.name
    let message: String
    /// Whether it may have failed for a lack of descriptors that has passed since.
    var isDoubtful = false
}

extension ResolutionFailure {
    /// Reads what `getaddrinfo(3)` has returned.
    ///
    /// Without descriptors it finds neither its configuration nor `/etc/hosts` and may say that there is no such name.
    /// - Parameter freeDescriptorCount: How many the process could have right after that, up to ``checkedCount``.
    init(number: Int32, errorNumber: Int32, freeDescriptorCount: Int) {
        let isOutOfDescriptors =
            number == EAI_SYSTEM ? Self.isShortage(errorNumber) : freeDescriptorCount < Self.lookupCount
        isDoubtful = isOutOfDescriptors || freeDescriptorCount < Self.checkedCount
        message = isOutOfDescriptors ? String(cString: strerror(EMFILE)) : String(cString: gai_strerror(number))
        cause =
            if isOutOfDescriptors {
                .descriptors
            } else {
                switch number {
                case EAI_MEMORY: .memory
                case EAI_AGAIN, EAI_FAIL, EAI_SYSTEM: .resolver
                default: .name
                }
            }
    }

    /// What callers are told.
    func code(on endpoint: Endpoint) -> FletchError.Code {
        switch cause {
        case .name: endpoint.isProxy ? .proxyNotResolved : .nameNotResolved
        case .resolver: .resolverFailed
        case .descriptors: .descriptorsExhausted
        case .memory: .memoryExhausted
        case .policy: .targetRefused
        }
    }

    /// The client may not connect to it.
    static func refused(_ reason: String) -> ResolutionFailure { ResolutionFailure(cause: .policy, message: reason) }

    /// How many descriptors the process could have right now, up to ``checkedCount``. It takes one to find out: taking more
    /// would leave others without.
    static var freeDescriptorCount: Int {
        guard let openCount = OpenDescriptors.count else { return isShortage(errno) ? 0 : checkedCount }
        guard let limit = OpenDescriptors.limit else { return checkedCount }
        return min(max(0, Int(clamping: limit.rlim_cur) - openCount), checkedCount)
    }

    private static func isShortage(_ number: Int32) -> Bool { number == EMFILE || number == ENFILE }

    /// What one lookup takes.
    private static let lookupCount = 4
    /// More than others give back between a lookup and the look at what is free.
    static let checkedCount = 32
}
