import CLinux
import Glibc

/// How a request is handed to the kernel: the encoded head, then the body, from an offset on.
enum Outgoing {
    /// One system call's worth from `offset` on. With an address: connects with the data in the first packet where it
    /// may.
    static func send(
        _ request: EncodedRequest, from offset: Int, on socket: Socket, fastOpen address: SocketAddress? = nil
    ) -> SendProgress {
        let sent: Int
        switch request.body {
        case .bytes(let bytes): sent = send(request.head, bytes, offset, on: socket, address)
        case .file(let file):
            guard offset < request.head.count else { return send(file, offset - request.head.count, on: socket) }
            sent = send(request.head, isMoreComing: file.byteCount > 0, offset, on: socket, address)
        }
        return sent >= 0 ? .sent(sent) : SendProgress(errorNumber: Int32(-sent))
    }

    private static func send(
        _ head: [UInt8], _ bytes: [UInt8], _ offset: Int, on socket: Socket, _ address: SocketAddress?
    ) -> Int {
        head.withUnsafeBytes { head in
            bytes.withUnsafeBytes { body in
                let headRest = UnsafeRawBufferPointer(rebasing: head[min(offset, head.count)...])
                let bodyRest = UnsafeRawBufferPointer(rebasing: body[max(0, offset - head.count)...])
                if let address { return socket.sendFast(headRest, bodyRest, to: address) }
                return socket.send(headRest, bodyRest)
            }
        }
    }

    private static func send(
        _ head: [UInt8], isMoreComing: Bool, _ offset: Int, on socket: Socket, _ address: SocketAddress?
    ) -> Int {
        head.withUnsafeBytes { head in
            let rest = UnsafeRawBufferPointer(rebasing: head[offset...])
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            if let address { return socket.sendFast(rest, nothing, to: address) }
            return socket.send(rest, nothing, isMoreComing: isMoreComing)
        }
    }

    private static func send(_ file: OpenFile, _ offset: Int, on socket: Socket) -> SendProgress {
        let count = min(file.byteCount - offset, Self.maximumFilePartBytes)
        let sent = socket.send(file: file.descriptor, offset: offset, count: count)
        if sent > 0 { return .sent(sent) }
        if sent == 0 { return .fileFailed(nil) }
        let number = Int32(-sent)
        return isOfFile(number) ? .fileFailed(number) : SendProgress(errorNumber: number)
    }

    /// Whether `sendfile(2)` fails so for the file, not for the connection.
    private static func isOfFile(_ number: Int32) -> Bool {
        switch number {
        case EIO, ESTALE, EINVAL, EOVERFLOW, ENODATA, EUCLEAN: true
        default: false
        }
    }

    /// Why nothing can be copied of a request any more, with `errno`; nil where its body's file has become shorter.
    static func fault(of request: EncodedRequest, at offset: Int) -> Int32? {
        guard case .file(let file) = request.body else { return nil }
        var byte: UInt8 = 0
        return pread(file.descriptor, &byte, 1, max(0, offset - request.head.count)) < 0 ? errno : nil
    }

    /// Copies what is left of a request, where it is in memory and has room.
    /// - Returns: How many bytes; nil where it has to be sent by itself.
    static func copy(
        _ request: EncodedRequest, from offset: Int, into space: Slice<UnsafeMutableRawBufferPointer>
    ) -> Int? {
        let count = request.byteCount - offset
        guard case .bytes(let body) = request.body, count <= space.count else { return nil }
        let target = UnsafeMutableRawBufferPointer(rebasing: space)
        let headCount = max(0, request.head.count - offset)
        request.head.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.suffix(headCount))) }
        guard !body.isEmpty else { return count }
        body.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: target[headCount...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.suffix(count - headCount)))
        }
        return count
    }

    /// Copies as much of what is left of a request as there is room for.
    /// - Returns: How many bytes; less where the body's file has become shorter or cannot be read, and none where that is
    ///   to be seen before the request has begun.
    static func copySome(
        of request: EncodedRequest, from offset: Int, into space: Slice<UnsafeMutableRawBufferPointer>
    ) -> Int {
        let target = UnsafeMutableRawBufferPointer(rebasing: space)
        let head = request.head.dropFirst(offset).prefix(target.count)
        target.copyBytes(from: head)
        let rest = UnsafeMutableRawBufferPointer(rebasing: target[head.count...])
        let bodyOffset = max(0, offset - request.head.count)
        switch request.body {
        case .bytes(let bytes):
            let part = bytes.dropFirst(bodyOffset).prefix(rest.count)
            rest.copyBytes(from: part)
            return head.count + part.count
        case .file(let file):
            let wanted = min(rest.count, file.byteCount - bodyOffset)
            guard wanted > 0 else { return head.count }
            let count = pread(file.descriptor, rest.baseAddress, wanted, bodyOffset)
            return count == wanted || offset > 0 && count > 0 ? head.count + count : 0
        }
    }

    /// One call's part of a file, so that a single large body does not hold the loop up.
    private static let maximumFilePartBytes = 1 << 20
}
