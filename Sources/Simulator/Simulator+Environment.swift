import Basics

/// How the providers' own tools, and `reconcile`, are led to a simulator.
extension Simulator {
    /// One simulated provider: the variables that name its address and its credential.
    struct Entrance: Sendable {
        let name: String
        let addressVariable: String
        /// What follows the mount in the base address: Slack's has `/api`.
        let suffix: String
        /// Each part of a credential that is taken apart at its colons.
        let credentialVariables: [String]
        var placeholder = "any"
    }

    private static let entrances = [
        Entrance(
            name: "github", addressVariable: "GITHUB_API_URL", suffix: "", credentialVariables: ["GITHUB_TOKEN"]),
        Entrance(
            name: "mailgun", addressVariable: "MAILGUN_API_URL", suffix: "", credentialVariables: ["MAILGUN_API_KEY"]),
        Entrance(name: "plane", addressVariable: "PLANE_API_URL", suffix: "", credentialVariables: ["PLANE_API_KEY"]),
        Entrance(
            name: "slack", addressVariable: "SLACK_API_URL", suffix: "/api", credentialVariables: ["SLACK_BOT_TOKEN"]),
        Entrance(
            name: "spaces", addressVariable: "SPACES_ENDPOINT_URL", suffix: "",
            credentialVariables: ["SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"],
            placeholder: SpacesKey.placeholder),
        Entrance(
            name: "supabase", addressVariable: "SUPABASE_API_URL", suffix: "",
            credentialVariables: ["SUPABASE_ACCESS_TOKEN"]),
        Entrance(name: "vercel", addressVariable: "VERCEL_API_URL", suffix: "", credentialVariables: ["VERCEL_TOKEN"]),
    ]

    /// The providers that this simulator serves, sorted.
    public var providerNames: [String] { (["digitalocean"] + state.withLock { Array($0.hosts.keys) }).sorted() }

    /// The variables that lead a client to this simulator, in order; the credentials are placeholders that it lets in.
    ///
    /// - Parameter url: the simulator's address without a slash at its end.
    /// - Returns: pairs for `export`.
    public func environment(at url: String) -> [(name: String, value: String)] {
        let served = Set(providerNames)
        var pairs = [
            ("DIGITALOCEAN_API_URL", url), ("DIGITALOCEAN_ACCESS_TOKEN", options.token ?? "any"),
        ]
        for entrance in Self.entrances where served.contains(entrance.name) {
            pairs.append((entrance.addressVariable, "\(url)/\(entrance.name)\(entrance.suffix)"))
            let credential = options.credentials[entrance.name] ?? entrance.placeholder
            let parts = credential.split(
                separator: ":", maxSplits: entrance.credentialVariables.count - 1, omittingEmptySubsequences: false)
            pairs += zip(entrance.credentialVariables, parts).map { ($0, String($1)) }
            pairs += state.withLock { $0.hosts[entrance.name]?.account.variables ?? [] }.map { ($0.name, $0.value) }
        }
        return pairs.map { (name: $0.0, value: $0.1) }
    }
}
