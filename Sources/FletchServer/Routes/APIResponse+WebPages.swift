extension APIResponse {
    /// Names the remedy to the developer who looks for the reason.
    static func refused(_ refusal: WebPages.Refusal) -> APIResponse {
        switch refusal {
        case .origin(let origin):
            forbidden(
                "pages of \(origin.prefix(256)) may not ask: start fletchd with --allow-origin to let them, or with "
                    + "PASSPHRASES to tell callers apart")
        case .host(let host):
            forbidden(
                "\(host.prefix(256)) is no name of this server: start fletchd with --allow-host to make it one, or with "
                    + "PASSPHRASES to tell callers apart")
        }
    }
}
