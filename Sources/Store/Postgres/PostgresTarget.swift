import Basics
import CPq
import Store

/// Where a server is and how to speak of it without its password.
struct PostgresTarget: Sendable {
    let uri: Secret
    let options: PostgresEngine.Options
    /// `postgres://user@host:port/database`.
    let place: String
    private let host: String
    private let port: String
    private let user: String
    private let database: String
    private let password: Secret

    /// Takes an address apart.
    ///
    /// One that is followed may get another login meanwhile, and never another database: nobody meant half of a service
    /// to go on in it.
    ///
    /// - Throws: `StoreFault`, also where libpq takes a part of the password for something else, which every fault would
    ///   show as the store's place; libpq's own message is left out, for it quotes the address.
    init(_ uri: Secret, options: PostgresEngine.Options) throws(StoreFault) {
        guard let parts = uri.reveal({ Self.parts($0) }) else {
            throw StoreFault(
                .badAddress, code: "STORE-0031", message: "the store's address can't be read as a PostgreSQL URI",
                hint: "write it as \(PostgresURI.form)")
        }
        self.uri = uri.steady { text in
            guard let now = Self.parts(text) else { return false }
            return ["host", "hostaddr", "port", "dbname"].allSatisfy { now[$0] == parts[$0] }
        }
        self.options = options
        host = parts["host"] ?? parts["hostaddr"] ?? "localhost"
        port = parts["port"] ?? "5432"
        user = parts["user"] ?? ""
        database = parts["dbname"] ?? user
        password = self.uri.map { Self.parts($0)?["password"] ?? "" }
        place = "postgres://\(user.isEmpty ? "" : "\(user)@")\(host):\(port)/\(database)"
    }

    /// What libpq reads in an address, by its keywords; nil where it can't, or would take a part of the password for
    /// something else.
    private static func parts(_ uri: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        guard !uri.utf8.contains(0), let list = PQconninfoParse(uri, &message) else {
            PQfreemem(message)
            return nil
        }
        defer { PQconninfoFree(list) }
        var parts: [String: String] = [:]
        var option = list
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parts[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return PostgresURI.misplacesPassword(uri, read: parts) ? nil : parts
    }

    /// What failed while connecting.
    ///
    /// - Parameter message: libpq's, with the code of the error where the server gave one.
    /// - Returns: the fault, without the password.
    func connectFault(_ message: String) -> StoreFault {
        let text = line(message)
        func fault(_ kind: StoreFault.Kind, _ code: String, _ what: String, _ hint: String) -> StoreFault {
            StoreFault(kind, code: code, message: "\(what): \(text)", place: place, hint: hint)
        }
        if text.contains("28P01") || text.contains("28000") || text.contains("no password supplied") {
            if text.contains("no encryption") && text.contains("pg_hba.conf") {
                return fault(
                    .badAddress, "STORE-0013", "the server wants TLS", "add `?sslmode=require` to the store's address")
            }
            return fault(
                .badAddress, "STORE-0011", "the server refuses the user or password",
                "check both with `psql -h \(host) -p \(port) -U \(user.isEmpty ? "USER" : user) \(database)`")
        }
        if text.contains("3D000") {
            return fault(
                .badAddress, "STORE-0012", "the server has no database \(database)",
                "make it: `createdb -h \(host) -p \(port) \(database)`")
        }
        if text.contains("53300") || text.contains("57P03") {
            return fault(
                .unreachable, "STORE-0018", "the server takes no connection now",
                "it is starting, stopping or full; see `select * from pg_stat_activity`")
        }
        if text.contains("SSL") || text.contains("certificate") {
            return fault(
                .badAddress, "STORE-0013", "TLS can't be agreed on",
                "see `sslmode` and `sslrootcert` in the store's address: require, verify-full, or disable for a "
                    + "server without TLS")
        }
        return fault(
            .unreachable, "STORE-0010", "the server can't be reached",
            "see that it runs: `pg_isready -h \(host) -p \(port)`")
    }

    /// What an error of a statement means to a person.
    ///
    /// - Parameters:
    ///   - code: the SQLSTATE (PostgreSQL manual, appendix A); empty when the connection broke.
    ///   - message: what the server says.
    /// - Returns: the fault, without the password.
    func fault(code: String, _ message: String) -> StoreFault {
        let text = line(message)
        func fault(_ kind: StoreFault.Kind, _ number: String, _ what: String, _ hint: String) -> StoreFault {
            StoreFault(kind, code: number, message: "\(what): \(text)", place: place, hint: hint)
        }
        switch code {
        case "55P03", "40P01", "40001":
            return fault(
                .locked, "STORE-0001", "another session holds what the store needs",
                "see who: `select * from pg_stat_activity where wait_event_type = 'Lock'`; then run the command again")
        case "53100", "53200", "54000":
            return fault(
                .full, "STORE-0002", "there is no room left on the server", "make room on its disk; nothing was kept")
        case "25006":
            return fault(
                .readOnly, "STORE-0003", "the store can only be read",
                "give the address of the primary server, not of a standby")
        case "57014":
            return fault(
                .locked, "STORE-0014", "a statement took longer than \(options.statementTimeout.shortText)",
                "see what the server is busy with: `select * from pg_stat_activity`")
        case "42501":
            return fault(
                .refused, "STORE-0017", "the user may not do that",
                "connect as the owner of the schema ops or as a member of service_role, or as the database's owner "
                    + "grant it: `grant create on database \(database) to \(user.isEmpty ? "USER" : user)`")
        case "42P01", "42703", "3F000":
            return .notMigrated(text, place: place)
        case "", "57P01", "57P02", "57P03", "08000", "08003", "08006", "25P03":
            return fault(
                .unreachable, "STORE-0015", "the connection to the server broke; nothing of this transaction was kept",
                "see that it runs: `pg_isready -h \(host) -p \(port)`")
        case "22003", "22P02", "22007", "22P05", "22021":
            return fault(
                .refused, "STORE-0032", "the store can't keep a value [\(code)]",
                "this is a fault of the program; report it with this line")
        default:
            return fault(
                .refused, "STORE-0032", "the store refused a statement [\(code)]",
                "this is a fault of the program or of rows written by another one; `reconcile doctor` checks the schema"
            )
        }
    }

    /// The connection broke between the commit and its answer.
    func commitLost(_ cause: StoreFault) -> StoreFault {
        StoreFault(
            .unknown, code: "STORE-0016",
            message: "the answer to a commit was lost: what it wrote is there, or not", place: place,
            hint: "run the command again once the server answers; it looks before it repeats anything")
    }

    /// The first lines of a message as one, without the password.
    private func line(_ message: String) -> String {
        var text = message.split(whereSeparator: \.isNewline).prefix(4).joined(separator: " ")
        password.revealAll { password in
            guard !password.isEmpty else { return }
            while let range = text.firstRange(of: password) { text.replaceSubrange(range, with: "\u{2026}") }
        }
        return text
    }
}
