/// Looks again and again, for what happens soon and announces itself to nobody.
/// - Returns: Whether it has happened.
func becomesTrue(within limit: Duration = .seconds(300), _ isMet: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while !isMet() {
        guard ContinuousClock.now < end else { return false }
        await Task.yield()
    }
    return true
}
