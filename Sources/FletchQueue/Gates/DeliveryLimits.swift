/// How many deliveries this node has under way at once, and of what size.
package struct DeliveryLimits: Hashable, Sendable {
    /// To one origin. Default: 100.
    package var concurrency = 100
    /// All together. Default: 4,096.
    package var totalConcurrency = 4_096
    /// Of bodies and what their jobs ask for, all together; a single job may have more. Default: 256 MiB.
    package var totalBodyBytes = 256 << 20
    /// Of those that are leased at a time, for nobody else can write meanwhile; a single job may have more. Default: 16 MiB.
    package var leaseBodyBytes = 16 << 20
    /// Whether several tenants share them. Default: false.
    package var isShared = false

    package init() {}
}
