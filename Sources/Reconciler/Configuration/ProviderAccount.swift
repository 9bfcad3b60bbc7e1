import Basics

/// A provider that the configuration can name: where its credential comes from, and under which names its own tools know it.
public struct ProviderAccount: Sendable {
    /// One secret of the account: a key of the file, and the variable that counts where the file says nothing.
    struct SecretKey: Sendable {
        let key: String
        let variable: String
        let meaning: String
        /// Whether the account can do without it.
        var isOptional = false
    }

    /// One plain setting of the account.
    struct Option: Sendable {
        let key: String
        let variable: String?
        let fallback: String?
        let meaning: String
    }

    /// As in `providers.NAME`, and the first part of the names of its kinds.
    public let name: String
    /// As people write it.
    public let title: String
    let secrets: [SecretKey]
    /// The base address of the API; nil where it has none.
    let address: Option?
    let options: [Option]

    /// Every provider, sorted by name.
    public static let all: [ProviderAccount] = [
        account(
            "digitalocean", "DigitalOcean", "token", "DIGITALOCEAN_ACCESS_TOKEN", "https://api.digitalocean.com",
            options: [
                Option(
                    key: "key_directory", variable: "ODOOOPS_KEY_DIRECTORY", fallback: nil,
                    meaning: "directory that gets the secrets of new keys of Spaces; without it no key is made")
            ]),
        ProviderAccount(
            name: "docker", title: "Docker",
            secrets: [
                SecretKey(
                    key: "auth_config", variable: "DOCKER_AUTH_CONFIG",
                    meaning:
                        "reference to the logins to registries, as `docker login` writes them; for images that not "
                        + "everybody may pull", isOptional: true)
            ],
            address: Option(
                key: "host", variable: "DOCKER_HOST", fallback: nil,
                meaning: "unix:///var/run/docker.sock, or tcp://HOST:2376 with certificates"),
            options: [
                Option(
                    key: "cert_path", variable: "DOCKER_CERT_PATH", fallback: nil,
                    meaning: "directory of ca.pem, cert.pem and key.pem for tcp://")
            ]),
        ProviderAccount(
            name: "github", title: "GitHub",
            secrets: [
                SecretKey(key: "token", variable: "GITHUB_TOKEN", meaning: "reference to the API token"),
                SecretKey(
                    key: "webhook_secret", variable: "GITHUB_WEBHOOK_SECRET",
                    meaning: "reference to the secret that hooks sign with", isOptional: true),
            ],
            address: Option(
                key: "api_url", variable: "GITHUB_API_URL", fallback: "https://api.github.com",
                meaning: "base address of the API"),
            options: [
                Option(
                    key: "login", variable: "GITHUB_LOGIN", fallback: nil,
                    meaning: "whose the token is, where GitHub doesn't tell: an app's, such as `odooops[bot]`")
            ]),
        account("mailgun", "Mailgun", "api_key", "MAILGUN_API_KEY", "https://api.mailgun.net"),
        account(
            "plane", "Plane", "api_key", "PLANE_API_KEY", "https://api.plane.so",
            options: [
                Option(key: "workspace", variable: "PLANE_WORKSPACE", fallback: nil, meaning: "slug of the workspace")
            ]),
        ProviderAccount(
            name: "postgres", title: "PostgreSQL",
            secrets: [
                SecretKey(
                    key: "url", variable: "POSTGRES_ADMIN_URL",
                    meaning: "reference to the postgres:// URI of the server whose databases and roles are managed")
            ],
            address: nil, options: []),
        account("slack", "Slack", "token", "SLACK_BOT_TOKEN", "https://slack.com/api"),
        ProviderAccount(
            name: "spaces", title: "Spaces",
            secrets: [
                SecretKey(
                    key: "secret_access_key", variable: "SPACES_SECRET_ACCESS_KEY",
                    meaning: "reference to the secret of the access key"),
                SecretKey(
                    key: "access_key_id", variable: "SPACES_ACCESS_KEY_ID", meaning: "reference to the access key's id"),
            ],
            address: Option(
                key: "endpoint_url", variable: "SPACES_ENDPOINT_URL", fallback: nil,
                meaning: "address for all regions; without it each region's own, https://REGION.digitaloceanspaces.com"
            ),
            options: []),
        account(
            "supabase", "Supabase", "token", "SUPABASE_ACCESS_TOKEN", "https://api.supabase.com",
            options: [
                Option(
                    key: "organization", variable: "SUPABASE_ORGANIZATION", fallback: nil,
                    meaning: "slug of the organization"),
                Option(
                    key: "project", variable: "SUPABASE_PROJECT_ID", fallback: nil,
                    meaning: "reference of the project whose functions are looked after"),
            ]),
        account(
            "vercel", "Vercel", "token", "VERCEL_TOKEN", "https://api.vercel.com",
            options: [
                Option(
                    key: "team", variable: "VERCEL_TEAM_ID", fallback: nil,
                    meaning: "id of the team that owns the projects")
            ]),
    ]

    /// An account with one bearer token or key and an address.
    private static func account(
        _ name: String, _ title: String, _ key: String, _ variable: String, _ address: String, options: [Option] = []
    ) -> ProviderAccount {
        ProviderAccount(
            name: name, title: title,
            secrets: [
                SecretKey(
                    key: key, variable: variable,
                    meaning: "reference to the \(key == "token" ? "API token" : "API key")")
            ],
            address: Option(
                key: "api_url", variable: "\(name.uppercased())_API_URL", fallback: address,
                meaning: "base address of the API"),
            options: options)
    }

    /// The keys of the file that belong to the account.
    var keys: [ConfigurationKey] {
        secrets.map {
            ConfigurationKey("providers.\(name).\($0.key)", variable: nil, fallback: "env:\($0.variable)", $0.meaning)
        }
            + ((address.map { [$0] } ?? []) + options).map {
                ConfigurationKey(
                    "providers.\(name).\($0.key)", variable: $0.variable, fallback: $0.fallback ?? "none", $0.meaning)
            }
    }

    /// What to do when its credential is missing.
    public var remedy: String? { cure.map { "E" + $0.dropFirst() + "." } }

    /// The same as a clause.
    var cure: String? {
        let needed = secrets.filter { !$0.isOptional }
        if let secret = needed.first {
            return "export \(needed.map(\.variable).joined(separator: " and ")), "
                + "or name a reference as providers.\(name).\(secret.key)"
        }
        return address?.variable.map { "export \($0), or set providers.\(name).\(address?.key ?? "")" }
    }

    /// Why there is no driver for an account: which of its references lead to nothing, or that it has no address.
    ///
    /// - Returns: a clause; nil where nothing is missing.
    public func shortage(_ configured: Configuration.Provider?, in environment: [String: String]) -> String? {
        guard let configured else { return "it is not configured" }
        let needed = secrets.filter { !$0.isOptional }
        guard !needed.isEmpty else {
            guard configured.apiURL.isEmpty, let address else { return nil }
            return "no address: \(address.variable ?? address.key) is not set"
        }
        let empty = needed.compactMap { configured.secrets[$0.key] }.filter { $0.resolve(in: environment) == nil }
        guard !empty.isEmpty else { return nil }
        return "no credential: \(empty.map(\.description).joined(separator: " and ")) "
            + (empty.count == 1 ? "is not set" : "are not set")
    }

    /// As people write a provider's name.
    static func title(of name: String) -> String { all.first { $0.name == name }?.title ?? name }
}
