extension DocumentShape {
    /// Every document that is found by its path, with what else it is known by.
    ///
    /// One with a schema of its own and one place is read wherever it stands; here it is without it.
    static let all: [DocumentShape] = core + gitHub + platforms + plane + operations

    private init(_ document: ManagedDocument, _ marks: [String], _ evidence: Evidence = .name) {
        // What those hold that a pass remembers by itself is kept by that (`PLAN-0018`).
        let isGuard = ManagedDocument.guards.contains { $0.stem == document.stem }
        self.init(.file(document.stem), marks: marks, evidence, kinds: isGuard ? [] : document.scopes)
    }

    private static func kinds(_ kinds: ResourceKind...) -> [UnknownScope.Extent] { kinds.map { .kind($0) } }

    private static let core = [
        DocumentShape(.policies, ["branch_mappings"], .whole),
        DocumentShape(.environments, ["environments.*.tier"]),
        DocumentShape(.inventory, ["droplets"]),
        DocumentShape(.digitalOceanPolicy, ["allowed_surfaces"]),
        DocumentShape(.integrationsIndex, ["integrations"]),
        DocumentShape(.convergence, ["environments"]),
        DocumentShape(
            .file("infra/digitalocean/monitoring"), marks: ["alert_policies"], kinds: kinds(.alertPolicy)),
        DocumentShape(
            .file("providers/digitalocean/provider"), marks: ["provider.api", "capabilities"], kinds: []),
    ]

    private static let gitHub = [
        DocumentShape(
            .file("github/branch-protection"), marks: ["repo", "branches.*"],
            kinds: kinds(.branchProtection, .ruleset)),
        DocumentShape(
            .file("github/branch-protection"), marks: ["repo", "branches.*.*.desired"], .whole,
            kinds: kinds(.branchProtection, .ruleset)),
        DocumentShape(.file("github/org-policy"), marks: ["org"], kinds: kinds(.organizationSetting)),
        DocumentShape(
            .file("github/org-policy"), marks: ["org", "*.*.desired"], .whole,
            kinds: kinds(.organizationSetting)),
        DocumentShape(
            .file("github/enterprise-cloud"), schemas: ["ssot.github.enterprise.v1"],
            marks: ["advanced_security.desired_state"], .whole, kinds: kinds(.organizationSetting)),
        DocumentShape(
            .file("github/org_repos"), marks: ["org", "repos"], .whole,
            kinds: kinds(.repository, .gitHubProject, .gitHubHook, .gitHubLabel)),
        DocumentShape(
            .folder("github/apps"), marks: ["app.permissions"], .whole,
            kinds: kinds(.gitHubApp)),
        DocumentShape(
            .folder("github/apps"), marks: ["app.name", "app.app_id"], .whole,
            kinds: kinds(.gitHubApp)),
        DocumentShape(.file("github/apps/org-installed"), marks: ["apps"], kinds: kinds(.gitHubApp)),
        DocumentShape(.file("github/apps"), marks: ["apps"], .folderAndName, kinds: kinds(.gitHubApp)),
        DocumentShape(.file("github/apps"), marks: ["apps.*.permissions"], kinds: kinds(.gitHubApp)),
        DocumentShape(.file("github/apps"), marks: ["apps.*.owner_org"], kinds: kinds(.gitHubApp)),
        DocumentShape(
            .file("github/app-manifest"), marks: ["name", "permissions"], kinds: kinds(.gitHubApp)),
        DocumentShape(
            .folder("github/projects/templates"), marks: ["project", "labels"], kinds: kinds(.gitHubLabel)),
        DocumentShape(
            .folder("github/projects/templates"), marks: ["template_id", "labels"], .whole,
            kinds: kinds(.gitHubLabel)),
        DocumentShape(
            .folder("github/projects"), schemas: ["ssot.github.projects.projection.v1"],
            marks: ["projection.project_slug"], .whole, kinds: kinds(.gitHubProject, .gitHubLabel)),
    ]

    private static let platforms = [
        DocumentShape(
            .file("vercel/projects"), marks: ["projects", "monorepo"], .whole,
            kinds: VercelReader.kinds.map { .kind($0) }),
        DocumentShape(
            .file("vercel/projects"), marks: ["projects"], .folderAndName, kinds: VercelReader.kinds.map { .kind($0) }),
        vercelProject(["name", "projectId"]), vercelProject(["name", "productionBranch"]),
        vercelProject(["name", "expectedDomains"]), vercelProject(["name", "rootDirectory"]),
        DocumentShape(
            .folder("vercel/projects", isJSON: true), marks: ["name"],
            kinds: VercelReader.kinds.map { .kind($0) }),
        supabaseProject(["project_ref"], .name), supabaseProject(["project_ref", "functions.*.slug"]),
        supabaseProject(["project_ref", "secrets.*.value_from"]),
        supabaseProject(["project_ref", "branches.*.git_branch"]),
        DocumentShape(.file("supabase/feature_adoption"), marks: ["features"], kinds: []),
        slack("integrations/slack", ["slack_apps"], .whole),
        slack("integrations/slack", ["app", "required_scopes"]), slack("integrations/slack", ["channels"]),
        slack("integrations/slack", ["allowed_channels"], .whole),
        DocumentShape(
            .file("integrations/slack_agent.install"), marks: ["required_scopes"],
            kinds: kinds(.slackApp, .slackChannel)),
        DocumentShape(.folder("slack"), marks: [], kinds: kinds(.slackApp, .slackChannel)),
        DocumentShape(.file("qa/autonoma_slack"), marks: ["slack"], kinds: kinds(.slackChannel)),
    ]

