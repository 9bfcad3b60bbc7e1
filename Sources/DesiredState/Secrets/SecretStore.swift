/// The stores of secrets: their names, and the keys under which the registry names what they hold.
public enum SecretStore {
    /// Whether a store has a name by itself, without anybody who puts it there: GitHub makes `GITHUB_TOKEN` for each run.
    public static func isBuiltIn(_ name: String, in store: some StringProtocol) -> Bool {
        store == "github_actions" && name == "GITHUB_TOKEN"
    }

    /// Whether a store takes no such name: GitHub's begin in no case with `GITHUB_` (docs.github.com, naming your secrets).
    public static func refuses(_ name: String, in store: some StringProtocol) -> Bool {
        store == "github_actions" && name.uppercased().hasPrefix("GITHUB_") && !isBuiltIn(name, in: store)
    }

    static let known = [
        "github_actions", "vercel_env", "supabase_vault", "os_keychain", "odoo_config_parameter", "platform",
        "cloudflare_workers",
    ]

    /// The keys of an entry that say its name in a store.
    static let nameKeys: [(store: String, key: String)] = [
        ("github_actions", "github_secret_name"), ("vercel_env", "vercel_env_name"),
        ("supabase_vault", "vault_secret_name"), ("os_keychain", "os_keychain_service"),
    ]

    /// One name for each store, whatever the documents call it.
    static func usual(_ name: String) -> String {
        switch name {
        case "github_secret", "github_secrets", "github_actions_secret": "github_actions"
        case "keychain", "macos_keychain": "os_keychain"
        case "vault", "supabase_vault_secret": "supabase_vault"
        default: name
        }
    }

    /// Whether its names are those of environment variables.
    static func hasVariables(_ store: String) -> Bool { store == "github_actions" || store == "vercel_env" }

    /// The name that a consumer of the store gives: many give a path or an application instead.
    static func name(in consumers: [SecretEntry.Consumer], of store: String) -> String? {
        consumers.lazy.filter { usual($0.store ?? "") == store }.compactMap(\.identifier).first {
            isName($0, in: store)
        }
    }

    private static func isName(_ text: String, in store: String) -> Bool {
        let upper = text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
        switch store {
        case "github_actions", "vercel_env": return upper
        case "supabase_vault":
            return upper
                || text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        case "odoo_config_parameter": return text.contains(".") && !text.contains("/")
        default: return false
        }
    }
}
