import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Simulator
import SimulatorKit
import Testing

/// From documents to a project as they want it: read, planned, carried out, and nothing left to plan.
@Suite("Documents about Vercel through to the provider")
struct DocumentTests {
    private static let list = """
        projects:
          - name: console
            root_directory: apps/console
            framework: nextjs
            variables:
              - {key: API_KEY, targets: [production, preview], type: encrypted, value_from: "env:API_KEY"}
            domains:
              - ops.example.com
              - {name: old.example.com, redirect: ops.example.com, redirect_status_code: 308}
        """

    private static func document(id: String) -> String {
        """
        {"_comment": "its other settings are left alone", "name": "legacy", "projectId": "\(id)",
         "orgId": "team_simulated", "productionBranch": "main", "framework": "nextjs", "buildCommand": null,
         "expectedDomains": ["legacy.example.com"], "production_deployment": "dpl_old"}
        """
    }

    private static let convergence = """
        environments:
          prod: {deploy_target: main, vercel_project: legacy, required: {vercel_env: [SHARED, MISSING]}}
          stage: {deploy_target: staging, vercel_project: legacy, required: {vercel_env: [SHARED]}}
        """

    private static func state(id: String) -> DesiredState {
        let files = [
            "ssot/vercel/projects.yaml": list, "infra/vercel/projects/legacy.json": document(id: id),
            "ssot/maintenance/convergence.yaml": convergence,
        ]
        return readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none))
    }

    private static func plan(_ state: DesiredState, _ account: Account) async -> Plan {
        let wanted = state.resources.filter { $0.key.kind.provider == "vercel" }
        return makePlan(
            PlanInput(
                desired: state, inventory: Inventory(entries: account.inventory.withLock { Array($0.values) }),
                observed: await account.observe(wanted), schemas: [account.driver as any Driver].schemas,
                drivers: ["vercel": "1"], now: account.time.now))
    }

    @Test("what documents want is brought about, and a second plan holds only what nobody has a value for")
    func life() async throws {
        let account = try Account(LifeTests.seeded)
        let id = account.simulator.account("vercel")["projects"]?[0]?["id"]?.stringValue ?? ""
        let state = Self.state(id: id)
        #expect(state.diagnostics.filter { $0.severity != .note }.map(\.message) == [])
        let wanted = state.resources.filter { $0.key.kind.provider == "vercel" }
        #expect(
            wanted.map(\.key.description) == [
                "vercel.domain/console/old.example.com", "vercel.domain/console/ops.example.com",
                "vercel.domain/legacy/legacy.example.com", "vercel.production/legacy", "vercel.project/console",
                "vercel.project/legacy", "vercel.variable/console/preview/API_KEY",
                "vercel.variable/console/production/API_KEY", "vercel.variable/legacy/preview/SHARED",
                "vercel.variable/legacy/production/MISSING", "vercel.variable/legacy/production/SHARED",
            ])
        let first = await account.pass(wanted)
        for (key, outcome) in first.outcomes { #expect(outcome.fault == nil, "\(key): \(outcome)") }
        #expect(first.outcomes.count == wanted.count - 1)
        let second = await Self.plan(state, account).changes.filter { $0.key.kind.provider == "vercel" }
        #expect(second.map(\.key.name) == ["legacy/production/MISSING"])
        #expect(second.first?.verdict == .blocked)
        #expect(second.first?.verdictReason?.contains("value_from") == true)
        // Named as null it was cleared; what no document names is as it was.
        let legacy = account.simulator.account("vercel")["projects"]?[0]
        #expect(legacy?["buildCommand"]?.isNull == true)
        #expect(legacy?["rootDirectory"] == "apps/legacy")
        #expect(legacy?["nodeVersion"] == "22.x")
    }

    @Test("a project of the right name and another id, or none, is never touched", arguments: ["prj_another", ""])
    func identity(_ id: String) async throws {
        let account = try Account(LifeTests.seeded)
        let plan = await Self.plan(Self.state(id: id), account)
        #expect(!plan.allowedChanges.contains { $0.key.name == "legacy" && $0.key.kind == .vercelProject })
        guard !id.isEmpty else {
            #expect(!plan.changes.contains { $0.key.name == "legacy" || $0.key.name.hasPrefix("legacy/legacy") })
            return
        }
        let change = plan.changes.first { $0.key == ResourceKey(.vercelProject, "legacy") }
        #expect(change?.verdict == .blocked)
        #expect(change?.verdictReason?.contains("another project has its name") == true)
    }
}
