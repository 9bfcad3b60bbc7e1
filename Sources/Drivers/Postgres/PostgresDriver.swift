public import Basics
public import Diff
public import Drivers

/// One PostgreSQL server: its databases and roles by name.
///
/// Facts: PostgreSQL's documentation, version 12 and later; docs/providers/postgres.md tells what is done with them.
public final class PostgresDriver: Driver {
    public let provider = "postgres"
    public let version = "1"
    public let schemas = PostgresKinds.all

    let session: ServerSession
    /// Gives the value of a password's reference; nil where there is none.
    let resolve: @Sendable (SecretReference) -> Secret?

    /// - Parameters:
    ///   - uri: of a role that may create databases and roles; its database is where statements are run.
    ///   - connectTimeout: the longest to connect.
    ///   - heard: hears each statement without its values.
    ///   - resolve: gives the password of a role that is to be made; without it such a role is refused.
    public convenience init(
        uri: Secret, connectTimeout: Duration = .seconds(10),
        heard: @escaping @Sendable (String) -> Void = { _ in },
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) {
        self.init(uri: uri, limits: ServerLimits(connect: connectTimeout), heard: heard, resolve: resolve)
    }

    init(
        uri: Secret, limits: ServerLimits, heard: @escaping @Sendable (String) -> Void = { _ in },
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) {
        session = ServerSession(uri, limits: limits, heard: heard)
        self.resolve = resolve
    }
}

extension PostgresDriver: AccessChecking {
    /// Asks the server for its version, and the role that we are for what it may do.
    ///
    /// - Returns: one line of both.
    public func checkAccess() async -> Result<String, ProviderFault> {
        do throws(ProviderFault) {
            let rows = try await session.run(
                "doctor",
                """
                select current_setting('server_version'), rolsuper or rolcreatedb, rolsuper or rolcreaterole
                from pg_catalog.pg_roles where rolname = current_user
                """)
            guard let row = rows.first, row.count == 3, let version = row[0] else {
                throw broken("doctor", "it names no version")
            }
            var text = "PostgreSQL \(version)"
            if row[1] != "t" { text += ", without CREATEDB" }
            if row[2] != "t" { text += ", without CREATEROLE" }
            return .success(text)
        } catch {
            return .failure(error)
        }
    }

    func broken(_ operation: String, _ what: String) -> ProviderFault {
        .make(
            .brokenAnswer, CallSite(operation: operation, server: session.place, isWrite: false),
            "the answer can't be read: \(what)", hint: "is POSTGRES_ADMIN_URL a PostgreSQL server?", .retry(after: nil))
    }
}

extension PostgresDriver: SecretResolving {
    public func holds(_ reference: SecretReference) -> Bool { resolve(reference) != nil }
}
