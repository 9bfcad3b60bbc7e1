/// The kinds that this version knows, with the form of their names.
extension ResourceKind {
    /// Name: the droplet's name.
    public static let droplet = ResourceKind("digitalocean.droplet")
    /// Name: the tag.
    public static let tag = ResourceKind("digitalocean.tag")
    /// Name: the domain, `example.com`.
    public static let domain = ResourceKind("digitalocean.domain")
    /// Name: `example.com/A/erp`, and for types that may hold several records `example.com/MX/@/<data>`.
    public static let record = ResourceKind("digitalocean.record")
    /// Name: the firewall's name.
    public static let firewall = ResourceKind("digitalocean.firewall")
    /// Name: the cluster's name.
    public static let databaseCluster = ResourceKind("digitalocean.database_cluster")
    /// Name: `cluster/database`.
    public static let database = ResourceKind("digitalocean.database")
    /// Name: `cluster/user`.
    public static let databaseUser = ResourceKind("digitalocean.database_user")
    /// Name: `cluster/pool`.
    public static let databasePool = ResourceKind("digitalocean.database_pool")
    /// Name: the cluster's name; the trusted sources are one list that is replaced as a whole.
    public static let databaseFirewall = ResourceKind("digitalocean.database_firewall")
    /// Name: the cluster's name; what the provider keeps of a cluster, observed and never changed.
    public static let databaseBackup = ResourceKind("digitalocean.database_backup")
    /// Name: the network's name.
    public static let vpc = ResourceKind("digitalocean.vpc")
    /// Name: the volume's name.
    public static let volume = ResourceKind("digitalocean.volume")
    /// Name: the snapshot's name.
    public static let snapshot = ResourceKind("digitalocean.snapshot")
    /// Name: the project's name.
    public static let project = ResourceKind("digitalocean.project")
    /// Name: `droplet/metric/level`.
    public static let alertPolicy = ResourceKind("digitalocean.alert_policy")
    /// Name: the key's name; never its secret.
    public static let spacesKey = ResourceKind("digitalocean.spaces_key")
    /// A surface of the policy as a whole, held by no provider; name: as the policy writes it, such as `droplets`.
    public static let policySurface = ResourceKind("digitalocean.surface")
    /// Name: the bucket's name.
    public static let spacesBucket = ResourceKind("spaces.bucket")
    /// Name: the container's name on its engine.
    public static let container = ResourceKind("docker.container")
    /// Name: the image's name with its tag or digest, `odoo:19.0`.
    public static let containerImage = ResourceKind("docker.image")
    /// Name: the network's name.
    public static let containerNetwork = ResourceKind("docker.network")
    /// Name: the volume's name.
    public static let containerVolume = ResourceKind("docker.volume")
    /// Name: the database's name on its server.
    public static let serverDatabase = ResourceKind("postgres.database")
    /// Name: the role's name on its server.
    public static let serverRole = ResourceKind("postgres.role")
    /// A row of the catalogue, held by no provider; name: the integration's id.
    public static let integration = ResourceKind("ops.integration")
    /// A check of convergence, held by no provider; name: `environment/kind/key`.
    public static let convergenceCheck = ResourceKind("ops.convergence_check")
    /// An entry of a module list, held by no provider; name: `list/module`.
    public static let moduleEntry = ResourceKind("odoo.module_entry")
    /// The name of a secret in a store; name: `store/name`, such as `github_actions/VERCEL_TOKEN`.
    public static let secretPresence = ResourceKind("secrets.presence")
    /// How a tier sends mail; name: the tier.
    public static let mailTransport = ResourceKind("mail.transport")
    /// A name of a zone, whoever serves the zone; name: `zone/type/name`, such as `example.com/A/erp`.
    public static let dnsRecord = ResourceKind("dns.record")
    /// A chore that runs by the clock; name: its id.
    public static let schedule = ResourceKind("ops.schedule")
}

/// The kinds of providers that have no driver yet: planned as unknown, and left alone.
extension ResourceKind {
    /// Name: the project's name.
    public static let vercelProject = ResourceKind("vercel.project")
    /// Name: the function's slug.
    public static let supabaseFunction = ResourceKind("supabase.function")
    /// Name: `owner/repository/branch`.
    public static let branchProtection = ResourceKind("github.branch_protection")
    /// Name: `owner/repository/ruleset`.
    public static let ruleset = ResourceKind("github.ruleset")
    /// Name: the path of the setting, `organization.two_factor_requirement`.
    public static let organizationSetting = ResourceKind("github.org_setting")
    /// Name: `owner/repository`.
    public static let repository = ResourceKind("github.repository")
    /// Name: the app's slug.
    public static let gitHubApp = ResourceKind("github.app")
    /// Name: the app's name.
    public static let slackApp = ResourceKind("slack.app")
    /// Name: the project's key.
    public static let planeProject = ResourceKind("plane.project")
    /// Name: `project/state`.
    public static let planeState = ResourceKind("plane.state")
    /// Name: `project/label`; a label may hold slashes.
    public static let planeLabel = ResourceKind("plane.label")
    /// Name: `project/module`.
    public static let planeModule = ResourceKind("plane.module")
    /// Name: `project/cycle`.
    public static let planeCycle = ResourceKind("plane.cycle")
    /// Name: the project's key; the scale is replaced as a whole.
    public static let planeEstimate = ResourceKind("plane.estimate")
    /// Name: the repository's full name.
    public static let planeMapping = ResourceKind("plane.github_mapping")
}
