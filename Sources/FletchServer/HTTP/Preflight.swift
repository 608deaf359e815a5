import HTTPTypes

/// What a browser asks before it sends what a form could not (Fetch, CORS-preflight): anybody may send anything.
enum Preflight {
    static func response(to request: APIRequest) -> APIResponse {
        guard request.fields[.origin] != nil, request.fields[.accessControlRequestMethod] != nil else {
            return .text(.badRequest, "Invalid Preflight Request")
        }
        var response = APIResponse.empty(.noContent)
        response.fields[.accessControlAllowMethods] = "GET,HEAD,PUT,PATCH,POST,DELETE"
        if let wanted = request.fields[.accessControlRequestHeaders] {
            response.fields[.accessControlAllowHeaders] = wanted
            response.fields[.vary] = "Access-Control-Request-Headers"
        }
        return response
    }
}
