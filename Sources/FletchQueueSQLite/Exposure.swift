import Glibc

/// What other users can do to the files of a database.
enum Exposure {
    /// - Parameter database: Its path, without symbolic links.
    /// - Returns: Each problem with its remedy.
    static func problems(with database: String, in directory: String) -> [String] {
        ["", "-wal", "-shm"].compactMap { problem(withFile: database + $0) }
            + [problem(withDirectory: directory)].compactMap(\.self)
    }

    private static func problem(withFile path: String) -> String? {
        guard let mode = mode(of: path) else { return nil }
        let readable = mode & (S_IRGRP | S_IROTH) != 0
        let writable = mode & (S_IWGRP | S_IWOTH) != 0
        guard readable || writable else { return nil }
        let use = readable && writable ? "read and write" : readable ? "read" : "write"
        return "other users can \(use) \(path): chmod 600 it"
    }

    /// The group may be the user's own there. In a sticky directory, as /tmp is, only the owner can replace a file.
    private static func problem(withDirectory path: String) -> String? {
        guard let mode = mode(of: path), mode & S_IWOTH != 0, mode & S_ISVTX == 0 else { return nil }
        return "other users can replace the files in \(path): chmod o-w it"
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : nil
    }
}
