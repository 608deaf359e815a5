import CLinux
import Fletch
import Glibc

/// Sends one request after the other, each until its milestone, and says what came of it. Runs on the main thread.
final class Sender {
    private let job: SendJob
    private let outlet: Outlet
    private let inbox: Inbox
    private var status = ExitStatus.success

    /// - Parameter inbox: Where the client's threads, and the end of the waiting process, are heard.
    init(_ job: SendJob, _ outlet: Outlet, _ inbox: Inbox) {
        self.job = job
        self.outlet = outlet
        self.inbox = inbox
    }

    /// - Returns: The exit status: of the first failure, 0 without one.
    func send(with client: FletchClient) -> Int32 {
        for request in job.requests where !inbox.isAbandoned { send(request, client) }
        return status
    }

    private func send(_ request: FletchRequest, _ client: FletchClient) {
        if job.isVerbose, let head = try? client.head(of: request) { outlet.say(HeadText.disguised(head)) }
        var retryCount = 0
        while true {
            let result = attempt(request, client)
            guard case .failure(let error) = result, !inbox.isAbandoned,
                let delay = job.retry.delay(after: error, retryCount: retryCount)
            else { return tell(request, result) }
            retryCount += 1
            if job.saysFailures { outlet.say(Self.again(error, retryCount, delay)) }
            inbox.sleep(delay)
        }
    }

    private func attempt(_ request: FletchRequest, _ client: FletchClient) -> Result<Receipt, FletchError> {
        let submission = client.start(request, until: job.milestone) { [inbox] in inbox.put($0) }
        return inbox.take { client.withdraw(submission) }
    }

    private func tell(_ request: FletchRequest, _ result: Result<Receipt, FletchError>) {
        switch result {
        case .success(let receipt): tell(receipt)
        case .failure(let error): tell(request, error)
        }
    }

    private func tell(_ receipt: Receipt) {
        if job.isVerbose { outlet.say(ReceiptText.verbose(receipt)) }
        switch job.style {
        case .text: outlet.say(ReceiptText.line(receipt, job.milestone))
        case .json: outlet.print(ReceiptJSON.line(receipt))
        case .none: break
        }
        if job.failsOnStatus, let answer = receipt.status, answer.code >= 400 {
            note(ExitStatus.statusRefused)
            if job.saysFailures {
                outlet.say("fletch: (22) \(HeadText.disguised(url: receipt.url)) answered \(answer.code)\n")
            }
        }
    }

    private func tell(_ request: FletchRequest, _ error: FletchError) {
        if job.isVerbose, let receipt = error.receipt { outlet.say(ReceiptText.verbose(receipt)) }
        if job.style == .json {
            outlet.print(error.receipt.map { ReceiptJSON.line($0, error) } ?? ReceiptJSON.line(request, error))
        }
        let number = ExitStatus.of(error.code)
        note(number)
        if job.saysFailures { outlet.say("fletch: (\(number)) \(error)\n") }
    }

    private func note(_ number: Int32) {
        if status == ExitStatus.success { status = number }
    }

    private static func again(_ error: FletchError, _ count: Int, _ delay: Duration) -> String {
        "fletch: \(error.code) (\(error.certainty.rawValue)): attempt \(count + 1) in \(delay)\n"
    }
}
