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
        #expect(state.faults == [])
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
