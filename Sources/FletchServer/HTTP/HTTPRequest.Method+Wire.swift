import HTTPTypes

extension HTTPRequest.Method {
    /// The method as it stood in the request line: NIO's decoder hands over `M-SEARCH` under another name, and only that.
    var asSent: HTTPRequest.Method { rawValue == "MSEARCH" ? Self("M-SEARCH") ?? self : self }
}
