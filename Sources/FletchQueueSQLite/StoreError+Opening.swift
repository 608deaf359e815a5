internal import FletchQueue
import Glibc

extension StoreError {
    /// Why a file could not be opened that the store needs.
    init(opening path: String, _ number: Int32) {
        guard number != ELOOP else {
            self.init(.cannotOpen, "\(path) is a symbolic link: remove it")
            return
        }
        let code: Code = [EROFS, EACCES, EPERM].contains(number) ? .readOnly : .cannotOpen
        let reason = String(cString: strerror(number))
        self.init(code, "\(path) cannot be opened (\(reason)): see that its directory is there, and both are writable")
    }
}
