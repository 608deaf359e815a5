extension Route {
    /// Whether its body is not read as JSON, whatever type it has.
    var takesAnyContent: Bool {
        if case .send = self { true } else { false }
    }
}
