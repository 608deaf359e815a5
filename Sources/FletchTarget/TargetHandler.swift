import Glibc
import NIOCore
import NIOHTTP1

/// One connection: takes its requests in turn, does the work, and notes how the client leaves.
final class TargetHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    let configuration: TargetConfiguration
    private let log: RequestLog
    private var records: ConnectionRecords
    private var context: ChannelHandlerContext?
    private var turns: [Turn] = []
    private var work: Scheduled<Void>?
    private var stream: ResponseStream?
    private var departure: RequestRecord.Departure?
    /// Whether the target has ended its side.
    private var isClosing = false
    /// Whether it has ended the connection without waiting for the client to leave.
    private var hasLeftFirst = false

    init(_ configuration: TargetConfiguration, _ log: RequestLog) {
        self.configuration = configuration
        self.log = log
        records = ConnectionRecords(log)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
}

// MARK: - What arrives

extension TargetHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let bytes):
            if let id = turns.last?.id { log.addBody(id, bytes.readableBytesView) }
        case .end: complete()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let purpose = Turn.Purpose(of: head)
        var id: Int?
        if case .work = purpose { id = records.open(head) }
        turns.append(Turn(head, id: id, purpose, isChunked: configuration.isChunked))
        if id != nil, configuration.behavior == .neverRead {
            _ = context?.channel.setOption(.autoRead, value: false)
            turns[turns.count - 1].awaitsContinue = false
        }
        startNext()
    }

    private func complete() {
        guard let last = turns.indices.last else { return }
        turns[last].isComplete = true
        records.noteComplete(turns[last].id)
        startNext()
        finishTurn()
    }

    /// What is not HTTP is answered with 400, in its turn; a lost connection is noted.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return leave(.rst, context) }
        if case .invalidEOFState? = error as? HTTPParserError { return leave(.fin, context) }
        // A request that breaks off has no other answer, unless that has begun.
        if let last = turns.last, !last.isComplete, !last.isStarted { turns.removeLast() }
        guard turns.allSatisfy(\.isComplete), !isClosing, departure == nil else { return context.close(promise: nil) }
        turns.append(.refusing(400))
        startNext()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { leave(.fin, context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A reset comes as an error before, and an orderly end as `inputClosed` unless the target's side had ended.
        if departure == nil { leave(hasLeftFirst ? .stillThere : isClosing ? .fin : .rst, context) }
        stream = nil
    }
}

// MARK: - The work

extension TargetHandler {
    private func startNext() {
        guard let turn = turns.first, !turn.isStarted else { return }
        if turn.awaitsContinue {
            turns[0].awaitsContinue = false
            write(ResponseHeads.goOn)
        }
        guard turn.isComplete || isAnsweredEarly(turn) else { return }
        turns[0].isStarted = true
        switch turn.purpose {
        case .list: answer(list(persistence(of: turn)))
        case .clear:
            log.clear()
            answer(ResponseStream(ResponseHeads.empty(204, persistence(of: turn))))
        case .refuse(let status): answer(ResponseStream(ResponseHeads.empty(status, persistence(of: turn))))
        case .work: startWork(turn)
        }
    }

    private func isAnsweredEarly(_ turn: Turn) -> Bool {
        if case .work = turn.purpose { configuration.behavior == .answerBeforeBody } else { false }
    }

    private func list(_ persistence: Persistence) -> ResponseStream {
        let json = RecordFormat.json(log.records)
        return ResponseStream(ResponseHeads.json(bytes: json.utf8.count, persistence) + json)
    }

    /// After the last answer to a client that sends no more, the target closes, whatever was asked for.
    private func persistence(of turn: Turn) -> Persistence {
        departure != nil && turns.count == 1 ? .ends : turn.persistence
    }

    private func startWork(_ turn: Turn) {
        switch configuration.behavior {
        case .headThenWork:
            records.noteAnswered(turn.id)
            write(ResponseHeads.final(to: turn, persistence(of: turn), configuration))
        case .earlyHintsThenWork: write(ResponseHeads.earlyHints)
        case .answerBeforeBody: answer(turn)
        default: break
        }
        guard configuration.delay > .zero else { return workDone(turn) }
        let loop = context?.eventLoop.assumeIsolated()
        work = loop?.scheduleTask(in: TimeAmount(configuration.delay)) { self.workDone(turn) }
    }

