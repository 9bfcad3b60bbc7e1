import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import DockerDriver
import Drivers
import GitHubDriver
import HTTPClient
import MailgunDriver
import PlaneDriver
import PostgresDriver
import Reconciler
import SlackDriver
import SpacesDriver
import SupabaseDriver
import VercelDriver

/// Makes the driver of each provider from its account; one without a credential observes nothing and says why.
///
/// Credentials are followed: a service lives for longer than most of them.
struct ProviderDrivers {
    private let configuration: Configuration
    private let environment: [String: String]
    private let time: any TimeSource
    private let random: RandomSource
    private let budgets: BudgetBook
    /// One for all, so that connections are shared.
    private let transport: any HTTPTransport

    /// Without `budgets` the process shares its requests with no other.
    init(
        _ configuration: Configuration, _ environment: [String: String], time: any TimeSource, random: RandomSource,
        budgets: BudgetBook? = nil
    ) {
        self.configuration = configuration
        self.environment = environment
        self.time = time
        self.random = random
        self.budgets = budgets ?? BudgetBook(store: nil, time: time)
        transport = PermittedTransport(CurlTransport())
    }

    /// A line a provider.
    var all: [any Driver] {
        [
            driver("digitalocean", DigitalOceanKinds.all) { account, token in
                var keep: (@Sendable (IssuedSecret) async -> Bool)?
                if let directory = account.options["key_directory"] {
                    let files = IssuedSecretFiles(directory: directory)
                    keep = { await files.keep($0) }
                }
                return DigitalOceanDriver(
                    token: token, baseURL: account.apiURL, transport: transport,
                    budget: budgets.budget(provider: "digitalocean", credential: token, .digitalOcean), time: time,
                    random: random, installation: configuration.installation, keep: keep)
            }
        ] + docker + github + mailgun + plane + postgres + slack + spaces + supabase + vercel
    }

    /// What stands for the providers that are not among those drivers: which kinds nobody looks at, and why.
    func absent(beside drivers: [any Driver]) -> [UnconfiguredDriver] {
        let present = Set(drivers.map(\.provider))
        return Self.kinds.compactMap { name, schemas in
            guard !present.contains(name), let account = ProviderAccount.all.first(where: { $0.name == name }),
                let why = account.shortage(configuration.providers[name], in: environment)
            else { return nil }
            return UnconfiguredDriver(provider: name, schemas: schemas, reason: why)
        }
    }

    /// The kinds of each provider, whether or not it has a driver here.
    static let kinds: [(provider: String, schemas: [KindSchema])] = [
        ("digitalocean", DigitalOceanKinds.all), ("docker", DockerKinds.all), ("github", GitHubKinds.all),
        ("mailgun", MailgunKinds.all), ("plane", PlaneKinds.all), ("postgres", PostgresKinds.all),
        ("slack", SlackKinds.all), ("spaces", SpacesKinds.all), ("supabase", SupabaseKinds.all),
        ("vercel", VercelKinds.all),
    ]

    /// Left out where nobody configured it: its kinds are unknown then, and keep no drift open.
    private var docker: [any Driver] {
        guard let account = configuration.providers["docker"], !account.apiURL.isEmpty else { return [] }
        guard let host = DockerHost(account.apiURL, certificates: account.options["cert_path"]) else {
            return [
                UnconfiguredDriver(
                    provider: "docker", schemas: DockerKinds.all,
                    reason: "an engine of another machine is spoken to with certificates only: set cert_path")
            ]
        }
        var logins: RegistryLogins?
        if let text = account.secrets["auth_config"]?.follow(in: environment) {
            logins = RegistryLogins(text)
            guard logins != nil else {
                return [
                    UnconfiguredDriver(
                        provider: "docker", schemas: DockerKinds.all,
                        reason: "the logins to registries are not what `docker login` writes: {\"auths\": {REGISTRY: "
                            + "{\"auth\": …}}}; a login that a helper program keeps can't be used")
                ]
            }
        }
        // The connection is its own: a socket, or a certificate that is shown to nobody else.
        return [
            DockerDriver(
                host: host, transport: PermittedTransport(CurlTransport(host.options)), logins: logins,
                installation: configuration.installation, time: time, random: random)
        ]
    }

