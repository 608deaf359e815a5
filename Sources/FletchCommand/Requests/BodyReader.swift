import CLinux
import Fletch
import Glibc

/// Reads bodies from files and standard input, before the command lets go of both.
enum BodyReader {
    /// What `-d` and its kin say, joined as curl joins them; nil where there are none.
    static func data(_ options: BodyOptions) throws(FletchError) -> FletchRequest.Body? {
        let parts = pieces(options)
        guard !parts.isEmpty else { return nil }
        if parts.count == 1, parts[0].isBinary, let path = parts[0].path, !options.get { return try upload(path) }
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index > 0, !part.isJSON { bytes.append(UInt8(ascii: "&")) }
            bytes += try part.bytes()
        }
        return .bytes(bytes)
    }

    /// A regular file is sent by the kernel; everything else is read now.
    static func upload(_ path: String) throws(FletchError) -> FletchRequest.Body {
        if path != "-", let lasting = CallerFile.lastingPath(path), CallerFile.isRegular(lasting) {
            return .file(lasting)
        }
        return .bytes(try read(path))
    }

    /// The whole of a file; of standard input for `-`.
    static func read(_ path: String) throws(FletchError) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : CallerFile.open(path, O_RDONLY)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { if path != "-" { close(descriptor) } }
        if let bytes = Process.readAll(from: descriptor) { return bytes }
        throw unreadable(path, errno)
    }

    private static func unreadable(_ path: String, _ number: Int32) -> FletchError {
        FletchError(
            .bodyUnreadable, .notSent,
            "\(path == "-" ? "standard input" : path) cannot be read (\(String(cString: strerror(number)))): "
                + "check the path and its rights", errorNumber: number)
    }

    private static func pieces(_ options: BodyOptions) -> [Piece] {
        var pieces = options.data.map { Piece($0, isLiteral: false, isBinary: false) }
        pieces += options.dataBinary.map { Piece($0, isLiteral: false, isBinary: true) }
        pieces += options.dataRaw.map { Piece($0, isLiteral: true, isBinary: true) }
        pieces += options.json.map { Piece($0, isLiteral: false, isBinary: true, isJSON: true) }
        return pieces.sorted { $0.place < $1.place }
    }

    private struct Piece {
        let text: String
        let place: Int
        let isLiteral: Bool
        let isBinary: Bool
        let isJSON: Bool

        init(_ part: BodyPart, isLiteral: Bool, isBinary: Bool, isJSON: Bool = false) {
            text = part.text
            place = part.place
            self.isLiteral = isLiteral
            self.isBinary = isBinary && !isLiteral
            self.isJSON = isJSON
        }

        /// The file that holds it; nil where it is given itself.
        var path: String? {
            isLiteral ? nil : text.pathBehindAt
        }

        func bytes() throws(FletchError) -> [UInt8] {
            guard let path else { return ByteText.bytes(text) }
            let bytes = try BodyReader.read(path)
            return isBinary ? bytes : bytes.filter { $0 != 10 && $0 != 13 && $0 != 0 }
        }
    }
}
