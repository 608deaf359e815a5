import CLinux
import Glibc

/// What is left to send of a request: the encoded head, then the body.
struct Outgoing {
    enum Body: Sendable {
        case bytes([UInt8])
        case file(OpenFile)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(let file): file.byteCount
            }
        }
    }

    enum Progress: Equatable {
        case sent(Int)
        /// The kernel takes nothing more for now.
        case blocked
        /// With `errno`.
        case failed(Int32)
        /// The body's file has become shorter.
        case fileShortened
    }

    private let head: [UInt8]
    private let body: Body
    private var offset = 0
    private let totalBytes: Int

    init(head: [UInt8], body: Body) {
        self.head = head
        self.body = body
        totalBytes = head.count + body.byteCount
    }

    var isWhole: Bool { offset == totalBytes }

    /// One system call's worth. With an address: connects with the data in the first packet where it may.
    mutating func send(on socket: Socket, fastOpen address: SocketAddress? = nil) -> Progress {
        let sent =
            switch body {
            case .bytes(let bytes): send(bytes, on: socket, address)
            case .file(let file): send(file, on: socket, address)
            }
        if sent > 0 {
            offset += sent
            return .sent(sent)
        }
        return sent == 0 ? .fileShortened : Self.progress(errorNumber: Int32(-sent))
    }

    private func send(_ bytes: [UInt8], on socket: Socket, _ address: SocketAddress?) -> Int {
        head.withUnsafeBytes { head in
            bytes.withUnsafeBytes { body in
                let headRest = UnsafeRawBufferPointer(rebasing: head[min(offset, head.count)...])
                let bodyRest = UnsafeRawBufferPointer(rebasing: body[max(0, offset - head.count)...])
                if let address { return socket.sendFast(headRest, bodyRest, to: address) }
                return socket.send(headRest, bodyRest)
            }
        }
    }

    private func send(_ file: OpenFile, on socket: Socket, _ address: SocketAddress?) -> Int {
        guard offset < head.count else {
            let start = offset - head.count
            return socket.send(
                file: file.descriptor, offset: start, count: min(file.byteCount - start, Self.maximumFilePartBytes))
        }
        return head.withUnsafeBytes { head in
            let rest = UnsafeRawBufferPointer(rebasing: head[offset...])
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            if let address { return socket.sendFast(rest, nothing, to: address) }
            return socket.send(rest, nothing, isMoreComing: file.byteCount > 0)
        }
    }

    private static func progress(errorNumber: Int32) -> Progress {
        switch errorNumber {
        case EAGAIN, EINTR, EINPROGRESS, ENOBUFS: .blocked
        default: .failed(errorNumber)
        }
    }

    /// One call's part of a file, so that a single large body does not hold the loop up.
    private static let maximumFilePartBytes = 1 << 20
}
