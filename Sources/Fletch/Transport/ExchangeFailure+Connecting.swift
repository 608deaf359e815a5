import Glibc

extension ExchangeFailure {
    /// Why a connection to `address` could not be made.
    /// - Parameter number: What `connect(2)` or `socket(2)` has failed with.
    convenience init(connecting number: Int32, to address: SocketAddress) {
        let code: FletchError.Code =
            switch number {
            case EADDRNOTAVAIL: Socket.hasRoute(to: address) ? .localPortsExhausted : .networkUnreachable
            case ENETUNREACH, ENETDOWN, EAFNOSUPPORT: .networkUnreachable
            case EMFILE, ENFILE: .descriptorsExhausted
            case ENOMEM, ENOBUFS: .memoryExhausted
            default: .connectFailed
            }
        self.init(code, errorNumber: number, detail: "\(address): \(String(cString: strerror(number)))")
    }
}
