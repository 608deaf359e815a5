/// A tenant's name, compared byte by byte, as SQLite does: to `String` an é and an e with an accent behind it are the same.
struct TenantKey: Hashable {
    let name: String

    init(_ name: String) { self.name = name }

    static func == (one: TenantKey, other: TenantKey) -> Bool { one.name.utf8.elementsEqual(other.name.utf8) }
}
