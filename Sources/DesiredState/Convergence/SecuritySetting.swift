/// A security setting that `maintenance/convergence.yaml` can require of the repository; its raw value is the attribute of
/// `github.repository` that shows it.
public enum SecuritySetting: String, Sendable, Hashable, CaseIterable {
    case pushProtection = "secret_scanning_push_protection"
    case secretScanning = "secret_scanning"
    case dependabotUpdates = "dependabot_security_updates"

    /// Reads the id of a setting or of a gate: `push_protection`, also between `github_` and `_enabled`; nil for any other.
    public init?(named id: some StringProtocol) {
        var name = String(id)
        if name.hasPrefix("github_") { name = String(name.dropFirst(7)) }
        if name.hasSuffix("_enabled") { name = String(name.dropLast(8)) }
        if name == "push_protection" { name = Self.pushProtection.rawValue }
        self.init(rawValue: name)
    }

    /// All of them, for a sentence.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
