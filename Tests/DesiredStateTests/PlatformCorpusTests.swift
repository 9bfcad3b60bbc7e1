import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// What the documents about platforms want, in a real source of truth.
@Suite(.enabled(if: corpusDirectory != nil)) struct PlatformCorpusTests {
    private static let state: DesiredState? = {
        guard let directory = corpusDirectory, let files = try? files(under: directory, below: "ssot") else {
            return nil
        }
        return readDesiredState(
            SourceTree(
                revision: String(repeating: "c", count: 40), files: files, branches: branches("main", "staging")))
    }()

    private let state: DesiredState

    init() throws { state = try #require(Self.state) }

    private func names(_ kind: ResourceKind) -> [String] {
        state.resources.filter { $0.key.kind == kind }.map(\.key.name)
    }

    @Test func everyPlatformWantsWhatItsDocumentsHold() {
        var counts: [String: Int] = [:]
        let others: [ResourceKind] = [.secretPresence, .mailTransport, .dnsRecord, .schedule]
        for resource in state.resources where !others.contains(resource.key.kind) {
            counts[resource.key.kind.name, default: 0] += 1
        }
        #expect(
            counts == [
                "digitalocean.alert_policy": 17, "github.app": 13, "github.branch_protection": 1,
                "github.org_setting": 23, "github.project": 3, "github.repository": 15, "github.ruleset": 1,
                "mailgun.domain": 1,
                "plane.cycle": 4,
                "plane.estimate": 1, "plane.label": 16, "plane.module": 7, "plane.project": 1, "plane.state": 7,
                "slack.app": 3, "supabase.function": 4, "supabase.secret": 6, "vercel.project": 3, "vercel.variable": 9,
            ])
        #expect(state.resources.filter { $0.key.kind != .alertPolicy }.allSatisfy { $0.isProtected })
    }

    @Test func attributesSayWhereTheyAreWritten() throws {
        let project = try #require(state.resource("vercel.project/odooops-console"))
        #expect(project["root_directory"]?.value == .literal(.string("apps/odooops-console")))
        #expect(project["ignored_build_command"]?.value == .literal(.string("npx turbo-ignore")))
        #expect(project["root_directory"]?.mark?.file == "ssot/vercel/projects.yaml")

        let function = try #require(state.resource("supabase.function/ops-do-ingest"))
        #expect(function["environments"]?.value == .literal(.strings(["prod", "stage"])))
        #expect(function["project_ref"]?.value == .literal(.string("spdtwktxdalcfigzeqrz")))

        // Convergence names no project: its own name at Vercel is among the names that production needs.
        #expect(
            names(.vercelVariable) == [
                "odooops-console/preview/NEXT_PUBLIC_SUPABASE_ANON_KEY",
                "odooops-console/preview/NEXT_PUBLIC_SUPABASE_URL", "odooops-console/production/CRON_SECRET",
                "odooops-console/production/GITHUB_WEBHOOK_SECRET",
                "odooops-console/production/NEXT_PUBLIC_SUPABASE_ANON_KEY",
                "odooops-console/production/NEXT_PUBLIC_SUPABASE_URL",
                "odooops-console/production/PLANE_WEBHOOK_SECRET",
                "slack-agent/production/NEXT_PUBLIC_SUPABASE_ANON_KEY",
                "workspace/production/NEXT_PUBLIC_SUPABASE_ANON_KEY",
            ])
        let reference = "spdtwktxdalcfigzeqrz"
        #expect(
            names(.supabaseSecret)
                == [
                    "AZURE_AD_CLIENT_SECRET", "AZURE_AD_TENANT_ID", "MCP_LOCAL_API_KEY", "MCP_REMOTE_TOKEN",
                    "SEED_RUN_TOKEN",
                    "SENTRY_AUTH_TOKEN",
                ].map { "\(reference)/\($0)" })
        #expect(state.codeOwners.map(\.pattern).prefix(2) == ["infra/", ".github/"])
        #expect(state.codeOwners.count == 9)

        let branch = try #require(state.resource("github.branch_protection/Insightpulseai/odoo/main"))
        #expect(branch["require_pull_request"]?.value == .literal(.bool(true)))
        #expect(branch["require_pull_request.required_approving_review_count"]?.value == .literal(.int(1)))
        #expect(branch["allowed_merge_methods"]?.value == .literal(.strings(["squash", "rebase"])))
        #expect(branch["notes"] == nil)

        let setting = try #require(state.resource("github.org_setting/organization.default_repository_permission"))
        #expect(setting["value"]?.value == .literal(.string("read")))

        let load = try #require(state.resource("digitalocean.alert_policy/odoo-production/load_average_1m/crit"))
        #expect(load["threshold_per_vcpu"]?.value == .literal(.number("2.0")))
        #expect(load["value"] == nil)
        let disk = try #require(state.resource("digitalocean.alert_policy/odoo-production/disk_utilization/warn"))
        #expect(disk["value"]?.value == .literal(.int(75)))
        #expect(disk["window"]?.value == .literal(.string("1h")))

        let slack = try #require(state.resource("slack.app/insightpulseai-slack-agent"))
        #expect(slack["bot_scopes"]?.value == .literal(.strings(["chat:write", "chat:write.public", "commands"])))

        let plane = try #require(state.resource("plane.state/FINOPS/In Progress"))
        #expect(plane["group"]?.value == .literal(.string("started")))
        #expect(plane["color"]?.mark?.file == "ssot/plane/templates/finops_month_end.yaml")
    }

    @Test func knownDriftIsAcknowledgedAndNotStale() {
        #expect(state.acknowledgedDrift.count == 12)
        #expect(!state.acknowledgedDrift.contains { $0.isStale })
        let keys = Set(state.resources.map(\.key))
        #expect(state.acknowledgedDrift.allSatisfy { keys.contains($0.key) })
        #expect(state.acknowledgedDrift.filter { $0.severity == "critical" }.count == 2)
    }

    @Test func anEmptyIdIsBlockedAtItsPlace() {
        let board = "ssot/github/projects/finops_month_end.yaml:10:19"
        #expect(
            state.unknown.filter { $0.code.hasPrefix("SSOT-02") }.map {
                "\($0.extent.text) \($0.code) \($0.mark?.description ?? "")"
            } == [
                "kind digitalocean.alert_policy SSOT-0231 ssot/infra/digitalocean/monitoring.yaml:42:19",
                "resource github.label/Insightpulseai/odoo/area:finance SSOT-0200 \(board)",
                "resource github.label/Insightpulseai/odoo/area:ppm SSOT-0200 \(board)",
                "resource github.label/Insightpulseai/odoo/type:month-end SSOT-0200 \(board)",
                "resource github.project/Insightpulseai/finops-month-end SSOT-0200 \(board)",
                "resource plane.github_mapping/Insightpulseai/odoo SSOT-0200 ssot/mappings/plane_github.yaml:27:23",
            ])
    }

    @Test func placeholdersStayAsTheyAreWritten() throws {
        #expect(state.workItemSources.map(\.provider) == ["github", "plane"])
        let plane = try #require(state.workItemSources.last)
        #expect(plane.webhookEndpoint == "${PUBLIC_BASE_URL}/api/webhooks/plane")
        #expect(plane.refresh == .minutes(15))
        #expect(plane.upsertKey == ["work_item_ref"])
    }

    @Test func modulesArePlannedForEachEnvironmentByWave() throws {
        #expect(state.modulePlans.map(\.environment) == ["dev", "prod", "stage"])
        let plan = try #require(state.modulePlans.first { $0.environment == "prod" })
        // 15 of the install set and 8 that have to be there, of which one is in both.
        #expect(plan.modules.count == 21)
        #expect(
            plan.modules.filter { $0.wave == 1 }.map(\.name) == [
                "base_technical_features", "queue_job", "web_responsive",
            ])
        #expect(plan.modules.filter { $0.permission == .blocked }.map(\.name) == ["dms", "ipai_bir_tax_compliance"])
        #expect(plan.allowedRepositories.count == 27)
    }

    @Test func theAdvisorHasItsRules() throws {
        #expect(state.advisor.workbooks.count == 5)
        #expect(state.advisor.rubrics.map(\.dimensions.count) == [5])
        #expect(state.advisor.rules.filter { $0.pack == "do_monitoring_posture" }.count == 6)
        let rule = try #require(state.advisor.rules.first { $0.id == "ocr_disk_saturation" })
        #expect(rule.pillar == "reliability")
        #expect(rule.severity == .high)
        #expect(rule.queries == ["GET /v2/monitoring/metrics/droplet/disk_utilization_percent"])
        #expect(rule.workbook == "ocr_disk_saturation_remediation")
    }

    @Test func limitsAndRetentionAreTyped() throws {
        #expect(state.features.count == 24)
        #expect(state.features.filter { $0.stage == .adopt }.count == 7)
        let provider = try #require(state.providers.first)
        #expect(provider.requestsPerHour == 5_000)
        #expect(provider.retriedStatuses == [429, 500, 502, 503, 504])
        #expect(
            provider.capabilities.filter { $0.status == "active" }.map(\.id) == [
                "droplets", "managed_databases", "firewalls",
            ])
        #expect(state.policy.dropletBackups?.isAllowed == false)
        #expect(state.policy.snapshotRetention?.weekly == 2)
        #expect(state.policy.snapshotRetention?.foreverTag == "keep_forever")
    }

    /// Each of these contradictions is really there, at the place that is told.
    @Test func contradictionsAreToldWithBothSources() {
        let found = state.diagnostics.filter { $0.code.hasPrefix("SSOT-02") }
        #expect(
            found.allSatisfy {
                $0.code == "SSOT-0200" || $0.notes.contains { $0.mark != nil } || $0.code == "SSOT-0204"
            })
        #expect(
            found.map { "\($0.code) \($0.mark?.description ?? "")" } == [
                "SSOT-0230 ssot/advisor/rulepacks/do_monitoring_posture.yaml:37:3",
                "SSOT-0230 ssot/advisor/rulepacks/do_monitoring_posture.yaml:44:20",
                "SSOT-0230 ssot/advisor/rulepacks/do_monitoring_posture.yaml:45:17",
                "SSOT-0230 ssot/advisor/rulepacks/do_monitoring_posture.yaml:46:17",
                "SSOT-0201 ssot/github/app-manifest.yaml:41:21",
                "SSOT-0201 ssot/github/enterprise-cloud.yaml:9:9",
                "SSOT-0200 ssot/github/projects/finops_month_end.yaml:10:19",
                "SSOT-0231 ssot/infra/digitalocean/monitoring.yaml:42:19",
                "SSOT-0201 ssot/integrations/vercel_hosting.yaml:61:21",
                "SSOT-0200 ssot/mappings/plane_github.yaml:27:23",
                "SSOT-0210 ssot/oca/must_have_base.yaml:16:5", "SSOT-0210 ssot/oca/must_have_base.yaml:19:5",
                "SSOT-0211 ssot/odoo/install_sets/finops_ppm.yaml:30:7",
                "SSOT-0212 ssot/odoo/install_sets/finops_ppm.yaml:34:7",
                "SSOT-0201 ssot/plane/templates/finops_month_end.yaml:23:5",
                "SSOT-0201 ssot/plane/templates/finops_month_end.yaml:26:5",
                "SSOT-0233 ssot/providers/digitalocean/provider.yaml:18:15",
                "SSOT-0201 ssot/providers/digitalocean/provider.yaml:81:5",
                "SSOT-0201 ssot/sources/github/work_items.yaml:20:15",
                "SSOT-0201 ssot/sources/plane/work_items.yaml:19:15",
            ])
    }
}
