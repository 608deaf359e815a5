import Glibc

/// The file descriptors of this process.
package enum OpenDescriptors {
    /// How many there are; nil, with `errno`, where that cannot be found out. It takes one to do so.
    package static var count: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        // Its own, "." and ".." are among them.
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return count
    }

    /// Whether none is left, for this process or on this machine.
    static var areExhausted: Bool { count == nil && (errno == EMFILE || errno == ENFILE) }

    /// How many there may be; nil where that cannot be found out.
    package static var limit: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
