/// A document from which something is wanted, with the path below a root at which it stands.
///
/// Each domain declares its own in an extension; `all` puts them together.
struct ManagedDocument: Sendable {
    /// The path below a root, without the ending; `.yaml` and `.yml` are both read.
    let stem: String
    /// Other paths below a root at which it is found too, where nothing stands at the first.
    let otherStems: [String]
    /// What its `schema` says, by which it is found at another path too; the first is the one to write.
    ///
    /// Empty where it has none of its own. Several are versions that are all read.
    let schemas: [String]
    /// The domain that reads it.
    let domain: String
    /// What is unknown when nothing of it can be read.
    let scopes: [UnknownScope.Extent]

    init(
        _ stem: String, also otherStems: [String] = [], schemas: [String], domain: String,
        scopes: [UnknownScope.Extent] = []
    ) {
        self.stem = stem
        self.otherStems = otherStems
        self.schemas = schemas
        self.domain = domain
        self.scopes = scopes
    }

    /// Whether a schema is one of this document's in a version that is not read: `….v2` where only `….v1` is.
    func isStrangeVersion(_ schema: String) -> Bool {
        guard !schemas.contains(schema), let family = Self.family(of: schema) else { return false }
        return schemas.contains { Self.family(of: $0) == family }
    }

    /// What stands before the `.v` and the digits of a version; nil where a schema has none.
    static func family(of schema: String) -> Substring? {
        let digits = schema.utf8.reversed().prefix { (48...57).contains($0) }.count
        let rest = schema.dropLast(digits)
        return digits > 0 && rest.hasSuffix(".v") ? rest.dropLast(2) : nil
    }

    /// Every document that the domains read.
    static let all: [ManagedDocument] =
        [policies, environments, overrides, inventory, digitalOceanPolicy, integrationsIndex, convergence] + moduleLists
        + operations

    /// The paths below a root at which they are found.
    static let stems = Set(all.flatMap { [$0.stem] + $0.otherStems })

    /// Those of which each says what may go, or holds what goes where it isn't named any more.
    static let guards: [ManagedDocument] = [policies, environments, overrides, inventory, digitalOceanPolicy]

    static let policies = ManagedDocument(
        ".odooops/policies", schemas: ["odooops.policies.v1"], domain: "policies", scopes: [.environments])
    static let environments = ManagedDocument(
        "environments", schemas: ["ssot.environments.v1"], domain: "environments", scopes: [.environments])
    static let inventory = ManagedDocument(
        "infra/digitalocean/inventory", schemas: ["ssot.infra.digitalocean.inventory.v1"], domain: "digitalocean",
        scopes: ResourceKind.inventoryKinds.map { .kind($0) })
    static let digitalOceanPolicy = ManagedDocument(
        "infra/digitalocean/policy", schemas: ["ssot.infra.digitalocean.policy.v1"], domain: "digitalocean",
        scopes: ResourceKind.policedKinds.map { .kind($0) })
    static let integrationsIndex = ManagedDocument(
        "integrations/_index", schemas: ["ssot.integrations.index.v1"], domain: "integrations",
        scopes: [.kind(.integration)])
    static let convergence = ManagedDocument(
        "maintenance/convergence", schemas: ["ssot.maintenance.convergence.v1"], domain: "convergence",
        scopes: [.kind(.convergenceCheck), .kind(.supabaseFunction), .kind(.vercelVariable)])
    /// Their schemas are named like their paths: `ssot.odoo.oca_lock.v1`.
    static let moduleLists = ModuleEntry.List.allCases.map { list in
        ManagedDocument(
            list.rawValue, schemas: ["ssot.\(list.rawValue.split(separator: "/").joined(separator: ".")).v1"],
            domain: "modules", scopes: [.kind(.moduleEntry)])
    }

    /// The list of modules that it holds; nil where it is none.
    var moduleList: ModuleEntry.List? { ModuleEntry.List(rawValue: stem) }
}

extension ResourceKind {
    /// The kinds that `inventory.yaml` declares.
    static let inventoryKinds: [ResourceKind] = [
        .droplet, .tag, .domain, .record, .firewall, .databaseCluster, .database, .databaseUser, .databasePool,
        .databaseFirewall, .spacesBucket, .spacesKey, .vpc, .volume, .snapshot, .project,
    ]
    /// The kinds that a surface of the DigitalOcean policy rules.
    public static let policedKinds: [ResourceKind] = [.droplet, .databaseCluster, .spacesBucket, .volume]
}
