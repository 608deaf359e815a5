extension FletchError.Code {
    /// What failed and what helps, for the failures that happen on a connection.
    var explanation: String { Self.explanations[self] ?? "the request failed: \(rawValue)" }

    private static let explanations: [FletchError.Code: String] = [
        .outboxFull: "the outbox is full: fire fewer requests, allow more connections, or enlarge it",
        .outboxEvicted: "the outbox is full, and newer requests go first: fire fewer requests, or enlarge it",
        .requestTooLarge: "the request is larger than the whole outbox: enlarge it, or wait for room with send",
        .circuitOpen: "the origin has refused every connection lately: it is tried again after a pause",
        .nameNotResolved:
            "the host has no address to connect to: check its spelling, the address family and the resolver",
        .resolverFailed: "the resolver does not answer: check /etc/resolv.conf, the name server and the network",
        .proxyNotResolved: "the proxy's name has no address: check its spelling, http_proxy and the resolver",
        .targetRefused:
            "the address policy refuses this target: choose another one, or except its address from the policy",
        .connectFailed: "no connection: check that the server runs, and its address",
        .networkUnreachable: "this machine has no route to the server's address: check its network",
        .localPortsExhausted:
            "no local port is left for this address: open fewer connections a second, or use more addresses",
        .descriptorsExhausted: "no file descriptor is left: raise the limit (ulimit -n) or open fewer connections",
        .memoryExhausted: "the kernel has no memory for a further connection: free some, or open fewer connections",
        .connectionWaitExceeded: "no connection became free in time: allow more of them, or wait longer",
        .connectDeadlineExceeded:
            "no connection within the connect deadline: check host, port and firewall, or allow more time",
        .proxyRefused: "the proxy did not lead to the origin: check its rules and credentials",
        .tlsHandshakeFailed: "no TLS connection: check that the port speaks TLS, and the versions on both sides",
        .certificateRejected:
            "the server's certificate is not accepted: mend it, or name its authority; check the host's name",
        .pinnedKeyMismatch: "the server's public key is none of those that are pinned",
        .sendFailed: "the peer ended the connection before it had the whole request: look into the server's log",
        .writeDeadlineExceeded: "the peer stopped taking the request: check the server, or allow more time",
        .bodyUnreadable: "the body's file cannot be read further: do not change it while it is sent",
        .closedWithoutAnswer: "the peer closed the connection without an answer: look into the server's log",
        .receiveFailed: "the connection was lost before the milestone: look into the server's log",
        .answerDeadlineExceeded: "no answer within the answer deadline: allow more time, or do not wait for the answer",
        .notHTTP: "the peer does not speak HTTP/1: check the port and the scheme",
        .malformedHead: "a line of the response's head is no field: mend the server",
        .headTooLarge: "the response's head is larger than 16 KiB: the server sends too many or too large fields",
        .tooManyInterimResponses:
            "the peer sent more than 64 KiB of interim (1xx) responses and no final one: mend the server",
        .malformedLength: "the response's length is malformed or contradicts itself: mend the server",
        .bodyCutShort:
            "the response body ended before the length that its head states: look into the server's log",
        .deadlineExceeded: "the request did not reach its milestone within its deadline: allow more time",
        .cancelled: "the caller stopped waiting",
        .clientClosed: "the client was closed before the request reached its milestone: drain it first",
    ]
}
