public import Basics

/// What a remote is to be shown, by reference; the values are looked up for each fetch and never kept.
public struct GitCredential: Sendable, Hashable {
    /// How the remote is convinced.
    public enum Kind: Sendable, Hashable {
        /// Neither; for ssh the agent at `SSH_AUTH_SOCK` is asked.
        case none
        /// HTTP basic authentication; hosts that want a token alone take any user name, such as `x-access-token`.
        case token(user: String, token: SecretReference)
        /// A private key, in PEM or OpenSSH form; `file:` for a path, `env:` for the text itself.
        case sshKey(key: SecretReference, passphrase: SecretReference?)
    }

    public var kind: Kind
    /// The known_hosts file; nil for `~/.ssh/known_hosts`.
    public var knownHosts: String?
    /// Whether the key of a host that isn't known yet is taken and remembered below the cache directory.
    ///
    /// A key that differs from the known one is refused in any case.
    public var acceptsNewHosts: Bool
    /// The part of the configuration that this comes from, such as `ssot`; hints then name its keys.
    public var setting: String?

    public init(kind: Kind, knownHosts: String? = nil, acceptsNewHosts: Bool = false, setting: String? = nil) {
        self.kind = kind
        self.knownHosts = knownHosts
        self.acceptsNewHosts = acceptsNewHosts
        self.setting = setting
    }
}

/// Where the network part of a fetch runs.
public struct GitTransport: Sendable, Hashable {
    /// The program whose `git-fetch-helper` subcommand is spawned; nil for this process.
    let executable: String?

    private init(executable: String?) { self.executable = executable }

    /// A child process with a clean environment and a hard deadline.
    ///
    /// libgit2 can wait without end for a server that stays silent; a child can be killed.
    public static func child(executable: String = "/proc/self/exe") -> GitTransport {
        GitTransport(executable: executable)
    }

    /// This process: for tests, and for what is known to answer.
    ///
    /// The deadline is only looked at while bytes flow.
    public static let inProcess = GitTransport(executable: nil)
}
