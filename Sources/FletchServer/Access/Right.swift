/// What a route takes of its caller.
enum Right: CaseIterable, Sendable {
    /// Nothing: anybody may use it.
    case none
    /// To store jobs of a tenant.
    case enqueue
    /// To see a tenant's jobs and queues.
    case read
    /// To be told what happens to a tenant's jobs; with a passphrase alone, to all jobs.
    case watch
    /// To change what there is of a tenant.
    case change
    /// To change what a tenant's deliveries are signed with.
    case rotate
    /// To see and change tenants: whoever knows a passphrase.
    case administer
}
