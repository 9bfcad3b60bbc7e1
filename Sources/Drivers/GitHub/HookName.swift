internal import DesiredState
internal import Diff

/// The name of a webhook: its repository and the address that it calls.
enum HookName {
    /// Two names of one hook have one of these: capitals count neither in a repository's name nor in that of a host
    /// (RFC 3986, 3.2.2), and a scheme's own port needn't be written.
    static let canonical: @Sendable (String, Attributes) -> CanonicalName = { name, _ in CanonicalName(normal(name)) }

    static func normal(_ name: String) -> String {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return name }
        return "\(parts[0].lowercased())/\(parts[1].lowercased())/\(address(parts[2]))"
    }

    private static func address(_ url: String) -> String {
        guard let mark = url.firstRange(of: "://") else { return url }
        let scheme = url[..<mark.lowerBound].lowercased()
        let rest = url[mark.upperBound...]
        var host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }.lowercased()
        let path = rest.dropFirst(host.count)
        let port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : ""
        if !port.isEmpty, host.hasSuffix(port) { host.removeLast(port.count) }
        return "\(scheme)://\(host)\(path.isEmpty ? "/" : path)"
    }
}
