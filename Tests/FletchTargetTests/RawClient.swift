import FletchTarget
import NIOCore
import NIOPosix

/// Sends bytes to a target and returns what came back: up to the end of the connection, of one response, or as asked.
func exchange(
    _ target: FletchTarget, _ request: String, endsSending: Bool = false, waitsForEnd: Bool = false,
    until start: String = "xxx", atLeast count: Int = .max
) async throws -> String {
    try await connect(target, isHalfClosed: endsSending).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: request))
        if endsSending { outbound.finish() }
        var answer = ""
        do {
            for try await part in inbound {
                answer += String(buffer: part)
                if !waitsForEnd, answer.contains(start) || answer.utf8.count >= count { break }
            }
        } catch is IOError {
            // A reset is an end, too.
        }
        return answer
    }
}

/// Sends bytes and leaves at once, in order or with a reset, as soon as the target has seen the head.
func leave(_ target: FletchTarget, after request: String, reset: Bool = false) async throws {
    let channel = try await connect(target)
    try await channel.executeThenClose { _, outbound in
        try await outbound.write(ByteBuffer(string: request))
        _ = await target.waitForRecords { !$0.isEmpty }
        guard reset, let options = channel.channel as? any SocketOptionProvider else { return }
        try await options.setSoLinger(.init(l_onoff: 1, l_linger: 0)).get()
    }
}

private func connect(
    _ target: FletchTarget, isHalfClosed: Bool = false
) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: "127.0.0.1", port: target.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: isHalfClosed))
            }
        }
}

extension String {
    /// How often `part` occurs.
    func components(of part: String) -> Int { ranges(of: part).count }
}
