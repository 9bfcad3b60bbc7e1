/// A document from which something is wanted, with the path below a root at which it stands.
enum ManagedDocument: Hashable, CaseIterable {
    case policies
    case environments
    case inventory
    case digitalOceanPolicy
    case integrationsIndex
    case convergence
    case lock
    case repositories
    case mustHaveBase
    case mustHaveAccounting
    case parity
    case orphans

    /// The path below a root, without the ending; `.yaml` and `.yml` are both read.
    var stem: String {
        switch self {
        case .policies: ".odooops/policies"
        case .environments: "environments"
        case .inventory: "infra/digitalocean/inventory"
        case .digitalOceanPolicy: "infra/digitalocean/policy"
        case .integrationsIndex: "integrations/_index"
        case .convergence: "maintenance/convergence"
        case .lock: ModuleEntry.List.lock.rawValue
        case .repositories: ModuleEntry.List.repositories.rawValue
        case .mustHaveBase: ModuleEntry.List.mustHaveBase.rawValue
        case .mustHaveAccounting: ModuleEntry.List.mustHaveAccounting.rawValue
        case .parity: ModuleEntry.List.parity.rawValue
        case .orphans: ModuleEntry.List.orphans.rawValue
        }
    }

    /// What its `schema` says, by which it is found at another path too.
    var schema: String {
        switch self {
        case .policies: "odooops.policies.v1"
        case .environments: "ssot.environments.v1"
        case .inventory: "ssot.infra.digitalocean.inventory.v1"
        case .digitalOceanPolicy: "ssot.infra.digitalocean.policy.v1"
        case .integrationsIndex: "ssot.integrations.index.v1"
        case .convergence: "ssot.maintenance.convergence.v1"
        case .lock: "ssot.odoo.oca_lock.v1"
        case .repositories: "ssot.odoo.oca_repos.v1"
        case .mustHaveBase: "ssot.oca.must_have_base.v1"
        case .mustHaveAccounting: "ssot.oca.must_have_accounting.v1"
        case .parity: "ssot.odoo.parity.oca_p0_allowlist.v1"
        case .orphans: "ssot.odoo.orphan_addons_allowlist.v1"
        }
    }

    /// The domain that reads it.
    var domain: String {
        switch self {
        case .policies: "policies"
        case .environments: "environments"
        case .inventory, .digitalOceanPolicy: "digitalocean"
        case .integrationsIndex: "integrations"
        case .convergence: "convergence"
        case .lock, .repositories, .mustHaveBase, .mustHaveAccounting, .parity, .orphans: "modules"
        }
    }

    /// The list of modules that it holds; nil where it is none.
    var moduleList: ModuleEntry.List? { ModuleEntry.List(rawValue: stem) }

    /// What is unknown when nothing of it can be read.
    var scopes: [UnknownScope.Extent] {
        switch self {
        case .policies, .environments: [.environments]
        case .inventory: ResourceKind.inventoryKinds.map { .kind($0) }
        case .digitalOceanPolicy: ResourceKind.policedKinds.map { .kind($0) }
        case .integrationsIndex: [.kind(.integration)]
        case .convergence: [.kind(.convergenceCheck)]
        case .lock, .repositories, .mustHaveBase, .mustHaveAccounting, .parity, .orphans: [.kind(.moduleEntry)]
        }
    }
}

extension ResourceKind {
    /// The kinds that `inventory.yaml` declares.
    static let inventoryKinds: [ResourceKind] = [
        .droplet, .tag, .domain, .record, .firewall, .databaseCluster, .database, .databaseUser, .databasePool,
        .databaseFirewall, .spacesBucket,
    ]
    /// The kinds that a surface of the DigitalOcean policy rules.
    static let policedKinds: [ResourceKind] = [.droplet, .databaseCluster, .spacesBucket]
}
