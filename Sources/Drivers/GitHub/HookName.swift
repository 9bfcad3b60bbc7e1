internal import DesiredState
internal import Diff
internal import Drivers

/// The name of a webhook: its repository and the address that it calls.
enum HookName {
    /// Two names of one hook have one of these: capitals count neither in a repository's name nor in that of a host
    /// (RFC 3986, 3.2.2), and a scheme's own port needn't be written.
    static let canonical: @Sendable (String, Attributes) -> CanonicalName = { name, _ in CanonicalName(normal(name)) }

    static func normal(_ name: String) -> String {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return name }
        return "\(parts[0].lowercased())/\(parts[1].lowercased())/\(WebAddress.normal(parts[2]))"
    }
}
