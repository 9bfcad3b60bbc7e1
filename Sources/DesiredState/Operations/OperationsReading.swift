import Basics
import Formats

/// What the documents on running the platform say: secrets, mail, names, chores, contracts and policies.
struct OperationsReading {
    let secrets: SecretsReading
    let mail: MailReading
    let domains: [DomainPolicy]
    let chores: [Chore]
    let failureModes: [FailureMode]
    let releaseContract: ReleaseContract?
    let vulnerabilityPolicy: VulnerabilityPolicy?
    let branchHygiene: BranchHygiene?
    /// What they want beside secrets, in any order.
    private(set) var drafts: [Draft]

    /// Checks, environments and platforms may need names, and the records of the DigitalOcean inventory may hold the same ones.
    init(
        _ library: inout Library, checks: [WantedCheck], environments: [Environment], records: [Draft],
        names: [DomainsResources.Need], _ report: Report
    ) {
        secrets = SecretsReading.read(library, report)
        mail = MailReader.read(&library, report)
        domains = DomainsReader.read(&library, report)
        chores = SchedulesReader.read(library, report)
        let reader = OperationsReader(library: library, report: report)
        failureModes = reader.failureModes()
        releaseContract = reader.releaseContract()
        vulnerabilityPolicy = reader.vulnerabilityPolicy()
        branchHygiene = reader.branchHygiene()
        let needs = checks.filter { $0.kind == "dns_planned" }.map {
            DomainsResources.Need(
                host: $0.key, what: "the convergence of \(quoted($0.environment))", source: $0.source)
        }
        let domainNeeds = environments.compactMap { environment in
            environment.domain.map {
                DomainsResources.Need(
                    host: $0, what: "the environment \(quoted(environment.slug))", source: environment.source)
            }
        }
        let urls = Self.urlNeeds(library.document(.productionSettings))
        drafts = mail.drafts
        drafts += DomainsResources(zones: domains, report: report).drafts(
            records: records, needs: needs + domainNeeds + urls + names)
        drafts += chores.map { SchedulesReader.draft($0) }
        // All of them serve people at once: none goes because a document lost a line.
        drafts = drafts.map(\.protected)
    }

    /// The names that have to answer in production.
    private static func urlNeeds(_ document: Library.Entry?) -> [DomainsResources.Need] {
        guard let document, let urls = document.root?.at("urls", "active_required")?.items else { return [] }
        return urls.compactMap { node in
            guard let value = node["url"]?.value, let text = value.scalar?.text, let range = text.firstRange(of: "://")
            else { return nil }
            let host = String(text[range.upperBound...].prefix { $0 != "/" && $0 != ":" && $0 != "?" && $0 != "#" })
            guard !host.isEmpty else { return nil }
            return DomainsResources.Need(host: host, what: "production", source: value.mark(in: document.path))
        }
    }

    func fill(_ state: inout DesiredState) {
        state.secrets = secrets.registry
        state.secretsInventory = secrets.inventory
        state.mail = mail.transports
        state.domains = domains
        state.chores = chores
        state.failureModes = failureModes
        state.releaseContract = releaseContract
        state.vulnerabilityPolicy = vulnerabilityPolicy
        state.branchHygiene = branchHygiene
    }
}

extension ManagedDocument {
    static let secretsRegistry = ManagedDocument(
        "secrets/registry", schemas: ["ssot.secrets.v2", "ssot.secrets.v1"], domain: "secrets",
        scopes: [.kind(.secretPresence), .kind(.supabaseSecret), .kind(.vercelVariable)])
    static let secretsInventory = ManagedDocument(
        "secrets/inventory", schemas: ["ssot.secrets.inventory.v1"], domain: "secrets")
    static let mail = ManagedDocument(
        "odoo/mail", schemas: ["ssot.odoo.mail.v1"], domain: "mail", scopes: [.kind(.mailTransport)])
    static let mailgun = ManagedDocument(
        "integrations/mailgun", schemas: [], domain: "mail", scopes: [.kind(.mailgunDomain), .kind(.mailgunWebhook)])
    static let productionSettings = ManagedDocument(
        "runtime/prod_settings", schemas: ["ssot.runtime.prod_settings.v1"], domain: "mail",
        scopes: [.resource(ResourceKey(.mailTransport, Tier.production.rawValue))])
    static let subdomainRegistry = ManagedDocument(
        "dns/subdomain-registry", also: ["infra/dns/subdomain-registry"], schemas: ["ssot.dns.subdomain_registry.v1"],
        domain: "domains", scopes: [.kind(.dnsRecord)])
    static let schedules = ManagedDocument(
        "maintenance/schedules", schemas: ["ssot.maintenance.schedules.v1"], domain: "schedules",
        scopes: [.kind(.schedule)])
    static let failureModes = ManagedDocument(
        "errors/failure_modes", schemas: ["ssot.errors.failure_modes.v1"], domain: "errors")
    static let releaseContract = ManagedDocument(
        "runtime/release_contract", schemas: ["ssot.runtime.release_contract.v1"], domain: "releases")
    static let vulnerabilityPolicy = ManagedDocument(
        "security/vuln_policy", schemas: ["ssot.security.vuln_policy.v1"], domain: "security")
    static let branchHygiene = ManagedDocument(
        "policy/branch_hygiene", schemas: ["ssot.policy.branch_hygiene.v1"], domain: "branches")

    /// The documents on running the platform.
    static let operations = [
        secretsRegistry, secretsInventory, mail, mailgun, productionSettings, subdomainRegistry, schedules,
        failureModes, releaseContract, vulnerabilityPolicy, branchHygiene,
    ]
}
