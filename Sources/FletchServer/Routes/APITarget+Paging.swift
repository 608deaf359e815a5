// What all paged lists are asked with.
extension APITarget {
    /// Returns how much of a list is asked for: 1 to 1,000. Default: 100.
    func limit() throws(APIResponse) -> Int {
        guard let text = values(of: "limit").last else { return 100 }
        let problem: String
        switch Int(text) {
        case .some(1...1_000): return Int(text) ?? 100
        case .some(let limit): problem = limit < 1 ? "must be >= 1" : "must be <= 1000"
        case nil: problem = "must be integer"
        }
        throw Violation(problem).below("limit").response(in: "querystring")
    }
}
