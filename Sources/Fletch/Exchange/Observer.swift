/// Who follows a series of requests.
package protocol Observer: AnyObject, Sendable {
    /// Some of them have come to their end: as many as there were in one turn of the loop, on its thread.
    func ended(_ outcomes: [Outcome])
}
