/// The database has tenants, and callers would not be told apart.
struct TenantsWithoutTokens: Error, CustomStringConvertible {
    let description = """
        the database has jobs of tenants, but neither PASSPHRASES nor JWT_PUBLIC_KEY is set: set them as before, or start with \
        --anonymous to deliver these jobs without tokens
        """
}
