import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// The example that the repository ships.
@Suite struct ExampleTests {
    @Test func itIsValidWithoutAnyDiagnostic() throws {
        let state = readDesiredState(try exampleTree())
        #expect(state.diagnostics == [])
        #expect(state.unknown == [])
        #expect(state.roots == ["ssot", ".odooops"])
        #expect(state.documents.allSatisfy { $0.status == .managed || $0.path.hasSuffix(".cloud-init") })
    }

    @Test func itsEnvironmentsComeFromNamesAndBranches() throws {
        let state = readDesiredState(try exampleTree())
        let found = state.environments.map {
            "\($0.slug) \($0.tier.rawValue) \($0.ttlClass.rawValue) \($0.resources.count)"
        }
        #expect(
            found == [
                "crm-rewrite dev dev_named 3", "feature-invoice-ocr dev dev_ephemeral 3",
                "feature-landed-costs dev dev_ephemeral 3", "fix-tax-rounding preview dev_ephemeral 3",
                "payroll dev dev_named 3", "production production production 3", "staging staging staging 3",
            ])
        let branch = try #require(state.environment("feature-invoice-ocr"))
        #expect(branch.database == "odoo_feature_invoice_ocr")
        #expect(branch.ttl == .after(.seconds(7 * 86_400)))
        #expect(branch.source.file == ".odooops/policies.yaml")
        #expect(
            branch.resources.map(\.description) == [
                "digitalocean.database/brightwater-pg/odoo_feature_invoice_ocr",
                "digitalocean.database_user/brightwater-pg/odoo_feature_invoice_ocr",
                "digitalocean.record/brightwater.example/A/feature-invoice-ocr.dev",
            ])
        let record = try #require(state.resource("digitalocean.record/brightwater.example/A/feature-invoice-ocr.dev"))
        #expect(record["data"]?.value == .reference(ResourceKey(.droplet, "odoo-dev"), attribute: "ipv4"))
        #expect(state.environment("production")?.ttl == .never)
        #expect(state.environment("production")?.quota?.memoryBytes == 8 << 30)
    }

    /// The smaller example, of containers and a server of one's own.
    @Test func aBranchOfTheContainersBecomesAContainerAndADatabase() throws {
        let state = readDesiredState(
            SourceTree(
                revision: String(repeating: "e", count: 40),
                files: try files(under: "\(Places.packageRoot)/examples/containers"), branches: branches("feature/crm"))
        )
        #expect(state.diagnostics == [])
        #expect(state.unknown == [])
        #expect(
            state.resources.map(\.key.description) == [
                "docker.container/feature-crm-odoo", "docker.network/feature-crm", "docker.volume/feature-crm-files",
                "postgres.database/odoo_feature_crm", "postgres.role/odoo_feature_crm",
            ])
        #expect(state.environment("feature-crm")?.resources.count == 5)
        #expect(
            state.resource("postgres.role/odoo_feature_crm")?["password"]?.value
                == .literal("env:LAB_DATABASE_PASSWORD"))
    }

    @Test func whatProductionUsesIsProtected() throws {
        let state = readDesiredState(try exampleTree())
        for key in [
            "digitalocean.droplet/odoo-production", "digitalocean.droplet/odoo-staging",
            "digitalocean.database_cluster/brightwater-pg", "digitalocean.domain/brightwater.example",
            "digitalocean.database/brightwater-pg/odoo_production", "digitalocean.firewall/odoo-web",
            "digitalocean.database_firewall/brightwater-pg", "spaces.bucket/brightwater-filestore",
        ] {
            #expect(state.resource(key)?.isProtected == true, "\(key)")
        }
        for key in [
            "digitalocean.droplet/odoo-dev", "digitalocean.database/brightwater-pg/odoo_payroll",
            "digitalocean.tag/env:dev",
        ] {
            #expect(state.resource(key)?.isProtected == false, "\(key)")
        }
    }

    @Test func itFillsEveryCatalogue() throws {
        let state = readDesiredState(try exampleTree())
        #expect(state.integrations.map(\.id) == ["mail_relay", "team_chat", "work_tracker"])
        #expect(state.modules.count == 17)
        #expect(state.checks.count == 18)
        #expect(state.thresholds.map(\.environment) == ["production", "staging"])
        #expect(state.policy.exceptions.first?.expires?.description == "2028-01-01T00:00:00Z")
        #expect(state.policy.surfaces["droplets"]?.maximumCount == 4)
    }

    @Test func noGateFails() throws {
        let inputs = GateInputs(now: Timestamp(date: "2026-03-01"))
        let results = evaluateGates(try exampleTree(), inputs)
        #expect(results.count == 13)
        for result in results {
            // What it has no documents for is unknown, and says which one is missing.
            #expect(result.verdict != .fail, "\(result.name): \(result.why)")
            guard result.verdict == .unknown else { continue }
            let codes = ["migrations": "GATE-0003", "orphan_addons": "GATE-0004"]
            #expect(result.codes == [codes[result.name] ?? "GATE-0001"], "\(result.name)")
        }
        #expect(results.filter { $0.verdict == .pass }.map(\.name) == ["oca_allowlist"])
    }

    @Test func theSameTreeGivesTheSameState() throws {
        var tree = try exampleTree()
        let first = readDesiredState(tree)
        tree.files.reverse()
        let second = readDesiredState(tree)
        #expect(first.resources == second.resources)
        #expect(first.environments == second.environments)
        #expect(first.documents == second.documents)
    }
}
