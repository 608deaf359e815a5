/// What a caller needs to use a route.
enum Right: CaseIterable, Sendable {
    /// Nothing: anybody may use it.
    case none
    /// To store jobs of a tenant.
    case enqueue
    /// To see a tenant's jobs and queues; with a passphrase alone, those of all tenants.
    case read
    /// To change what there is of a tenant.
    case change
    /// To change what a tenant's deliveries are signed with.
    case rotate
    /// To see and change tenants: whoever knows a passphrase.
    case administer
}
