import CLinux
import Glibc

/// A pthread mutex around a value.
///
/// `Synchronization.Mutex` would do, but the thread sanitizer does not know it and reports correct code.
package final class Lock<Value>: Sendable {
    /// Only touched between lock and unlock.
    private nonisolated(unsafe) var value: Value
    /// POSIX's own functions for it may be called from any thread.
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    package init(_ value: sending Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
