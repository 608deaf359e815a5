/// Options of curl that make sense only with a response in hand: refused with the reason, never ignored.
enum Refusals {
    /// Why the option is refused; nil where it is not.
    static func reason(for option: String) -> String? {
        switch option {
        case "-w", "--write-out": "the response is not downloaded; --receipt json says what is known of it"
        case "-F", "--form": "multipart forms are not supported; build the body and use -d"
        case "-L", "--location": "redirects are not followed; give the final URL"
        case "-O", "--remote-name": "the response is not downloaded"
        case "-i", "--include": "the response is not downloaded; -v shows its status"
        default: nil
        }
    }
}
