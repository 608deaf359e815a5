/// A portion of a queue.
package struct JobPage: Sendable, Hashable {
    package var jobs: [Job]
    /// Where the next portion begins; nil at the end.
    package var cursor: Int64?

    package init(jobs: [Job], cursor: Int64?) {
        self.jobs = jobs
        self.cursor = cursor
    }
}

/// How far a portion of a queue reaches.
package struct JobExtent: Sendable, Hashable {
    /// The cursor that its last job ends at; where there is none, the one that it begins at.
    package var end: Int64
    /// Where the next portion begins; nil at the end.
    package var cursor: Int64?
    /// The size of its largest job.
    package var largestBytes = 0

    package init(end: Int64) { self.end = end }
}

/// A portion of a tenant's endpoints.
package struct EndpointPage: Sendable, Hashable {
    package var endpoints: [String]
    /// Where the next portion begins; nil at the end.
    package var cursor: String?

    package init(endpoints: [String] = [], cursor: String? = nil) {
        self.endpoints = endpoints
        self.cursor = cursor
    }
}
