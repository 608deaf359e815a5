import Fletch

extension Configuration {
    /// What the options of a request, of time and of the connection say.
    init(
        _ request: RequestOptions, _ lines: FieldLines, _ time: TimeOptions, _ connection: ConnectionOptions
    ) throws {
        self.init()
        deadline = time.longest
        if let longest = time.longestConnecting { connectDeadline = longest }
        if let longest = time.longest { apply(longest, hasConnectTimeout: time.longestConnecting != nil) }
        usesFastOpen = connection.tcpFastopen
        proxy = connection.proxySetting
        addresses = try connection.addresses()
        addressFamily = connection.addressFamily
        addressPolicy = try connection.addressPolicy()
        tls = try connection.tls()
        maximumBodyBytes = .max
        // One that is given is among the fields of the request.
        if request.userAgent != nil || lines.leavesOut("user-agent") { userAgent = nil }
    }

    /// Who states how long an attempt may take means it: no other deadline cuts it short.
    private mutating func apply(_ longest: Duration, hasConnectTimeout: Bool) {
        answerDeadline = max(answerDeadline, longest)
        writeDeadline = max(writeDeadline, longest)
        if !hasConnectTimeout { connectDeadline = max(connectDeadline, longest) }
    }
}
