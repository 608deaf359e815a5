import ArgumentParser

/// One of a few words on the command line. Plain text in the options, read here: each type of its own costs every start
/// of the command a twentieth of a millisecond.
func choice<Value: RawRepresentable>(
    _ option: String, _ text: String?, of type: Value.Type = Value.self
) throws -> Value? where Value.RawValue == String {
    guard let text else { return nil }
    guard let value = Value(rawValue: text) else {
        throw ValidationError("\(option) \(text): see --help for what there is")
    }
    return value
}
