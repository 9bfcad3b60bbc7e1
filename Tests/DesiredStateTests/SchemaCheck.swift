import Basics
import DesiredState
import TestKit

/// Documents against the published schemas, by the public validator that `scripts/schema-check` drives.
enum SchemaCheck {
    static let isAvailable =
        Shell.has("python3") && Shell.run("python3 -c 'import jsonschema, yaml'").status == 0

    /// - Parameter pairs: schemas by their names without the ending, and paths of documents.
    /// - Returns: 0 where each fulfils its schema, and a line `document::place: why` for each fault.
    static func run(_ pairs: [(schema: String, file: String)]) -> (status: Int32, output: String) {
        guard let directory = try? TemporaryDirectory(prefix: "odooops-schemas") else { return (-1, "no directory") }
        let lines = pairs.map { "\(Places.packageRoot)/schemas/\($0.schema).json\t\($0.file)\n" }.joined()
        guard (try? directory.write(lines, to: "pairs")) != nil else { return (-1, "nothing was written") }
        let program = Shell.quote("\(Places.packageRoot)/scripts/schema-check")
        return Shell.run("\(program) < \(Shell.quote(directory.path("pairs")))")
    }

    /// The schema of a document that a domain reads, by its path below a root; nil where there is none.
    static func schema(of path: String) -> String? {
        if let name = byPath[path] { return name }
        return folders.first { folder in
            path.hasPrefix(folder.prefix) && path.hasSuffix(folder.suffix)
                && (folder.isDeep || !path.dropFirst(folder.prefix.utf8.count).contains("/"))
        }?.schema
    }

    private struct Folder {
        let prefix: String
        var suffix = ".yaml"
        var isDeep = false
        let schema: String
    }

    /// The first that fits counts.
    private static let folders = [
        Folder(prefix: "advisor/rubrics/", schema: "advisor-rubric.v1"),
        Folder(prefix: "advisor/rulepacks/", schema: "advisor-rulepack.v1"),
        Folder(prefix: "advisor/workbooks/", schema: "advisor-workbook.v1"),
        Folder(prefix: "domains/", schema: "domains.v1"),
        Folder(prefix: "github/apps/", schema: "github-apps.v1"),
        Folder(prefix: "github/projects/", schema: "github-project.v1"),
        Folder(prefix: "github/projects/templates/", schema: "github-project-template.v1"),
        Folder(prefix: "integrations/", schema: "integrations.v1"),
        Folder(prefix: "odoo/install_sets/", schema: "modules-install_set.v1"),
        Folder(prefix: "plane/contracts/", schema: "plane-contract.v1"),
        Folder(prefix: "plane/projects/", schema: "plane-project.v1"),
        Folder(prefix: "plane/taxonomy/", schema: "plane-taxonomy.v1"),
        Folder(prefix: "sources/", suffix: "/work_items.yaml", isDeep: true, schema: "sources-work_items.v1"),
        Folder(prefix: "vercel/projects/", suffix: ".json", schema: "vercel-project.v1"),
    ]

    private static let byPath = [
        ".odooops.yaml": "overrides.v1", ".odooops/policies.yaml": "policies.v1",
        "config/oca/module_allowlist.yml": "modules-allowlist.v1",
        "docs/oca/install_manifest.yaml": "modules-waves.v1", "dns/subdomain-registry.yaml": "subdomain-registry.v1",
        "environments.yaml": "environments.v1", "errors/failure_modes.yaml": "failure-modes.v1",
        "github/app-manifest.yaml": "github-apps.v1", "github/apps.yaml": "github-apps.v1",
        "github/branch-protection.yaml": "github-branch-protection.v1",
        "github/enterprise-cloud.yaml": "github-enterprise-cloud.v1", "github/org-policy.yaml": "github-org-policy.v1",
        "github/org_repos.yaml": "github-org_repos.v1", "infra/digitalocean/inventory.yaml": "inventory.v1",
        "infra/digitalocean/monitoring.yaml": "digitalocean-monitoring.v1",
        "infra/digitalocean/policy.yaml": "digitalocean-policy.v1",
        "infra/dns/subdomain-registry.yaml": "subdomain-registry.v1",
        "integrations/_index.yaml": "integrations-index.v1", "integrations/mailgun.yaml": "mailgun.v1",
        "integrations/slack/apps.yaml": "slack-apps.v1",
        "integrations/slack_agent.install.yaml": "slack-install.v1", "maintenance/convergence.yaml": "convergence.v1",
        "maintenance/schedules.yaml": "schedules.v1", "mappings/plane_github.yaml": "mappings-plane_github.v1",
        "modules/waves.yaml": "modules-waves.v1", "oca/module_allowlist.yaml": "modules-allowlist.v1",
        "oca/must_have_accounting.yaml": "modules-must_have.v1", "oca/must_have_base.yaml": "modules-must_have.v1",
        "odoo/install_manifest.yaml": "modules-waves.v1", "odoo/mail.yaml": "mail.v1",
        "odoo/oca_installed_allowlist.yaml": "modules-allowlist.v1", "odoo/oca_lock.yaml": "modules-oca_lock.v1",
        "odoo/oca_repos.yaml": "modules-oca_repos.v1", "odoo/orphan_addons_allowlist.yaml": "modules-orphan_addons.v1",
        "odoo/parity/oca_p0_allowlist.yaml": "modules-oca_p0_allowlist.v1",
        "odoo/ssot/oca_installed_allowlist.yaml": "modules-allowlist.v1",
        "policy/branch_hygiene.yaml": "branch-hygiene.v1",
        "providers/digitalocean/provider.yaml": "digitalocean-provider.v1",
        "runtime/prod_settings.yaml": "prod-settings.v1", "runtime/release_contract.yaml": "release-contract.v1",
        "secrets/inventory.yaml": "secrets-inventory.v1", "secrets/registry.yaml": "secrets-registry.v2",
        "security/vuln_policy.yaml": "vuln-policy.v1", "slack/channels.yaml": "slack-channels.v1",
        "supabase/feature_adoption.yaml": "supabase-feature_adoption.v1",
        "supabase/project.yaml": "supabase-project.v1", "vercel/projects.yaml": "vercel-projects.v1",
    ]
}
