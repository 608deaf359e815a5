/// Counts the answers that follow each other on a connection, each once its body has ended.
struct AnswerCounter {
    private(set) var count = 0
    /// Where the next answer begins can no longer be told.
    private(set) var isBroken = false
    private let isHeadRequest: Bool
    private var scanner: HeadScanner
    /// Of the answer whose head is there.
    private var framing: BodyFraming?

    init(isHeadRequest: Bool) {
        self.isHeadRequest = isHeadRequest
        scanner = HeadScanner(isHeadRequest: isHeadRequest)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty, !isBroken {
            let taken = framing == nil ? takeHead(rest) : takeBody(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            guard framing?.isOver == true else { continue }
            framing = nil
            count += 1
        }
    }

    private mutating func takeHead(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch scanner.scan(bytes) {
        case .incomplete: return bytes.count
        case .invalid:
            isBroken = true
            return bytes.count
        case .complete(let head, let bodyStart):
            framing = head.framing
            scanner = HeadScanner(isHeadRequest: isHeadRequest)
            return bodyStart
        }
    }

    private mutating func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard var body = framing, let taken = body.consume(bytes, keep: { _ in }) else {
            isBroken = true
            return bytes.count
        }
        framing = body
        return taken
    }
}
