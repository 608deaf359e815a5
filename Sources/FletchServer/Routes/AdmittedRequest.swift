import HTTPTypes

/// What is known of a request that may be carried out.
struct AdmittedRequest {
    let route: Route
    let target: APITarget
    let admission: Access.Admission

    var caller: Caller { admission.caller }
    /// Added to its answer.
    var fields: [HTTPField] { admission.fields }
}
