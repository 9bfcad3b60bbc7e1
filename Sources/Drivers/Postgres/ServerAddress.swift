internal import Basics
internal import CPq

/// What of a server's address may be shown: where it is and whose login it holds, never the password.
struct ServerAddress: Sendable, Hashable {
    /// `db.example:5432`, as the address has it: of several hosts all, whichever of them answers.
    let hosts: String
    /// Nil where the address names nobody.
    let user: String?

    /// Nil where libpq can't read it, or would take a part of the password for host or port.
    ///
    /// A password with `@` or `/` in it has to be written with `%40` and `%2F`. Where it isn't, libpq takes what comes after for
    /// the host or the port, asks for that name in the network and names it in what it says: so such an address is none.
    init?(_ uri: Secret) {
        let values = uri.reveal { text -> [String: String]? in
            var message: UnsafeMutablePointer<CChar>?
            // An `@` behind the first slash is that of a password with a slash in it; in a database's name it has to be `%40`.
            let path = text.firstRange(of: "://").map { text[$0.upperBound...] }?.drop { $0 != "/" }.prefix {
                $0 != "?"
            }
            guard path?.contains("@") != true else { return nil }
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
            return values
        }
        guard let values else { return nil }
        let host = values["host"] ?? values["hostaddr"] ?? "localhost"
        let port = values["port"] ?? "5432"
        guard !host.contains("@"), port.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ",") }) else {
            return nil
        }
        hosts = "\(host):\(port)"
        user = values["user"]
    }
}
