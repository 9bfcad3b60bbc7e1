import Basics
import Formats

/// The servers of outgoing mail that `config/odoo/mail_settings.yaml` sets up.
extension MailReader {
    /// One server of outgoing mail.
    struct Server {
        /// For whom it is; nil where nothing says so.
        let tiers: [Tier]?
        let host: Text
        let port: (value: Int64, mark: SourceMark)
        let source: SourceMark
    }

    /// What the document says of the tiers; where it names none it speaks of all.
    mutating func readServers(_ root: Node, _ file: String) {
        for server in Self.servers(in: root, file) {
            var statement = Statement(tiers: server.tiers ?? Tier.allCases, file: file, source: server.source)
            statement.host = server.host
            statement.port = server.port
            statement.isAside = true
            statements.append(statement)
        }
    }

    /// Every mapping with a host and a port, however deep it stands.
    ///
    /// It is for the tiers that the keys above it name, or its own `environment`.
    static func servers(in node: Node, _ file: String, for tiers: [Tier]? = nil, depth: Int = 0) -> [Server] {
        guard depth < 6 else { return [] }
        var found = (node.items ?? []).flatMap { servers(in: $0, file, for: tiers, depth: depth + 1) }
        guard let entries = node.entries else { return found }
        var tiers = tiers
        for key in ["environment", "env", "tier"] {
            if let word = node[key]?.value.scalar?.text, let named = Self.tiers(word) { tiers = named }
        }
        if let host = text(node, ["smtp_host", "smtp_server", "host"], file), host.value.contains("."),
            let port = port(node, ["smtp_port", "port"], file)
        {
            found.append(Server(tiers: tiers, host: host, port: port, source: node.mark(in: file)))
        }
        return found
            + entries.flatMap { servers(in: $0.value, file, for: Self.tiers($0.key) ?? tiers, depth: depth + 1) }
    }

    private static func tiers(_ word: String) -> [Tier]? {
        if word == "non_production" || word == "non_prod" { return others }
        return Tier(alias: word).map { [$0] }
    }

    private static func text(_ node: Node, _ keys: [String], _ file: String) -> Text? {
        for key in keys {
            guard let value = node[key]?.value, case .string(let text)? = value.scalar?.value else { continue }
            return Text(value: text, mark: value.mark(in: file))
        }
        return nil
    }

    private static func port(_ node: Node, _ keys: [String], _ file: String) -> (value: Int64, mark: SourceMark)? {
        for key in keys {
            guard let value = node[key]?.value, case .int(let port)? = value.scalar?.value, (1...65_535).contains(port)
            else { continue }
            return (port, value.mark(in: file))
        }
        return nil
    }
}
