import Glibc

@testable import Fletch

/// What this process has open. Other tests open and close theirs meanwhile.
enum OpenDescriptors {
    /// How many sockets are connected to that port of 127.0.0.1.
    static func connectionCount(to port: UInt16) -> Int {
        all.count { descriptor in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isConnected = withUnsafeMutablePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
            }
            return isConnected && address.sin_family == AF_INET && UInt16(bigEndian: address.sin_port) == port
        }
    }

    /// How many lead to a thing of that kind, as `/proc` calls it.
    static func count(of kind: String) -> Int {
        all.count { descriptor in
            var place = [CChar](repeating: 0, count: 256)
            let count = readlink("/proc/self/fd/\(descriptor)", &place, place.count)
            return count > 0 && place.prefix(count).elementsEqual(kind.utf8.map { CChar(bitPattern: $0) })
        }
    }

    private static var all: [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name) { found.append(descriptor) }
        }
        return found
    }
}
