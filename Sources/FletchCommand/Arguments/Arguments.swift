import Glibc

/// The arguments as the kernel has them: bytes, which it shows to everyone for as long as the process lives.
enum Arguments {
    /// Those behind the command's name, each as ``ByteText``. From here on the process list shows of them what
    /// ``Disguise`` lets through.
    static func take() -> [String] {
        var disguise = Disguise()
        return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let argument = CommandLine.unsafeArgv[index] else { return nil }
            let bytes = UnsafeMutableRawBufferPointer(start: argument, count: strlen(argument))
            let text = ByteText.text(Array(bytes))
            bytes.copyBytes(from: disguise.disguised(Array(bytes)))
            return text
        }
    }
}
