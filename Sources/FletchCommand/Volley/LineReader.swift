import CLinux
import Fletch
import Glibc

/// The lines of several files, one after the other, as a stream: never more than a piece of a file is in memory.
struct LineReader {
    /// A line and where it stands.
    struct Line {
        let text: ArraySlice<UInt8>
        let file: String
        let number: Int

        /// For a person.
        var place: String { "\(file):\(number)" }
    }

    private let files: [String]
    private var fileIndex = 0
    private var descriptor: Int32 = -1
    private var number = 0
    private var buffer: [UInt8] = []
    private var start = 0
    private var searched = 0
    /// Of all files; nil where one of them has none that is known before its end.
    private let totalBytes: Int?
    private var readBytes = 0

    /// - Parameter files: `-` for standard input.
    init(_ files: [String]) {
        self.files = files
        totalBytes = files.reduce(0) { sum, file in
            guard let sum, let size = Self.size(of: file) else { return nil }
            return sum + size
        }
    }

    /// How much of the files has been given out as lines; nil where one of them is a pipe or a device.
    var fraction: Double? {
        totalBytes.map { Double(readBytes - (buffer.count - start)) / Double(max(1, $0)) }
    }

    /// The next line that is not blank; nil at the end of the last file.
    mutating func next() throws(FletchError) -> Line? {
        while true {
            if descriptor < 0 {
                guard fileIndex < files.count else { return nil }
                try open()
            }
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                if let line = take(upTo: end) { return line }
            } else if try !fill() {
                let last = buffer.count
                let line = last > start ? take(upTo: last) : nil
                close()
                if let line { return line }
            }
        }
    }

    private mutating func take(upTo end: Int) -> Line? {
        defer {
            start = min(end + 1, buffer.count)
            searched = start
        }
        number += 1
        var text = buffer[start..<end]
        while let last = text.last, last == 13 || last == 32 || last == 9 { text.removeLast() }
        while let first = text.first, first == 32 || first == 9 { text.removeFirst() }
        return text.isEmpty ? nil : Line(text: text, file: name, number: number)
    }

    private var name: String { files[fileIndex] == "-" ? "standard input" : files[fileIndex] }

    private mutating func open() throws(FletchError) {
        descriptor = files[fileIndex] == "-" ? STDIN_FILENO : Glibc.open(files[fileIndex], O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        number = 0
        buffer = []
        start = 0
        searched = 0
    }

    private mutating func close() {
        if descriptor > STDERR_FILENO { Glibc.close(descriptor) }
        descriptor = -1
        fileIndex += 1
    }

    /// - Returns: Whether there was more.
    private mutating func fill() throws(FletchError) -> Bool {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        searched = buffer.count
        guard searched <= Self.maximumLineBytes else {
            throw FletchError(
                .bodyUnreadable, .notSent,
                "\(name):\(number + 1): the line has more than 64 MiB: put its body into a file (body_file)")
        }
        buffer.append(contentsOf: repeatElement(0, count: Self.pieceBytes))
        while true {
            let count = buffer[searched...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            let number = errno
            buffer.removeLast(Self.pieceBytes - max(0, count))
            guard count >= 0 else { throw unreadable(number) }
            readBytes += count
            return count > 0
        }
    }

    private static func size(of file: String) -> Int? {
        var status = stat()
        guard (file == "-" ? fstat(STDIN_FILENO, &status) : stat(file, &status)) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFREG ? status.st_size : nil
    }

    private func unreadable(_ number: Int32) -> FletchError {
        FletchError(
            .bodyUnreadable, .notSent,
            "\(name) cannot be read (\(String(cString: strerror(number)))): check the path and its rights",
            errorNumber: number)
    }

    private static let pieceBytes = 1 << 18
    private static let maximumLineBytes = 64 << 20
}