    /// Left out where nobody configured it, like Docker.
    private var postgres: [any Driver] {
        guard let uri = configuration.providers["postgres"]?.credential?.follow(in: environment) else { return [] }
        return [PostgresDriver(uri: uri, resolve: { [environment] in $0.resolve(in: environment) })]
    }

    /// What reads lists of modules on servers of `modules.servers`, sorted by cluster; no driver, for nothing is wanted there.
    var moduleReaders: [ModuleReader] {
        configuration.moduleServers.sorted { $0.key.precedesByBytes($1.key) }.map { cluster, reference in
            ModuleReader(cluster: cluster, reference: reference) { [environment] in reference.resolve(in: environment) }
        }
    }

    var moduleServers: [ModuleServer] { moduleReaders.map { ModuleServer(cluster: $0.cluster, listing: $0) } }

    /// Left out where nobody configured it, like Docker.
    private var spaces: [any Driver] {
        guard let account = configuration.providers["spaces"],
            let key = account.secrets["access_key_id"]?.follow(in: environment),
            let secret = account.credential?.follow(in: environment)
        else { return [] }
        return [
            SpacesDriver(
                credential: SpacesCredential(accessKey: key, secretKey: secret),
                endpoint: SpacesEndpoint(configured: account.apiURL), transport: transport,
                budget: budgets.budget(provider: "spaces", credential: secret, .spaces), time: time, random: random)
        ]
    }

    /// Left out where nobody configured it, like Docker.
    private var vercel: [any Driver] {
        guard let account = configuration.providers["vercel"],
            let token = account.credential?.follow(in: environment)
        else { return [] }
        return [
            VercelDriver(
                token: token, team: account.options["team"], baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "vercel", credential: token, .vercel), time: time, random: random
            ) { [environment] in $0.resolve(in: environment) }
        ]
    }

    /// Left out where nobody configured it, like Spaces.
    private var supabase: [any Driver] {
        guard let account = configuration.providers["supabase"],
            let token = account.credential?.follow(in: environment)
        else { return [] }
        return [
            SupabaseDriver(
                token: token, organization: account.options["organization"], project: account.options["project"],
                baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "supabase", credential: token, .supabase), time: time, random: random
            ) { [environment] in $0.resolve(in: environment) }
        ]
    }

    private var mailgun: [any Driver] {
        optional("mailgun") { account, key in
            MailgunDriver(
                apiKey: key, baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "mailgun", credential: key, .mailgun), time: time, random: random)
        }
    }

    private var plane: [any Driver] {
        optional("plane") { account, key in
            PlaneDriver(
                apiKey: key, workspace: account.options["workspace"], baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "plane", credential: key, .plane), time: time, random: random)
        }
    }

    /// No driver where the account has no credential: its kinds are unknown then, and keep no drift open.
    private func optional(_ name: String, _ make: (Configuration.Provider, Secret) -> any Driver) -> [any Driver] {
        guard let account = configuration.providers[name], let secret = account.credential?.follow(in: environment)
        else { return [] }
        return [make(account, secret)]
    }

    private var slack: [any Driver] {
        optional("slack") { account, token in
            SlackDriver(
                token: token, baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "slack", credential: token, .slack), time: time, random: random)
        }
    }

    /// Left out where nobody configured it, like Docker.
    private var github: [any Driver] {
        guard let account = configuration.providers["github"],
            let token = account.credential?.follow(in: environment)
        else { return [] }
        return [
            GitHubDriver(
                token: token, baseURL: account.apiURL, transport: transport,
                budget: budgets.budget(provider: "github", credential: token, .gitHub),
                hookSecret: account.secrets["webhook_secret"]?.follow(in: environment),
                login: account.options["login"],
                time: time, random: random
            ) { [environment] in $0.resolve(in: environment) }
        ]
    }

    /// The driver of an account whose main credential is there, and what stands in for it when it isn't.
    private func driver(
        _ name: String, _ schemas: [KindSchema], _ make: (Configuration.Provider, Secret) -> any Driver
    ) -> any Driver {
        guard let account = configuration.providers[name], let reference = account.credential else {
            return UnconfiguredDriver(provider: name, schemas: schemas, reason: "it is not configured")
        }
        guard let secret = reference.follow(in: environment) else {
            return UnconfiguredDriver(
                provider: name, schemas: schemas, reason: "no credential: \(reference) is not set")
        }
        return make(account, secret)
    }
}
