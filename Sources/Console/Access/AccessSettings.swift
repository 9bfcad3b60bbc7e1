public import Basics

/// What the configuration says of access.
public struct AccessSettings: Sendable {
    /// Whether only this machine can reach the service.
    public var isLoopback: Bool
    /// The name by which grants call what this service looks after.
    public var project = "default"
    /// Proxies whose `X-Forwarded-*` count.
    public var trustedProxies: [AddressRange] = []
    /// Whether the server itself speaks TLS.
    public var isSecure = false
    /// Requests a minute for each person, 0: no limit.
    public var userLimit = 100
    /// Requests a minute for each key, 0: no limit.
    public var keyLimit = 1_000
    /// How long a token and a session last.
    public var lasting = Duration.hours(12)
    /// Signs the tokens that this program gives out; nil: it gives out none.
    public var signingKey: TokenKey?

    public init(isLoopback: Bool) { self.isLoopback = isLoopback }
}
