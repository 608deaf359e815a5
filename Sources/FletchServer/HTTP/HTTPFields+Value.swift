import HTTPTypes

extension HTTPFields {
    /// As the subscript has it, which costs many times as much: fields are mostly there once.
    func value(of name: HTTPField.Name) -> String? {
        var value: String?
        for field in self where field.name == name {
            guard value == nil else { return self[name] }
            value = field.value
        }
        return value
    }
}
