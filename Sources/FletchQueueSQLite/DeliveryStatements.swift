/// What is executed once for each delivery that succeeds. Confined to the writer's thread.
struct DeliveryStatements {
    /// With the lease, and the number of the job.
    let lease = NumberStatement("UPDATE job SET state = 'running', lease = ?, attempt = attempt + 1 WHERE number = ?")
    /// With the number of the job, and its lease: one that was overridden stays.
    let end = NumberStatement("DELETE FROM job WHERE number = ? AND lease = ?")

    /// To be called before the connection is closed.
    func finalize() {
        lease.finalize()
        end.finalize()
    }
}
