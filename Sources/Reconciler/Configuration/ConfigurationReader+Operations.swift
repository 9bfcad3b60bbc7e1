import Basics
import Formats

extension ConfigurationReader {
    private static let day: Int64 = 86_400

    /// What is said of looks at modules, of how long things are kept, and of the collector of traces.
    func readOperations(into configuration: inout Configuration) throws(ConfigurationFault) {
        if let interval = try duration("modules.interval", at: 60...Self.day) {
            configuration.moduleInterval = interval
        }
        configuration.moduleServers = try moduleServers()
        if let time = try duration("retention.audit", at: 7 * Self.day...3_650 * Self.day) {
            configuration.retention.audit = time
        }
        if let time = try duration("retention.artifacts", at: Self.day...3_650 * Self.day) {
            configuration.retention.artifacts = time
        }
        if var url = try text("tracing.endpoint") {
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.contains("@") else {
                throw fault(
                    "CONF-0005", "tracing.endpoint is no address of a collector", "tracing.endpoint",
                    hint: "Write http:// or https://, without a user; credentials are headers: tracing.headers.")
            }
            while url.hasSuffix("/") { url.removeLast() }
            configuration.tracesURL = "\(url)/v1/traces"
        }
        configuration.traceHeaders =
            try reference("tracing.headers") ?? .environment("OTEL_EXPORTER_OTLP_HEADERS")
        guard configuration.retention.artifacts <= configuration.retention.audit else {
            throw fault(
                "CONF-0005", "retention.artifacts can't be longer than retention.audit", "retention.artifacts",
                hint: "What a run did is proven by its manifest, which goes with the audit.")
        }
    }

    /// Where lists of modules are read besides, by cluster.
    private func moduleServers() throws(ConfigurationFault) -> [String: SecretReference] {
        guard let (node, _) = values["modules.servers"], node.scalar?.value.isNull != true else { return [:] }
        let fields = try ConfigurationFields(node, "modules.servers", file)
        var servers: [String: SecretReference] = [:]
        for entry in fields.entries {
            let isName = entry.key.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
            // Whoever takes it for a list of addresses has put one in the place of a name: it isn't repeated.
            guard isName, (1...63).contains(entry.key.utf8.count) else {
                throw fields.fault(
                    "CONF-0015", "a key of modules.servers can't be the name of a database cluster", at: entry.key,
                    hint: "Write database_cluster of an environment: env:NAME, such as shop-pg: env:SHOP_PG_READER.")
            }
            guard let reference = SecretReference(try fields.required(entry.key)) else {
                throw fields.fault(
                    "CONF-0006",
                    "modules.servers.\(entry.key) has to be a reference to a secret and never the address itself",
                    at: entry.key,
                    hint:
                        "Write env:NAME or file:PATH, put the address there, and rotate the password if it was a real "
                        + "one.")
            }
            servers[entry.key] = located(reference)
        }
        return servers
    }
}
