public import Basics

/// Everything that a pass or the service is told from outside, already checked.
public struct Configuration: Sendable {
    /// A repository and how to reach it.
    public struct Repository: Sendable, Hashable {
        /// A path, or a `file://`, `http(s)://`, `ssh://` or `user@host:path` address; never holds a password.
        public var url: String
        public var username: String?
        public var token: SecretReference?
        public var sshKeyFile: String?
        public var sshPassphrase: SecretReference?
        public var knownHostsFile: String?

        public init(url: String) { self.url = url }
    }

    /// One provider's account.
    public struct Provider: Sendable, Hashable {
        /// As in ``ProviderAccount/name``.
        public let name: String
        /// By the key of the file; the first is the account's main credential.
        public let secrets: [String: SecretReference]
        /// The main credential; nil where the provider takes none.
        public let credential: SecretReference?
        /// Without a slash at its end; empty where the account has none.
        public let apiURL: String
        /// Plain settings by the key of the file; what is not said is missing.
        public let options: [String: String]

        public init(
            name: String, secrets: [String: SecretReference], credential: SecretReference?, apiURL: String,
            options: [String: String]
        ) {
            self.name = name
            self.secrets = secrets
            self.credential = credential
            self.apiURL = apiURL
            self.options = options
        }
    }

    /// What is said of those who reach the service.
    public struct Access: Sendable, Hashable {
        /// The name by which roles call what this service looks after.
        public var project = "default"
        /// Addresses and blocks of proxies whose `X-Forwarded-*` count.
        public var trustedProxies: [AddressRange] = []
        /// Signs tokens; nil: a key that is made in the state directory.
        public var signingKey: SecretReference?
        /// Requests a minute for each person and each key, 0: no limit.
        public var userLimit = 100
        public var keyLimit = 1_000
        /// An issuer of tokens that is believed; nil: none.
        public var issuer: String?
        public var audience = "odooops"
        public var rolesClaim = "odooops_roles"

        public init() {}
    }

    /// Where the service's certificate and its key are.
    public struct TLS: Sendable, Hashable {
        /// Path of a PEM file.
        public var certificate: String
        public var key: SecretReference
    }

    public static let defaultRoots = ["ssot", "infra/ssot", "platform/ssot", ".odooops"]

    /// The repository that holds the SSOT; nil when none is configured.
    public var ssot: Repository?
    public var ref = "HEAD"
    public var roots = Configuration.defaultRoots
    /// The repository whose branches become environments; nil: that of the SSOT.
    public var application: Repository?
    /// `sqlite:PATH` or a `postgres://` URI, which may hold a password: never print it.
    public var store: Secret
    public var stateDirectory: String
    public var listenAddress = "127.0.0.1"
    public var listenPort: UInt16 = 8080
    /// Where people and clients reach the service, without a slash at its end: `https://ops.example.com`; nil: not said.
    public var address: String?
    /// By what the service proves who it is; nil: it speaks plain HTTP.
    public var tls: TLS?
    /// Between the end of a pass and the begin of the next; each wait is up to a tenth longer or shorter.
    public var interval = Duration.seconds(60)
    /// The least between two passes, however often hooks knock.
    public var passGap = Duration.seconds(1)
    public var fetchDeadline = Duration.seconds(60)
    /// How many independent changes run side by side.
    public var concurrency = 8
    /// How long the lease lasts of a process that gives no sign of life.
    public var lease = Duration.minutes(5)
    /// Into how many parts the environments are cut for the services of one store.
    public var shards = 1
    /// By name: every one of ``ProviderAccount/all``.
    public var providers: [String: Provider]
    /// Signs `POST /hooks/reconcile`; nil: only loopback may post.
    public var hookSecret: SecretReference?
    /// What this installation is called in its marks; nil: it has no name.
    public var installation: String?
    /// Sign the deliveries of providers; those without one are not taken.
    public var hookSecrets: [HookProvider: SecretReference] = [:]
    /// Between two readings of the lists that repair missed deliveries.
    public var hookPollInterval = Duration.minutes(15)
    /// `owner/name`: GitHub repositories whose issues are kept beside those of the SSOT and the application.
    public var hookRepositories: [String] = []
    /// Who is told of what.
    public var notifications = NotificationSettings()
    /// The least between two looks at which modules Odoo has installed in an environment's database.
    public var moduleInterval = Duration.minutes(15)
    /// Addresses of servers from which those lists are read and nothing else, by the `database_cluster` of environments.
    public var moduleServers: [String: SecretReference] = [:]
    /// How long what runs leave behind is kept.
    public var retention = RetentionRule()
    /// The collector's address for traces; nil: none.
    public var tracesURL: String?
    /// `name=value` pairs, parted by commas, that each request to it carries.
    public var traceHeaders: SecretReference?
    /// Who runs what is due by the clock.
    public var schedules = ScheduleSettings()
    /// Who may reach the service.
    public var access = Access()
    public var logLevel = Log.Level.info
    public var logFormat = Log.Format.text
    /// Appends every exchange with a provider to this file.
    public var recordFile: String?

    public init(stateDirectory: String, store: Secret, providers: [String: Provider]) {
        self.stateDirectory = stateDirectory
        self.store = store
        self.providers = providers
    }
}

/// The configuration can't be used: exit status 78.
public struct ConfigurationFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    public var disposition: Disposition { .stop }

    public init(_ code: String, _ message: String, place: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }
}
