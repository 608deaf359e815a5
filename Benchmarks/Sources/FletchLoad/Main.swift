import Fletch
import Glibc

@main
enum Main {
    static let usage = """
        usage: FletchLoad single PORT COUNT MILESTONE DISPOSAL   one connection for each request, from 64 tasks
               FletchLoad kept PORT COUNT                        64 connections that are kept, from 64 tasks
               FletchLoad fired PORT COUNT CONNECTIONS DEPTH     fired, over so many connections, so many at a time
               FletchLoad park PORT COUNT                        what a parked connection holds, in bytes
               FletchLoad secure PORT COUNT full|resumed|early ADDRESS AUTHORITY PATH
                                                                 one TLS connection for each request, from 64 tasks
        """

    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 3, let port = UInt16(words[1]), let count = Int(words[2]) else { return complain() }
        let load = Load(port: port, count: count)
        switch words[0] {
        case "single":
            guard words.count == 5, let milestone = Milestone(rawValue: words[3]),
                let disposal = Disposal(rawValue: words[4])
            else { return complain() }
            try await load.single(until: milestone, disposal)
        case "kept": try await load.kept()
        case "fired":
            guard words.count == 5, let connectionCount = Int(words[3]), let depth = Int(words[4]) else {
                return complain()
            }
            try await load.fired(connectionCount: connectionCount, depth: depth)
        case "park": try await load.park()
        case "secure":
            guard words.count == 7, let handshake = Load.Handshake(rawValue: words[3]) else { return complain() }
            try await load.secure(handshake, at: words[4], authority: words[5], path: words[6])
        default: complain()
        }
    }

    private static func complain() {
        print(usage)
        exit(2)
    }
}
