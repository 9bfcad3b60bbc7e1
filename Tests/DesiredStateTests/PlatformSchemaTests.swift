import Basics
import DesiredState
import TestKit
import Testing

/// The schemas of the documents about platforms, held against faulty ones; real ones are held against all schemas together.
@Suite(.enabled(if: SchemaCheck.isAvailable)) struct PlatformSchemaTests {
    struct Table: CustomTestStringConvertible, Sendable {
        let schema: String
        /// Below a root.
        let documents: [String]

        init(_ schema: String, _ documents: String...) {
            self.schema = schema
            self.documents = documents
        }

        var testDescription: String { schema }
    }

    private static let tables = [
        Table("vercel-projects", "vercel/projects.yaml"), Table("vercel-project", "vercel/projects/console.json"),
        Table("supabase-project", "supabase/project.yaml"),
        Table("github-project", "github/projects/finops_month_end.yaml", "github/projects/a.yaml"),
        Table("supabase-feature_adoption", "supabase/feature_adoption.yaml"),
        Table("github-branch-protection", "github/branch-protection.yaml"),
        Table("github-org-policy", "github/org-policy.yaml"), Table("github-org_repos", "github/org_repos.yaml"),
        Table(
            "github-apps", "github/apps.yaml", "github/apps/org-installed.yaml", "github/apps/pulser-hub.yaml",
            "github/app-manifest.yaml"),
        Table("slack-apps", "integrations/slack/apps.yaml"),
        Table("slack-channels", "slack/channels.yaml"), Table("slack-install", "integrations/slack_agent.install.yaml"),
        Table(
            "plane-taxonomy", "plane/taxonomy/states.yaml", "plane/taxonomy/labels.yaml",
            "plane/taxonomy/modules.yaml", "plane/taxonomy/cycles.yaml", "plane/taxonomy/estimates.yaml"),
        Table("plane-project", "plane/projects/finops.yaml"),
        Table("plane-contract", "plane/contracts/clarity_ppm.v1.yaml"),
        Table("mappings-plane_github", "mappings/plane_github.yaml"),
        Table("sources-work_items", "sources/github/work_items.yaml", "sources/plane/work_items.yaml"),
        Table("modules-install_set", "odoo/install_sets/finops_ppm.yaml", "odoo/install_sets/a.yaml"),
        Table("modules-waves", "odoo/install_manifest.yaml"),
        Table(
            "advisor-rulepack", "advisor/rulepacks/do_monitoring_posture.yaml",
            "advisor/rulepacks/github_governance.yaml", "advisor/rulepacks/a.yaml"),
        Table("advisor-rubric", "advisor/rubrics/agentic_coding.yaml", "advisor/rubrics/a.yaml"),
        Table("advisor-workbook", "advisor/workbooks/devops_baseline.yaml", "advisor/workbooks/a.yaml"),
        Table("digitalocean-monitoring", "infra/digitalocean/monitoring.yaml"),
        Table("digitalocean-provider", "providers/digitalocean/provider.yaml"),
        Table("digitalocean-policy", "infra/digitalocean/policy.yaml"),
    ]

    /// Codes of faults that a schema can see.
    private static let ofForm = [
        "SSOT-0004", "SSOT-0005", "SSOT-0008", "SSOT-0014", "SSOT-0022", "SSOT-0023", "SSOT-0025",
    ]

    @Test func whatTheReaderRefusesDoesNotFulfilTheSchema() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-bad")
        let bad = Self.tables.flatMap { table in
            FaultCase.platforms.filter { fault in
                table.documents.contains { fault.file == "ssot/\($0)" }
                    && fault.faults.contains { text in
                        text.hasPrefix("error") && Self.ofForm.contains { text.contains($0) }
                    }
            }.map { (schema: "\(table.schema).v1", fault: $0) }
        }
        #expect(bad.count >= 20)
        for (number, one) in bad.enumerated() { try directory.write(one.fault.text, to: "\(number).yaml") }
        let result = SchemaCheck.run(
            bad.enumerated().map { ($0.element.schema, directory.path("\($0.offset).yaml")) })
        for (number, one) in bad.enumerated() {
            #expect(
                result.output.contains("\(directory.path("\(number).yaml"))::"),
                "\(one.schema), \(one.fault.name): \(result.output)")
        }
    }
}