    /// The words of Vercel's interface are on their own no proof: many a JSON has one of them.
    private static func vercelProject(_ marks: [String]) -> DocumentShape {
        DocumentShape(
            .folder("vercel/projects", isJSON: true), marks: marks, .whole,
            kinds: VercelReader.kinds.map { .kind($0) })
    }

    private static func supabaseProject(_ marks: [String], _ evidence: Evidence = .whole) -> DocumentShape {
        DocumentShape(
            .file("supabase/project"), marks: marks, evidence, kinds: SupabaseDocument.kinds.map { .kind($0) })
    }

    private static func slack(_ folder: String, _ marks: [String], _ evidence: Evidence = .name) -> DocumentShape {
        DocumentShape(
            .folder(folder), schemas: ["ssot.integrations.slack_apps.v1"], marks: marks,
            evidence, kinds: kinds(.slackApp, .slackChannel))
    }

    private static let plane =
        PlaneReader.kinds.map { list, kind in
            DocumentShape(
                .file("plane/taxonomy/\(list)"), schemas: ["ssot.plane.taxonomy.\(list).v1"], marks: [list],
                .folderAndName,
                kinds: kinds(kind))
        } + [
            DocumentShape(
                .file("plane/taxonomy/estimates"), schemas: ["ssot.plane.taxonomy.estimates.v1"],
                marks: ["allowed_values"], kinds: kinds(.planeEstimate)),
            DocumentShape(
                .folder("plane/projects"), schemas: ["ssot.plane.project.v1"],
                marks: ["workspace_slug", "project.key"], .whole, kinds: planeKinds),
            DocumentShape(
                .folder("plane/contracts"), schemas: ["ssot.plane.clarity_ppm.v1"],
                marks: ["contract.project_ref"], .whole, kinds: planeKinds),
            DocumentShape(
                .file("mappings/plane_github"), marks: ["mappings.*.repo_full_name"], .whole,
                kinds: kinds(.planeMapping)),
        ]
        + ["github", "plane"].map { provider in
            DocumentShape(
                .file("sources/\(provider)/work_items"), marks: ["source.kind", "ingest.ref_format"],
                .whole, kinds: [])
        }

    private static let planeKinds: [UnknownScope.Extent] =
        kinds(.planeProject, .planeEstimate) + PlaneReader.kinds.map { .kind($0.kind) }

    private static let operations =
        [
            DocumentShape(
                .folder("domains"), schemas: ["ssot.domains.v1"], marks: ["apex"], kinds: kinds(.dnsRecord)),
            DocumentShape(
                .folder("domains"), marks: ["apex", "canonical_subdomains"], .whole,
                kinds: kinds(.dnsRecord)),
            DocumentShape(.subdomainRegistry, ["domain", "subdomains"], .whole),
            DocumentShape(.secretsRegistry, ["secrets"]), DocumentShape(.secretsInventory, ["inventory"]),
            DocumentShape(.failureModes, ["failure_modes"]), DocumentShape(.releaseContract, ["required_fields"]),
            DocumentShape(.vulnerabilityPolicy, ["thresholds"]), DocumentShape(.branchHygiene, ["retention"]),
            DocumentShape(.schedules, ["chores"]), DocumentShape(.mail, ["production"]), DocumentShape(.mail, ["prod"]),
            DocumentShape(.mailgun, ["mailgun"]),
            DocumentShape(.mailgun, ["mailgun.domain", "mailgun.webhook"], .whole),
            DocumentShape(.productionSettings, ["email"]),
            DocumentShape(
                .folder("odoo/install_sets"), schemas: ["ssot.odoo.install_set.v1"],
                marks: ["targets", "module_tiers"], .whole, kinds: kinds(.moduleEntry)),
            DocumentShape(.file("odoo/install_manifest"), marks: ["waves"], kinds: kinds(.moduleEntry)),
            DocumentShape(.file("modules/waves"), marks: ["waves"], .folderAndName, kinds: kinds(.moduleEntry)),
            DocumentShape(
                .folder("advisor/rulepacks"), marks: ["id", "pillar", "rules"], .whole,
                kinds: []),
            DocumentShape(
                .folder("advisor/rubrics"), marks: ["id", "pillar", "dimensions"],
                .whole, kinds: []),
            DocumentShape(
                .folder("advisor/workbooks"), marks: ["id", "pillar", "steps"], .whole,
                kinds: []),
        ] + ManagedDocument.moduleLists.flatMap { [DocumentShape($0, ["modules"]), DocumentShape($0, ["repos"])] }
}
