import Basics
import Formats

/// The servers of outgoing mail that `config/odoo/mail_settings.yaml` sets up.
extension MailReader {
    /// Every mapping with a host and a port, however deep it stands.
    ///
    /// It is for the tiers that the keys above it name, or its own `environment`; without either for all.
    mutating func readServers(_ node: Node, _ file: String, _ tiers: [Tier], depth: Int = 0) {
        guard depth < 6 else { return }
        for item in node.items ?? [] { readServers(item, file, tiers, depth: depth + 1) }
        guard let entries = node.entries else { return }
        var tiers = tiers
        for key in ["environment", "env", "tier"] {
            if let word = node[key]?.value.scalar?.text, let found = Self.tiers(word) { tiers = found }
        }
        if let host = Self.text(node, ["smtp_host", "smtp_server", "host"], file), host.value.contains("."),
            let port = Self.port(node, ["smtp_port", "port"], file)
        {
            var statement = Statement(tiers: tiers, file: file, source: node.mark(in: file))
            statement.host = host
            statement.port = port
            statement.isAside = true
            statements.append(statement)
        }
        for entry in entries {
            readServers(entry.value, file, Self.tiers(entry.key) ?? tiers, depth: depth + 1)
        }
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
