import Glibc

/// Where words go: to this process's streams, or through a pipe to the process that waits.
enum Outlet {
    case streams
    case pipe(Int32)

    /// To standard output.
    func print(_ text: String) { write(text, to: .standardOutput) }

    /// To standard error.
    func say(_ text: String) { write(Inherited.withNames(text), to: .standardError) }

    private func write(_ text: String, to stream: Process.Stream) {
        switch self {
        case .streams:
            if !Process.write(text, to: stream), stream == .standardOutput { Process.complainOfOutput() }
        case .pipe(let descriptor):
            Process.write(Frame.text(text, stream).encoded, to: descriptor)
        }
    }
}
