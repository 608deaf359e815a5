/// The process may have too few file descriptors to work with.
struct TooFewDescriptors: Error, CustomStringConvertible {
    let limit: Int
    let openCount: Int

    var description: String {
        """
        \(limit) file descriptors are too few to deliver with, \(openCount) are taken already: raise the limit to \
        \(DescriptorBudget.leastLimit(openCount: openCount)) or more (ulimit -n, LimitNOFILE)
        """
    }
}
