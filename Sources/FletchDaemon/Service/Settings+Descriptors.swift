extension Settings {
    /// What the file descriptors of this process are for, and in what that falls short of the settings.
    /// - Parameter storeCount: How many the store is yet to open.
    func descriptorBudget(
        storeCount: Int = 0
    ) throws(TooFewDescriptors) -> (budget: DescriptorBudget, shortages: [String]) {
        let budget = try Descriptors.budget(
            concurrency: concurrency.value, totalConcurrency: totalConcurrency.value,
            maximumConnectionCount: maximumConnections.value,
            yetToBeOpenedCount: storeCount + (incidentReceiver.value == nil ? 0 : Descriptors.incidentCount))
        var shortages: [String] = []
        let wishedConcurrency = min(concurrency.value, totalConcurrency.value)
        if budget.concurrency < wishedConcurrency {
            shortages.append("\(budget.concurrency) deliveries at once, not \(wishedConcurrency)")
        } else if totalConcurrency.source != .default, budget.totalConcurrency < totalConcurrency.value {
            shortages.append("\(budget.totalConcurrency) deliveries at once in all, not \(totalConcurrency.value)")
        }
        if let wished = wishedConnections, budget.apiConnectionCount < wished {
            shortages.append("\(budget.apiConnectionCount) clients at once, not \(wished)")
        }
        return (
            budget, shortages.map { "few file descriptors: \($0); raise the limit (ulimit -n, LimitNOFILE)" }
        )
    }
}
