import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

@testable import ConsoleAPI
@testable import ConsolePages

/// The advisor's rules on their page and in the API, after a pass that could ask no provider.
@Suite struct AdvisorPageTests {
    private struct Documents: Source {
        func read(_ log: Log) async throws -> SourceSnapshot {
            let files = [
                "ssot/environments.yaml":
                    "schema: ssot.environments.v1\nenvironments:\n  lab: {tier: dev, branch: main}\n",
                "ssot/advisor/rulepacks/do_monitoring_posture.yaml": """
                id: do_monitoring_posture
                pillar: reliability
                monitored_droplets: [odoo-production]
                thresholds: {cpu_warn_pct: 85}
                rules:
                  - {id: cpu_alert_policy, title: CPU alerts, severity: low, check: "at least 85%, within 5m"}

                """,
                "ssot/advisor/rulepacks/own.yaml": """
                id: own
                pillar: security
                rules:
                  - {id: locked_doors, title: Doors, severity: high, check: "<script>doors</script> are locked"}

                """,
                "ssot/advisor/rulepacks/torn.yaml": "id: torn\nrules: [{\n",
                "ssot/advisor/rubrics/scale.yaml": """
                id: scale
                pillar: security
                scoring: {max: 3}
                dimensions: [{id: one, title: One, max_score: 3}]

                """,
            ]
            return SourceSnapshot(
                tree: SourceTree(
                    revision: String(repeating: "a", count: 40),
                    files: files.map { SourceFile(path: $0.key, text: $0.value) }, branches: .known([])))
        }
    }

    private let store: Store
    private let time: SimulatedTime
    private let knowledge = Knowledge()

    init() async throws {
        (store, time) = try await Stores.empty()
        let directory = try TemporaryDirectory.inMemory()
        let reconciler = Reconciler(
            source: Documents(), drivers: [], store: store,
            evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
            random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        knowledge.learn(await reconciler.pass(PassOptions()))
    }

    @Test("Rules stand by pillar with a verdict and why; what can't be told is unknown and never kept")
    func page() async throws {
        let pages = ConsolePages(
            store: store, evidence: EvidenceStore(directory: "/nonexistent"), knowledge: knowledge, time: time)
        let html = try await PagesTests.html(pages, "/advisor")
        for text in [
            "reliability", "security", "locked_doors", "no driver looked at digitalocean.droplet",
            "this program doesn&#39;t know the rule", "&lt;script&gt;doors", "ssot/advisor/rulepacks/torn.yaml",
            "that people score",
        ] { #expect(html.contains(text), "\(text)") }
        #expect(html.contains("unknown") && !html.contains(">pass<") && !html.contains("<script>doors"))
        await store.close()
    }

    @Test("The API answers the same, cut to a pillar or a verdict, and says what can't be read")
    func route() async throws {
        var settings = AccessSettings(isLoopback: true)
        settings.keyLimit = 0
        let access = AccessControl(store: store, settings: settings, time: time)
        let key = try await access.addKey(
            "one", grants: [Grant(.viewer)], scopes: nil, lasting: nil, by: "test"
        ).key.reveal { $0 }
        func get(_ query: [(String, String)], _ knowledge: Knowledge) async throws -> (Int, Value) {
            let api = APIEndpoints(
                APIServices(store: store, access: access, time: time, outlook: { knowledge.outlook }))
            let response = await api.answer(
                WebRequest(
                    method: "GET", path: "/api/v1/advisor", query: query.map { (name: $0.0, value: $0.1) },
                    headers: [("Host", "localhost"), ("Authorization", "Bearer \(key)")], peer: "127.0.0.1"))
            let body = try JSON.parse(response.body)
            let route = try #require(api.routes.first { $0.id == "listAdvice" })
            if response.status == 200 { #expect(route.answer.problem(body["data"] ?? .null, at: "data") == nil) }
            return (response.status, body)
        }
        func ids(_ body: Value) -> [String] {
            (body["data"]?["rules"]?.listValue ?? []).compactMap { $0["id"]?.stringValue }
        }
        let all = try await get([], knowledge).1
        #expect(ids(all) == ["cpu_alert_policy", "locked_doors"], "\(all)")
        #expect(all["data"]?["summary"] == ["pass": 0, "fail": 0, "unknown": 2])
        #expect(all["data"]?["unread"] == ["ssot/advisor/rulepacks/torn.yaml"])
        #expect(all["data"]?["rules"]?[0]?["why"] == "no driver looked at digitalocean.droplet")
        #expect(try await ids(get([("pillar", "security")], knowledge).1) == ["locked_doors"])
        #expect(try await ids(get([("verdict", "pass")], knowledge).1).isEmpty)
        let (status, wrong) = try await get([("pillar", "securty")], knowledge)
        #expect(status == 404 && wrong["errors"]?[0]?["details"]?["did_you_mean"] == "security", "\(wrong)")
        let before = try await get([], Knowledge()).1
        #expect(before["data"]?["revision"] == .null && ids(before).isEmpty, "\(before)")
        await store.close()
    }
}
