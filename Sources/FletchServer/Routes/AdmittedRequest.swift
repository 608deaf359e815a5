import HTTPTypes

/// What is known of a request that may be carried out.
struct AdmittedRequest {
    let route: Route
    let target: APITarget
    let caller: Caller
    /// What its answer says, whatever else it does.
    let fields: HTTPFields
}
