import Fletch

/// The whole way of a job: a client, every request, and the end once every connection is disposed of.
enum Sending {
    /// - Parameter told: Called with the exit status as soon as every request has its receipt.
    static func run(_ job: SendJob, _ outlet: Outlet, _ inbox: Inbox, told: (Int32) -> Void) {
        let client: FletchClient
        do throws(FletchError) {
            client = try FletchClient(job.configuration)
        } catch {
            let status = ExitStatus.of(error.code)
            if job.saysFailures { outlet.say("fletch: (\(status)) \(error)\n") }
            return told(status)
        }
        told(Sender(job, outlet, inbox).send(with: client))
        // Each connection has its own limit; nothing is cut off here.
        client.drain(within: .seconds(Int64.max)) { _ in inbox.noteDrained() }
        inbox.waitUntilDrained()
    }
}
