import Basics
import DesiredState
import TestKit
import Testing

/// Documents beside the roots, and what `.odooops.yaml` says in place of other documents.
@Suite struct OverrideTests {
    private static let environments = """
        environments:
          live: {tier: production, workers: 8}
          lab: {tier: dev, resource_limits: {cpu: 500m}}
          demo: {tier: dev}
        """

    private static func state(_ overrides: String) -> DesiredState {
        read([".odooops.yaml": overrides, Paths.environments: environments])
    }

    @Test func whatIsOverriddenCountsAndTheRestStays() throws {
        let state = Self.state(
            """
            environments:
              production:
                workers: 12
                backup_schedule: "0 */3 * * *"
                resource_limits: {cpu: "4000m", memory: "9Gi"}
              dev: {workers: 3, resource_limits: {memory: 3Gi}}
              lab: {workers: 1}
            """)
        // Their workers are beyond what the platform's table has for their tiers, which no override raises.
        #expect(
            state.faults == ["warning SSOT-0043 .odooops.yaml:3:14", "warning SSOT-0043 .odooops.yaml:6:18"])
        #expect(state.roots == ["ssot"])
        let live = try #require(state.environment("live"))
        #expect(live.workers == 12)
        #expect(live.backupSchedule == "0 */3 * * *")
        #expect(live.quota?.cpuMillicores == 4_000)
        #expect(live.quota?.memoryBytes == 9 << 30)
        #expect(live.quota?.storageBytes == 100 << 30)
        let lab = try #require(state.environment("lab"))
        #expect(lab.workers == 1)
        #expect(lab.quota?.cpuMillicores == 500)
        #expect(lab.quota?.memoryBytes == 3 << 30)
        #expect(state.environment("demo")?.workers == 3)
        #expect(live.workersSource?.description == ".odooops.yaml:3:14")
        #expect(live.limits?.marks["cpu"]?.description == ".odooops.yaml:5:28")
        // Each limit has the place at which it is written, in whichever document that is.
        #expect(lab.limits?.marks["cpu"]?.description == "ssot/environments.yaml:3:43")
        #expect(lab.limits?.marks["memory"]?.description == ".odooops.yaml:6:47")
        #expect(state.environment("demo")?.limits?.marks["cpu"] == nil)
        #expect(state.documents.first { $0.path == ".odooops.yaml" }?.status == .managed)
    }

    /// Who says what holds, in the order in which they count, each with its line.
    @Test func whatHoldsIsToldWithWhoSaysItAndWhomItGoesBefore() throws {
        let state = read(
            [
                ".odooops.yaml": """
                environments:
                  dev: {workers: 3, resource_limits: {memory: 3Gi}}
                  lab:
                    workers: 1
                    backup_schedule: "0 */3 * * *"
                """,
                Paths.environments: """
                environments:
                  lab:
                    tier: dev
                    workers: 2
                    backup_schedule: "0 0 * * *"
                    resource_limits: {cpu: 500m}
                    host: odoo-dev
                    domain: lab.shop.example
                tiers:
                  dev:
                    workers: 5
                    domain: "{slug}.dev.shop.example"
                """,
                ".odooops/policies.yaml": """
                branch_mappings:
                  - {pattern: "feature/*", tier: dev, auto_deploy: true}
                resource_quotas:
                  dev: {workers: 9, memory: 4Gi}
                ttl_policies: {dev_named: 14d}
                backups: {dev: 6h}
                """,
            ], branches: branches("feature/crm"))
        func told(_ slug: String) -> [String: [String]] {
            Dictionary(
                uniqueKeysWithValues: (state.environment(slug)?.facts ?? []).map { fact in
                    (
                        fact.name,
                        fact.claims.map {
                            "\($0.authority) \($0.value) \($0.mark.map { "\($0.file):\($0.line)" } ?? "-")"
                        }
                    )
                })
        }
        let (file, policies) = (Paths.environments, ".odooops/policies.yaml")
        #expect(
            told("lab") == [
                "tier": ["entry dev \(file):3"], "protected": ["table false -"], "auto_deploy": ["table false -"],
                "time_to_live": ["policy 14d (dev_named) \(policies):5", "table never -"],
                "workers": ["override 1 .odooops.yaml:4", "tierOverride 3 .odooops.yaml:2", "entry 2 \(file):4"],
                "limit.workers": ["policy 9 \(policies):4", "table 2 -"],
                "limit.cpu": ["entry 500m \(file):6", "table 1 -"],
                "limit.memory": ["tierOverride 3Gi .odooops.yaml:2", "policy 4Gi \(policies):4", "table 2Gi -"],
                "limit.storage": ["table 10Gi -"],
                "backup_schedule": [
                    "override 0 */3 * * * .odooops.yaml:5", "entry 0 0 * * * \(file):5",
                    "policy 0 */6 * * * \(policies):6",
                ],
                "host": ["entry odoo-dev \(file):7"], "domain": ["entry lab.shop.example \(file):8"],
            ])
        let branch = told("feature-crm")
        #expect(branch["workers"] == ["template 5 \(file):11"])
        #expect(branch["domain"] == ["template feature-crm.dev.shop.example \(file):12"])
        #expect(branch["branch"] == ["mapping feature/crm \(policies):2"])
        #expect(branch["auto_deploy"] == ["mapping true \(policies):2", "table false -"])
        #expect(branch["backup_schedule"] == ["policy 0 */6 * * * \(policies):6"])
        // What is due is told at the line that counts.
        #expect(state.environment("lab")?.backupSource.description == ".odooops.yaml:5:22")
        #expect(state.environment("feature-crm")?.backupSource.file == policies)
    }

    /// What the page and the command show is what the environment has.
    @Test func whatCountsIsWhatTheEnvironmentHas() throws {
        let state = readDesiredState(try exampleTree())
        #expect(state.environments.count == 7)
        for one in state.environments {
            func value(_ name: String) -> String? { one.facts.first { $0.name == name }?.value }
            #expect(value("workers") == one.workers.map { "\($0)" }, "\(one.slug)")
            #expect(value("limit.memory") == one.quota?.memoryBytes.map { Quantity.text(bytes: $0) }, "\(one.slug)")
            #expect(value("limit.workers") == one.quota?.workers.map { "\($0)" }, "\(one.slug)")
            #expect(value("backup_schedule") == one.backupSchedule, "\(one.slug)")
            #expect(value("protected") == "\(one.isProtected)" && value("tier") == one.tier.rawValue, "\(one.slug)")
            #expect(value("branch") == one.branch && value("domain") == one.domain, "\(one.slug)")
            #expect(value("auto_deploy") == "\(one.autoDeploy)", "\(one.slug)")
            for fact in one.facts { #expect(fact.mark != nil || fact.claims[0].authority == .table) }
        }
    }

    @Test(arguments: [
        ("environments: {labb: {workers: 1}}", ["warning SSOT-0031 .odooops.yaml:1:16"], []),
        ("environments: {lab: {workers: one}}", ["error SSOT-0004 .odooops.yaml:1:31"], ["environment lab"]),
        (
            "environments: {dev: {resource_limits: {memory: 3Gb}}}", ["error SSOT-0025 .odooops.yaml:1:48"],
            ["environment demo", "environment lab"]
        ),
        ("environments: {lab: {backup_schedule: daily}}", ["error SSOT-0040 .odooops.yaml:1:39"], ["environment lab"]),
        (
            "environment: {}", ["error SSOT-0005 .odooops.yaml:1:1", "warning SSOT-0006 .odooops.yaml:1:1"],
            ["environment demo", "environment lab", "environment live"]
        ),
        (
            "environments: [", ["error FMT-0002 .odooops.yaml:2:1"],
            ["environment demo", "environment lab", "environment live"]
        ),
    ]) func anOverrideThatCannotBeReadMakesItsEnvironmentsUnknown(
        _ text: String, _ faults: [String], _ scopes: [String]
    ) {
        let state = Self.state(text)
        #expect(state.faults == faults, "\(state.diagnostics.map(\.message))")
        #expect(state.scopes == scopes)
    }

    @Test(.enabled(if: SchemaCheck.isAvailable)) func theSchemaTakesTheOneAndRefusesTheOther() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-overrides")
        let texts = [
            "environments: {production: {workers: 12, backup_schedule: \"0 */3 * * *\", resource_limits: {cpu: 4000m}}}",
            "environments: {lab: {workers: one}}", "environments: {dev: {resource_limits: {memory: 3Gb}}}",
            "environment: {}",
        ]
        for (number, text) in texts.enumerated() { try directory.write(text, to: "\(number).yaml") }
        let result = SchemaCheck.run(texts.indices.map { ("overrides.v1", directory.path("\($0).yaml")) })
        let refused = texts.indices.filter { result.output.contains("\(directory.path("\($0).yaml"))::") }
        #expect(refused == [1, 2, 3], "\(result.output)")
    }

    @Test func theRegistryOfNamesIsReadAtTheTopOfTheRepositoryToo() throws {
        let text = """
            domain: example.com
            origin_ip: 192.0.2.1
            subdomains:
              - {name: erp, type: A, lifecycle: active, provider_claim: {provider: cloudflare, status: claimed, claimed_at: "2026-02-01", claim_ref: r}}
            """
        let state = read(["infra/dns/subdomain-registry.yaml": text, "ssot/a.yaml": "a: 1"])
        #expect(state.faults == [])
        #expect(state.roots == ["ssot"])
        #expect(state.resource("dns.record/example.com/A/erp") != nil)
        let both = read(["infra/dns/subdomain-registry.yaml": text, "ssot/dns/subdomain-registry.yaml": text])
        #expect(both.documents.first { $0.path.hasPrefix("infra") }?.status == .shadowed)
    }

    @Test func aNameThatProductionNeedsIsHeldAgainstTheProhibitedOnes() {
        let state = read([
            "ssot/domains/example.com.yaml": "apex: example.com\nprohibited_domains: [\"*.vercel.app\"]",
            "ssot/runtime/prod_settings.yaml":
                "urls: {active_required: [{url: \"https://erp.example.com/web\"}, {url: \"https://a.vercel.app:443/x\"}]}",
        ])
        #expect(state.faults == ["warning SSOT-0130 ssot/runtime/prod_settings.yaml:1:70"])
    }
}
