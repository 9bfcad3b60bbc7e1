import Basics

extension ConfigurationReader {
    private static let day: Int64 = 86_400

    /// What is said of looks at modules, of how long things are kept, and of the collector of traces.
    func readOperations(into configuration: inout Configuration) throws(ConfigurationFault) {
        if let interval = try duration("modules.interval", at: 60...Self.day) {
            configuration.moduleInterval = interval
        }
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
}
