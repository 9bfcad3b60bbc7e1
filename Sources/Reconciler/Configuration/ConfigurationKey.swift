/// One key of `reconciler.yaml`, with the flag and the variable that stand for it.
public struct ConfigurationKey: Sendable {
    /// As in the file, its mappings parted by dots: `ssot.url`.
    public let key: String
    /// Without dashes; nil: no flag stands for it.
    public let flag: String?
    /// The environment variable; nil: none stands for it.
    public let variable: String?
    /// What counts where nothing is said.
    public let fallback: String
    public let meaning: String

    init(_ key: String, flag: String? = nil, variable: String?, fallback: String, _ meaning: String) {
        self.key = key
        self.flag = flag
        self.variable = variable
        self.fallback = fallback
        self.meaning = meaning
    }
}

extension ConfigurationReader {
    /// Every key that the file may hold; `docs/configuration.md` lists the same.
    public static let keys: [ConfigurationKey] =
        [
            ConfigurationKey(
                "ssot.url", flag: "ssot", variable: "ODOOOPS_SSOT", fallback: "none",
                "the repository that holds the SSOT: a path or an address"),
            ConfigurationKey(
                "ssot.ref", flag: "ref", variable: "ODOOOPS_REF", fallback: "its HEAD", "branch, tag or commit of it"),
            ConfigurationKey(
                "ssot.roots", flag: "root", variable: "ODOOOPS_ROOTS",
                fallback: Configuration.defaultRoots.joined(separator: ", "),
                "SSOT roots in order of precedence; commas part them in the variable"),
        ]
        + repositoryKeys("ssot", variable: "ODOOOPS_GIT")
        + [
            ConfigurationKey(
                "application.url", variable: "ODOOOPS_APPLICATION", fallback: "the SSOT's repository",
                "the repository whose branches become environments")
        ]
        + repositoryKeys("application", variable: "ODOOOPS_APPLICATION")
        + [
            ConfigurationKey(
                "store", flag: "store", variable: "DATABASE_URL", fallback: "sqlite:STATE_DIR/ops.sqlite",
                "sqlite:PATH, a postgres:// URI without a password, or a reference to an address"),
            ConfigurationKey(
                "state_dir", variable: "ODOOOPS_STATE_DIR", fallback: ".odooops-state, or systemd's state directory",
                "directory of the git cache, the embedded store and the evidence"),
            ConfigurationKey(
                "listen", flag: "listen", variable: "ODOOOPS_LISTEN", fallback: "127.0.0.1:8080",
                "address and port of the service"),
            ConfigurationKey(
                "address", variable: "ODOOOPS_ADDRESS", fallback: "none: links are paths",
                "where people and clients reach the service, https://HOST: links in answers of the API begin with it"),
            ConfigurationKey(
                "tls.certificate", variable: "ODOOOPS_TLS_CERTIFICATE", fallback: "none: plain HTTP",
                "path of the service's certificate and those above it, PEM; read again on SIGHUP"),
            ConfigurationKey(
                "tls.key", variable: "ODOOOPS_TLS_KEY", fallback: "none",
                "reference to the key of the certificate, PEM without a passphrase"),
            ConfigurationKey(
                "interval", flag: "interval", variable: "ODOOOPS_INTERVAL", fallback: "60s",
                "time between two passes, 5s to 24h"),
            ConfigurationKey(
                "pass_gap", variable: "ODOOOPS_PASS_GAP", fallback: "1s",
                "the least between two passes, however often hooks knock, 1s to 1h"),
            ConfigurationKey(
                "fetch_deadline", variable: "ODOOOPS_FETCH_DEADLINE", fallback: "60s",
                "the longest that a fetch may take, 1s to 1h"),
            ConfigurationKey(
                "concurrency", variable: "ODOOOPS_CONCURRENCY", fallback: "8",
                "how many independent changes run side by side, 1 to 64"),
            ConfigurationKey(
                "lease", variable: "ODOOOPS_LEASE", fallback: "5m",
                "after so long without a sign of life another service takes over, 5s to 1h"),
            ConfigurationKey(
                "shards", variable: "ODOOOPS_SHARDS", fallback: "1",
                "into how many parts the services of one store share the environments, 1 to 64"),
            ConfigurationKey(
                "installation", variable: "ODOOOPS_INSTALLATION", fallback: "none",
                "name of this installation in the marks of what it makes, where several share an account: small letters, "
                    + "digits and -"),
            ConfigurationKey(
                "hook_secret", variable: "ODOOOPS_HOOK_SECRET", fallback: "none: only this machine may post",
                "reference to the key that signs POST /hooks/reconcile"),
        ]
        + HookProvider.allCases.map { provider in
            ConfigurationKey(
                "hooks.\(provider.rawValue)", variable: "ODOOOPS_HOOKS_\(provider.rawValue.uppercased())",
                fallback: "env:\(provider.variable)",
                "reference to the secret that signs POST \(provider.path)")
        }
        + [
            ConfigurationKey(
                "access.project", variable: "ODOOOPS_ACCESS_PROJECT", fallback: "default",
                "the name by which roles call what this service looks after"),
            ConfigurationKey(
                "access.trusted_proxies", variable: "ODOOOPS_ACCESS_TRUSTED_PROXIES", fallback: "none",
                "addresses and blocks of proxies whose X-Forwarded-* headers count, parted by commas"),
            ConfigurationKey(
                "access.signing_key", variable: "ODOOOPS_ACCESS_SIGNING_KEY", fallback: "a file of the state directory",
                "reference to the key that signs tokens: 32 bytes and more, or ed25519: and 64 hexadecimal digits"),
            ConfigurationKey(
                "access.user_limit", variable: "ODOOOPS_ACCESS_USER_LIMIT", fallback: "100",
                "requests a minute for each person, 0 for no limit"),
            ConfigurationKey(
                "access.key_limit", variable: "ODOOOPS_ACCESS_KEY_LIMIT", fallback: "1000",
                "requests a minute for each key, 0 for no limit"),
            ConfigurationKey(
                "access.oidc.issuer", variable: "ODOOOPS_ACCESS_OIDC_ISSUER", fallback: "none",
                "address of an OpenID Connect issuer whose tokens are believed"),
            ConfigurationKey(
                "access.oidc.audience", variable: "ODOOOPS_ACCESS_OIDC_AUDIENCE", fallback: "odooops",
                "what has to stand in aud of its tokens"),
            ConfigurationKey(
                "access.oidc.roles_claim", variable: "ODOOOPS_ACCESS_OIDC_ROLES_CLAIM", fallback: "odooops_roles",
                "the claim of its tokens that lists roles, such as developer@staging"),
        ]
        + [
            ConfigurationKey(
                "hooks.poll_interval", variable: "ODOOOPS_HOOKS_POLL_INTERVAL", fallback: "15m",
                "time between two readings of the lists that repair missed deliveries, 1m to 24h"),
            ConfigurationKey(
                "hooks.repositories", variable: "ODOOOPS_HOOKS_REPOSITORIES",
                fallback: "those of the SSOT and the application",
                "further GitHub repositories whose issues are read, owner/name, parted by commas"),
            ConfigurationKey(
                "notifications.channels", variable: nil, fallback: "none: nobody is told",
                "where messages to people go, by name; see docs/notifications.md"),
            ConfigurationKey(
                "notifications.routes", variable: nil, fallback: "warnings and more to every channel",
                "what goes to which channels, as a list"),
            ConfigurationKey(
                "notifications.max_age", variable: "ODOOOPS_NOTIFICATIONS_MAX_AGE", fallback: "3d",
                "older notices go nowhere, 1m to 30d"),
            ConfigurationKey(
                "modules.interval", variable: "ODOOOPS_MODULES_INTERVAL", fallback: "15m",
                "the least between two looks at which modules Odoo has installed in an environment's database, 1m to "
                    + "24h"),
            ConfigurationKey(
                "modules.servers", variable: nil, fallback: "none: only the server of POSTGRES_ADMIN_URL",
                "servers from which these lists are read and nothing else, a reference to a postgres:// URI each, by the "
                    + "database_cluster of environments; see docs/providers/postgres.md"),
            ConfigurationKey(
                "retention.audit", variable: "ODOOOPS_RETENTION_AUDIT", fallback: "90d",
                "how long the audit log, the chain of evidence, runs and steps are kept, 7d to 3650d"),
            ConfigurationKey(
                "retention.artifacts", variable: "ODOOOPS_RETENTION_ARTIFACTS", fallback: "30d",
                "how long plans, observations, exchanges and events are kept, 1d to 3650d"),
            ConfigurationKey(
                "tracing.endpoint", variable: "OTEL_EXPORTER_OTLP_ENDPOINT", fallback: "none",
                "address of a collector that takes OTLP over HTTP; /v1/traces is added to it"),
            ConfigurationKey(
                "tracing.headers", variable: nil, fallback: "env:OTEL_EXPORTER_OTLP_HEADERS",
                "reference to name=value pairs, parted by commas, that it wants as headers"),
            ConfigurationKey(
                "schedules.runners", variable: nil, fallback: "none: nothing runs by the clock",
                "who runs what is due, by the runner's name in the SSOT; see docs/schedules.md"),
            ConfigurationKey(
                "schedules.defaults", variable: nil, fallback: "UTC, once, 24h, 1h, 0, 3",
                "time_zone, missed, deadline, time_limit, retries and disable_after of every job"),
            ConfigurationKey(
                "schedules.jobs", variable: nil, fallback: "as the defaults",
                "the same of single jobs, by id, and their workflow or runner"),
            ConfigurationKey(
                "record", flag: "record", variable: "ODOOOPS_RECORD", fallback: "none",
                "file to which every exchange with a provider is appended"),
            ConfigurationKey(
                "log.level", flag: "log-level", variable: "ODOOOPS_LOG_LEVEL",
                fallback: "info for the service, warning for all else", "debug, info, warning or error"),
            ConfigurationKey(
                "log.format", flag: "log-format", variable: "ODOOOPS_LOG_FORMAT", fallback: "text", "text or json"),
        ]
        + ProviderAccount.all.flatMap(\.keys)

    /// How to get into a repository.
    private static func repositoryKeys(_ name: String, variable: String) -> [ConfigurationKey] {
        [
            ConfigurationKey(
                "\(name).username", variable: "\(variable)_USERNAME", fallback: "x-access-token",
                "user name for http(s)"),
            ConfigurationKey(
                "\(name).token", variable: "\(variable)_TOKEN", fallback: "none",
                "reference to the token for http(s)"),
            ConfigurationKey(
                "\(name).ssh_key", variable: "\(variable)_SSH_KEY", fallback: "none",
                "path of the private key for ssh"),
            ConfigurationKey(
                "\(name).ssh_passphrase", variable: "\(variable)_SSH_PASSPHRASE", fallback: "none",
                "reference to the passphrase of the key"),
            ConfigurationKey(
                "\(name).known_hosts", variable: "\(variable)_KNOWN_HOSTS", fallback: "none",
                "path of the known_hosts file for ssh"),
        ]
    }
}
