/// How the address of a PostgreSQL server is written, as far as it matters for keeping its password.
public enum PostgresURI {
    /// The form, for hints.
    public static let form =
        "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with `%40` for @ and `%2F` for / in the password"

    /// Whether libpq takes a part of the password for the host, the port or the database.
    ///
    /// A password with `@` or `/` in it has to be written with `%40` and `%2F`. Where it isn't, libpq takes what comes after for
    /// one of these, asks for that name in the network and names it in what it says: such an address is none.
    ///
    /// - Parameters:
    ///   - text: the address.
    ///   - parts: what libpq reads in it, by keyword.
    /// - Returns: false where it reads the address as it was meant, as far as that can be seen.
    public static func misplacesPassword(_ text: String, read parts: [String: String]) -> Bool {
        // In a database's name an `@` has to be `%40`: this one is that of a password with a slash in it.
        let path = text.firstRange(of: "://").map { text[$0.upperBound...] }?.drop { $0 != "/" }.prefix { $0 != "?" }
        let isPort = (parts["port"] ?? "").utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ",") }
        return path?.contains("@") == true || parts["host"]?.contains("@") == true || !isPort
    }
}
