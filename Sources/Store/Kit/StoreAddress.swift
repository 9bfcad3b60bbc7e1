public import Basics

/// Where the store is: what `--store` and `DATABASE_URL` say.
public enum StoreAddress: Sendable {
    /// A file, or `:memory:`.
    case sqlite(path: String, isReadOnly: Bool)
    /// A URI of libpq; a secret as a whole, for a password may be in it.
    case postgres(Secret)

    /// Reads the address that a secret is; one of PostgreSQL may be followed.
    ///
    /// - Throws: `StoreFault` that never repeats the text.
    public init(_ secret: Secret) throws(StoreFault) {
        self = try secret.reveal { text throws(StoreFault) in try StoreAddress(text) }
        if case .postgres = self { self = .postgres(secret) }
    }

    /// Reads `sqlite:PATH`, `sqlite:PATH?mode=ro`, `sqlite::memory:`, `postgres://…` or `postgresql://…`.
    ///
    /// - Throws: `StoreFault` that never repeats the text, for a password may be in it.
    public init(_ text: String) throws(StoreFault) {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(Secret(text))
            return
        }
        let hint = "give `sqlite:PATH`, such as `sqlite:.odooops/state.db`, or `postgres://USER@HOST:PORT/DATABASE`"
        guard text.hasPrefix("sqlite:") else {
            let scheme = text.prefix { $0.isASCII && ($0.isLetter || $0 == "+") }
            throw StoreFault(
                .badAddress, code: "STORE-0031",
                message: text.dropFirst(scheme.utf8.count).hasPrefix(":")
                    ? "the store's address has the scheme `\(scheme):`, which is not known"
                    : "the store's address names no kind of store",
                hint: hint)
        }
        var path = String(text.dropFirst("sqlite:".utf8.count))
        if path.hasPrefix("///") { path.removeFirst(2) }
        var isReadOnly = false
        if path.hasSuffix("?mode=ro") {
            isReadOnly = true
            path.removeLast("?mode=ro".utf8.count)
        }
        guard !path.isEmpty, !path.utf8.contains(0), !path.hasPrefix("//") else {
            throw StoreFault(
                .badAddress, code: "STORE-0031", message: "the store's address names no file", hint: hint)
        }
        self = .sqlite(path: path, isReadOnly: isReadOnly)
    }
}
