import CLinux
import Foundation
import Glibc

/// Other processes, as `/proc` shows them.
enum Processes {
    /// Those whose command line holds `nonce`, dead ones left out, but for `excluded`.
    static func ids(mentioning nonce: String, except excluded: Int32 = 0) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { id in
            id != excluded && (text("/proc/\(id)/cmdline").contains(nonce))
        }
    }

    static func folder(_ id: Int32) -> String? { link("/proc/\(id)/cwd") }

    static func session(_ id: Int32) -> Int32 { getsid(id) }

    /// Where each descriptor leads.
    static func descriptors(_ id: Int32) -> [Int: String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? []
        var descriptors: [Int: String] = [:]
        for entry in entries {
            if let number = Int(entry), let place = link("/proc/\(id)/fd/\(entry)") { descriptors[number] = place }
        }
        return descriptors
    }

    /// Bytes of memory that it has to itself, those of its program and libraries left out.
    static func residentBytes(_ id: Int32) -> Int? {
        let line = text("/proc/\(id)/status").split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return line.flatMap { Int($0.split { $0 == " " || $0 == "\t" }.dropFirst().first ?? "") }.map { $0 * 1_024 }
    }

    /// Waits until the process has ended; false where it has not within `milliseconds`.
    static func waitForEnd(_ id: Int32, milliseconds: Int32) async throws -> Bool {
        try await blocking { waitForEndNow(id, milliseconds) }
    }

    private static func waitForEndNow(_ id: Int32, _ milliseconds: Int32) -> Bool {
        let handle = fletch_process_descriptor(id)
        guard handle >= 0 else { return true }
        defer { close(handle) }
        var state = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, milliseconds) == 1
    }

    private static func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
