import Glibc

/// A mount namespace of a process's own, which ends with it: what is mounted there nobody else sees.
enum Namespace {
    static let unshare = "/usr/bin/unshare"

    /// It takes root, and a system that lets root do it.
    static let isAvailable: Bool = {
        guard access(unshare, X_OK) == 0 else { return false }
        return system("\(unshare) -m sh -c 'mount -t tmpfs -o size=1m none /mnt' >/dev/null 2>&1") == 0
    }()

    /// Runs `script`, then in its place the command that follows.
    static func wrapper(_ script: String) -> [String] {
        [unshare, "-m", "sh", "-c", "\(script) && exec \"$0\" \"$@\""]
    }
}
