import Formats

/// What a gate is about, by which a repository that has none of it is known.
///
/// A gate of something that nobody uses would be unknown for ever. It is not asked then; as soon as one document, one
/// integration, one requirement or one variable speaks of its subject, it is, and what it has no input for is unknown.
struct GateSubject: Sendable {
    /// How people call it.
    let name: String
    /// How the paths of its documents begin, below a root or from the top of the repository.
    var folders: [String] = []
    /// How the id or the vendor of an integration of it begins.
    var integration: String?
    /// What of `required` in `maintenance/convergence.yaml` is about it.
    var required: [String] = []
    /// A folder outside of the roots that is.
    var path: String?
    /// Variables of the environment that are.
    var variables: [String] = []
    /// Whether every document that names a secret is about it.
    var isSecrets = false
    /// Whether every name that is said to go through Cloudflare's proxy, or not to, is about it.
    var isProxied = false

    /// By the name of the gate.
    static let all: [String: GateSubject] = [
        "supabase_bucket_env": GateSubject(
            name: "Supabase", folders: ["supabase/"], integration: "supabase",
            required: ["functions", "supabase_vault"], variables: GateInputs.variableNames),
        "vercel_monorepo": GateSubject(
            name: "Vercel", folders: ["vercel/", "infra/vercel/"], integration: "vercel", required: ["vercel_env"]),
        "oca_allowlist": GateSubject(name: "Odoo's modules", folders: ["oca/", "odoo/"], integration: "oca"),
        "addon_allowlist": GateSubject(
            name: "modules of addons/ipai", folders: ["odoo/addon_allowlist"], path: "addons/ipai"),
        "orphan_addons": GateSubject(name: "modules beside addons/ipai", folders: ["odoo/orphan_addons_allowlist"]),
        "parity_matrices": GateSubject(name: "parity", folders: ["parity/", "bridges/"]),
        "prod_settings": GateSubject(name: "production's settings", folders: ["runtime/"]),
        "secrets_registry": GateSubject(name: "secrets", folders: ["secrets/"], isSecrets: true),
        "secrets_inventory": GateSubject(name: "secrets", folders: ["secrets/"], isSecrets: true),
        "domains": GateSubject(name: "domains", folders: ["domains/"], required: ["dns"]),
        "cloudflare_dns_drift": GateSubject(
            name: "Cloudflare", folders: ["cloudflare/", "infra/cloudflare/", GateDocuments.edgeMap],
            integration: "cloudflare", isProxied: true),
        "dns_provider_claims": GateSubject(
            name: "DNS names", folders: ["dns/", "infra/dns/"], required: ["dns"]),
    ]

    /// Whether anything speaks of it.
    ///
    /// Where no root was found nothing is known, and it may be used.
    func isUsed(_ context: GateContext) -> Bool {
        let library = context.library
        if library.roots.isEmpty || variables.contains(where: { context.inputs.variables[$0]?.isEmpty == false }) {
            return true
        }
        if library.entries.contains(where: { entry in folders.contains { entry.relative.hasPrefix($0) } }) {
            return true
        }
        if library.filesBeside.contains(where: { path in folders.contains { path.hasPrefix($0) } }) { return true }
        if let path, context.listing?.contains(path) == true { return true }
        if isSecrets, library.entries.contains(where: { $0.parsed.names.contains { $0.kind == .secret } }) {
            return true
        }
        if isProxied, context.inputs.dnsRecords != nil || namesProxy(context) { return true }
        return isRequired(library) || isIntegrated(library)
    }

    private func namesProxy(_ context: GateContext) -> Bool {
        guard let registry = context.subdomainRegistry else { return false }
        // What can't be read may speak of it.
        guard let names = registry.root?.at("subdomains")?.items else { return true }
        return names.contains { $0["cloudflare_proxied"] != nil }
    }

    private func isRequired(_ library: Library) -> Bool {
        guard !required.isEmpty, let entry = library.document(.convergence) else { return false }
        // What can't be read may require anything.
        guard let environments = entry.root?.at("environments")?.entries else { return true }
        return environments.contains { environment in
            guard !environment.isAmbiguous, let required = environment.value.at("required") else { return true }
            return self.required.contains { key in
                required[key].map { $0.isAmbiguous || !$0.value.isEmptyList } ?? false
            }
        }
    }

    private func isIntegrated(_ library: Library) -> Bool {
        guard let integration, let entry = library.document(.integrationsIndex) else { return false }
        guard let rows = entry.root?.at("integrations")?.items else { return true }
        return rows.contains { row in
            guard row.at("status")?.filledText != "planned" else { return false }
            return ["id", "vendor"].contains { key in
                // Of what stands twice any may be meant.
                row[key].map { [$0.value] + $0.duplicates.map(\.value) }?.contains {
                    $0.filledText?.lowercased().hasPrefix(integration) ?? false
                } ?? false
            }
        }
    }
}

extension Node {
    fileprivate var isEmptyList: Bool { items?.isEmpty ?? !isFilled }
}
