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
    /// Within a line that is too long.
    private var isSkipping = false
    private let mayRead: (Int32) -> Bool

    /// - Parameters:
    ///   - files: `-` for standard input.
    ///   - mayRead: Waits until a descriptor can be read; false where it is not to be. Default: does not wait.
    init(_ files: [String], mayRead: @escaping (Int32) -> Bool = { _ in true }) {
        self.files = files
        self.mayRead = mayRead
        totalBytes = files.reduce(0) { sum, file in
            guard let sum, let size = Self.size(of: file) else { return nil }
            return sum + size
        }
    }

    /// How much of the files has been given out as lines; nil where one of them is a pipe or a device.
    var fraction: Double? {
        totalBytes.map { Double(readBytes - (buffer.count - start)) / Double(max(1, $0)) }
    }

    /// The next line that is not blank; nil at the end of the last file, or where nothing more is to be read.
    /// - Throws: What cannot be read: a file, or a line. The rest can.
    mutating func next() throws(FletchError) -> Line? {
        while true {
            if descriptor < 0 {
                guard fileIndex < files.count else { return nil }
                try open()
            }
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                if let line = take(upTo: end) { return line }
            } else if !mayRead(descriptor) {
                return nil
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
        guard !isSkipping else {
            isSkipping = false
            return nil
        }
        var text = number == 1 ? ByteText.withoutMark(buffer[start..<end]) : buffer[start..<end]
        while let last = text.last, last == 13 || last == 32 || last == 9 { text.removeLast() }
        while let first = text.first, first == 32 || first == 9 { text.removeFirst() }
        return text.isEmpty ? nil : Line(text: text, file: name, number: number)
    }

    private var name: String { files[fileIndex] == "-" ? "standard input" : files[fileIndex] }

    /// Without waiting for the writer of a named pipe.
    private mutating func open() throws(FletchError) {
        descriptor =
            files[fileIndex] == "-" ? STDIN_FILENO : CallerFile.open(files[fileIndex], O_RDONLY | O_NONBLOCK)
        guard descriptor >= 0 else { throw leave(errno) }
        number = 0
        buffer = []
        start = 0
        searched = 0
        isSkipping = false
    }

    private mutating func close() {
        if descriptor > STDERR_FILENO { Glibc.close(descriptor) }
        descriptor = -1
        fileIndex += 1
    }

    /// - Returns: Whether there may be more.
    private mutating func fill() throws(FletchError) -> Bool {
        buffer.removeFirst(isSkipping ? buffer.count : start)
        start = 0
        searched = buffer.count
        guard searched <= Self.maximumLineBytes else {
            isSkipping = true
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
            if count < 0, number == EAGAIN { return true }
            guard count >= 0 else { throw leave(number) }
            readBytes += count
            return count > 0
        }
    }

    private static func size(of file: String) -> Int? {
        guard let status = CallerFile.status(file) else { return nil }
        return status.st_mode & S_IFMT == S_IFREG ? status.st_size : nil
    }

    /// Goes on to the next file.
    private mutating func leave(_ number: Int32) -> FletchError {
        defer { close() }
        return FletchError(
            .bodyUnreadable, .notSent,
            "\(name) cannot be read (\(String(cString: strerror(number)))): check the path and its rights",
            errorNumber: number)
    }

    private static let pieceBytes = 1 << 18
    private static let maximumLineBytes = 64 << 20
}
