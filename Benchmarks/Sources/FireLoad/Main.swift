import Fletch
import Glibc

/// FireLoad PORT PRODUCERS: what a call of `fire` costs its caller.
@main
enum Main {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 2, let port = words.first.flatMap({ UInt16($0) }),
            let count = words.last.flatMap({ Int($0) }), (1...64).contains(count)
        else {
            print("usage: FireLoad PORT PRODUCERS")
            exit(2)
        }
        var configuration = Configuration()
        configuration.proxy = .none
        let client = try FletchClient(configuration)
        let request = FletchRequest(.get, "http://127.0.0.1:\(port)/")
        let volley = Producers(count: count, burst: configuration.outboxCapacity / count, client, request)
        _ = volley.times(bursts: 2)
        let times = volley.times(bursts: 20)
        await client.drain(within: .seconds(5))
        let statistics = client.statistics
        print(
            percentile(50, of: times), percentile(90, of: times), percentile(99, of: times),
            times.reduce(0, +) / Int64(times.count), statistics.acceptedCount - statistics.reachedCount)
    }

    /// - Parameter times: In order.
    private static func percentile(_ percent: Int, of times: [Int64]) -> Int64 {
        times[min(times.count - 1, times.count * percent / 100)]
    }
}
