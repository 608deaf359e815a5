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
        /// No memory was left to ask with.
        case memory
    }

    var cause = Cause.name
    let message: String
}

extension ResolutionFailure {
    /// Reads what `getaddrinfo(3)` has returned.
    ///
    /// Without a descriptor it finds neither its configuration nor `/etc/hosts` and may say that there is no such name:
    /// so the cause is looked for.
    init(number: Int32, errorNumber: Int32) {
        let isOutOfDescriptors = number == EAI_SYSTEM ? Self.isShortage(errorNumber) : !Self.hasDescriptor
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
        }
    }

    private static func isShortage(_ number: Int32) -> Bool { number == EMFILE || number == ENFILE }

    /// Whether the process could have a further descriptor right now.
    private static var hasDescriptor: Bool {
        let descriptor = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return !isShortage(errno) }
        close(descriptor)
        return true
    }
}