    private func workDone(_ turn: Turn) {
        work = nil
        records.noteWork(.done, turn.id)
        switch configuration.behavior {
        case .answerBeforeBody: finishTurn()
        case .headThenWork: answer(.body(to: turn, configuration))
        case .neverAnswer, .neverRead: reportIfOver(turn.id)
        case .closeBeforeAnswer: close(reset: false)
        case .resetBeforeAnswer: close(reset: true)
        default: answer(turn)
        }
    }

    private func answer(_ turn: Turn) {
        if configuration.behavior.hasFinalHead { records.noteAnswered(turn.id) }
        answer(ResponseStream(to: turn, persistence(of: turn), configuration))
    }
}

// MARK: - What is written

extension TargetHandler {
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if stream?.isPaced == false { pump() }
    }

    private func answer(_ stream: ResponseStream) {
        self.stream = stream
        pump()
    }

    private func write(_ text: String) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    /// Writes as much as the connection takes for now, but lets other connections have their turn.
    private func pump() {
        var pieceCount = 0
        while let context, stream != nil, context.channel.isActive {
            guard context.channel.isWritable else { return }
            guard let piece = stream?.next() else { break }
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
            pieceCount += 1
            if stream?.isPaced == true { return pump(in: configuration.trickleInterval) }
            if pieceCount == Self.maximumPieceCount { return pump(in: .zero) }
        }
        stream = nil
        if !turns.isEmpty { turns[0].isAnswered = true }
        finishTurn()
    }

    private func pump(in pause: Duration) {
        let loop = context?.eventLoop.assumeIsolated()
        _ = loop?.scheduleTask(in: TimeAmount(pause)) { self.pump() }
    }

    /// Goes on to the next request, once this one has arrived and is answered.
    private func finishTurn() {
        guard let turn = turns.first, turn.isAnswered, turn.isComplete, work == nil else { return }
        turns.removeFirst()
        reportSoon(turn.id)
        guard turn.persistence != .ends, departure == nil || !turns.isEmpty else { return close(reset: false) }
        startNext()
    }

    /// Ends the connection: with a FIN, after which the client has some seconds to leave, or with a reset.
    private func close(reset: Bool) {
        guard let context, !isClosing else { return }
        isClosing = true
        if reset {
            hasLeftFirst = true
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            return context.close(promise: nil)
        }
        guard departure == nil else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        _ = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) {
            self.hasLeftFirst = true
            self.context?.close(promise: nil)
        }
    }

    private static let maximumPieceCount = 16
    private static let lingerTime = TimeAmount.seconds(2)
    fileprivate static let reportDelay = TimeAmount.milliseconds(250)
}

// MARK: - How the client leaves

extension TargetHandler {
    private func leave(_ how: RequestRecord.Departure, _ context: ChannelHandlerContext) {
        guard departure == nil else { return }
        departure = how
        records.noteLeft(how)
        if configuration.onDisconnect == .abort { abort() }
        for id in records.ids { reportIfOver(id) }
        // With its work done or never to be done, nothing holds the connection any more.
        if work == nil, stream == nil { context.close(promise: nil) }
    }

    private func abort() {
        guard let aborted = work, let id = turns.first?.id else { return }
        aborted.cancel()
        work = nil
        stream = nil
        records.noteWork(.aborted, id)
    }

    /// There is a line for a request once its work is over and the client has left, …
    private func reportIfOver(_ id: Int?) {
        guard let id, departure != nil, work == nil || turns.first?.id != id else { return }
        log.report(id)
    }

    /// … or a moment after its response.
    private func reportSoon(_ id: Int?) {
        guard let id else { return }
        guard departure == nil, let loop = context?.eventLoop else { return log.report(id) }
        loop.scheduleTask(in: Self.reportDelay) { [log] in log.report(id) }
    }
}
