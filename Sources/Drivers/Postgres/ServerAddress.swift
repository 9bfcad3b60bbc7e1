internal import Basics
internal import CPq

/// What of a server's address may be shown: where it is and whose login it holds, never the password.
struct ServerAddress: Sendable, Hashable {
    /// `db.example:5432`, as the address has it: of several hosts all, whichever of them answers.
    let hosts: String
    /// Whose login it is, as SQL has it; `ROLE` where the address names nobody.
    let role: String

    /// Nil where libpq can't read it, or would take a part of the password for something else.
    init?(_ uri: Secret) {
        let values = uri.reveal { text -> [String: String]? in
            var message: UnsafeMutablePointer<CChar>?
            guard text.hasPrefix("postgres"), !text.utf8.contains(0), let list = PQconninfoParse(text, &message) else {
                PQfreemem(message)
                return nil
            }
            defer { PQconninfoFree(list) }
            var values: [String: String] = [:]
            var option = list
            while let keyword = option.pointee.keyword {
                if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
                option += 1
            }
            return PostgresURI.misplacesPassword(text, read: values) ? nil : values
        }
        guard let values else { return nil }
        hosts = "\(values["host"] ?? values["hostaddr"] ?? "localhost"):\(values["port"] ?? "5432")"
        role = values["user"].map { Identifier($0)?.quoted ?? $0 } ?? "ROLE"
    }
}
