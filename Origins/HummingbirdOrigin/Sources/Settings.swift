import Foundation

/// What the driver says in the environment.
struct Settings: Sendable {
    let port: Int
    let work: Duration
    let bodyBytes: Int
    let givesUp: Bool
    private let log: FileHandle

    struct Missing: Error { let name: String }

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        func number(_ name: String) throws -> Int {
            guard let value = environment[name].flatMap(Int.init) else { throw Missing(name: name) }
            return value
        }
        port = try number("ORIGIN_PORT")
        work = .milliseconds(try number("ORIGIN_WORK_MS"))
        bodyBytes = try number("ORIGIN_BODY_BYTES")
        givesUp = environment["ORIGIN_GIVES_UP"] == "1"
        guard let path = environment["ORIGIN_LOG"] else { throw Missing(name: "ORIGIN_LOG") }
        log = FileHandle(fileDescriptor: open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644))
    }

    /// Adds lines about one request to the log.
    func notes(of path: String) -> @Sendable (String) -> Void {
        { [log] event in try? log.write(contentsOf: Data("\(path) \(event)\n".utf8)) }
    }
}
