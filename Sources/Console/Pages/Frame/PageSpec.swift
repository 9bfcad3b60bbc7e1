/// One page of the console: where it is, how far along it is, and where what it shows comes from.
struct PageSpec: Sendable {
    /// How far along a page is; each page says so itself.
    enum Maturity: String, Sendable {
        case scaffold, beta, prod

        /// What the word means, for a reader who hovers or listens.
        var meaning: String {
            switch self {
            case .scaffold: "scaffold: the place is there, part of its data has no source yet"
            case .beta: "beta: complete for what it shows, the form may still change"
            case .prod: "prod: complete and held to by tests"
            }
        }
    }

    /// The groups of the navigation.
    enum Group: String, Sendable, CaseIterable {
        case operate = "Operate"
        case record = "Record"
        case platform = "Platform"
        case govern = "Govern"
        case help = "Know"
    }

    let path: StaticString
    let title: String
    let group: Group
    let maturity: Maturity
    let icon: Icon
    /// Tables, documents or parts of the process, as they are called.
    let sources: [String]

    private init(
        _ path: StaticString, _ title: String, _ group: Group, _ maturity: Maturity, _ icon: Icon, _ sources: String...
    ) {
        self.path = path
        self.title = title
        self.group = group
        self.maturity = maturity
        self.icon = icon
        self.sources = sources
    }

    static let overview = PageSpec(
        "/", "Overview", .operate, .prod, .home, "ops.runs", "ops.environments", "ops.drift_items", "ops.do_droplets",
        "ops.do_databases", "the last plan")
    static let environments = PageSpec(
        "/environments", "Environments", .operate, .prod, .layers, "ops.environments", "ops.drift_items",
        "the last plan")
    static let drift = PageSpec(
        "/drift", "Drift", .operate, .prod, .split, "ops.drift_items", "ops.drift_marks", "ops.convergence_findings")
    static let runs = PageSpec("/runs", "Runs", .operate, .prod, .play, "ops.runs", "ops.plans")
    static let deployments = PageSpec(
        "/deployments", "Deployments", .operate, .beta, .rocket, "ops.reconcile_steps", "ops.runs")
    static let maintenance = PageSpec(
        "/maintenance", "Maintenance", .operate, .beta, .clock, "the policy's windows", "maintenance/schedules.yaml",
        "ops.environments", "ops.prune_marks")

    static let audit = PageSpec("/audit", "Audit", .record, .prod, .shield, "ops.audit_log", "ops.audit_chain")
    static let logs = PageSpec(
        "/logs", "Logs", .record, .beta, .list, "ops.run_events", "ops.audit_log", "ops.reconcile_notices",
        "ops.webhook_deliveries")
    static let builds = PageSpec("/builds", "Builds", .record, .scaffold, .hammer, "ops.webhook_deliveries of GitHub")
    static let backups = PageSpec(
        "/backups", "Backups", .record, .beta, .archive, "ssot/environments.yaml", "the last look at providers")

    static let controlPlane = PageSpec(
        "/control-plane", "Control plane", .platform, .beta, .cpu, "drivers", "ops.request_budgets", "ops.leases",
        "supabase features of the SSOT")
    static let digitalOcean = PageSpec(
        "/platform/digitalocean", "DigitalOcean", .platform, .prod, .server, "ops.do_droplets", "ops.do_databases",
        "ops.do_firewalls", "ops.do_ingest_runs")
    static let database = PageSpec(
        "/database", "Database", .platform, .beta, .database, "ops.do_databases", "ops.secret_sync_runs",
        "the last look at providers")
    static let modules = PageSpec(
        "/modules", "Modules", .platform, .beta, .puzzle, "the module lists of the SSOT", "ops.environment_modules",
        "ops.module_looks")
    static let integrations = PageSpec(
        "/integrations", "Integrations", .platform, .beta, .plug, "ops.integrations_catalog", "the last plan")
    static let observability = PageSpec(
        "/observability", "Observability", .platform, .beta, .pulse, "this process's metrics", "ops.mail_events",
        "ops.webhook_deliveries")
    static let metrics = PageSpec("/metrics", "Metrics", .platform, .prod, .chart, "this process's metrics")

    static let gates = PageSpec(
        "/policy-gates", "Policy gates", .govern, .prod, .check, "the gates of the last pass", "their evidence")
    static let advisor = PageSpec(
        "/advisor", "Advisor", .govern, .beta, .bulb, "advisor/ of the SSOT", "ops.convergence_findings")
    static let settings = PageSpec(
        "/settings", "Settings", .govern, .beta, .gear, "the configuration", "secrets/registry.yaml", "the last plan")

    static let runbooks = PageSpec(
        "/runbooks", "Runbooks", .help, .prod, .book, "docs/ops/runbooks/ of the SSOT's repository")
    static let login = PageSpec("/login", "Sign in", .help, .beta, .key, "the session")

    /// Those of the navigation, in its order.
    static let all: [PageSpec] = [
        overview, environments, drift, runs, deployments, maintenance, audit, logs, builds, backups, controlPlane,
        digitalOcean, database, modules, integrations, observability, metrics, gates, advisor, settings, runbooks,
    ]
}
