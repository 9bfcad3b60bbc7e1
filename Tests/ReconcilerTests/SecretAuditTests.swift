import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Simulator
import Store
import SupabaseDriver
import TestKit
import Testing
import VercelDriver

@testable import Reconciler

@Suite("Secrets that steps of a plan set")
struct SecretAuditTests {
    static let project = "abcdefghijklmnopqrst"
    static let run = "01890a5d-ac96-774b-bcce-b302099a8057"
    static let value = "canary-secret-of-a-step"

    /// One change of each provider that takes values, and what stands of it in `ops.secret_sync_runs`.
    @Test(
        "leave a row each, as `secrets sync` does: who, where, which name, never the value",
        arguments: [
            (ResourceKind.supabaseSecret, "\(project)/API_KEY", project),
            (.vercelVariable, "shop/production/API_KEY", "shop/production"),
        ])
    func leave(kind: ResourceKind, name: String, target: String) async throws {
        let world = try await World()
        try world.simulator.seed("supabase", ["projects": [["ref": .string(Self.project)]]])
        try world.simulator.seed("vercel", ["projects": [["name": "shop"]]])
        func apply(_ wanted: [WantedAttribute], action: ChangeAction = .create) async -> Applier.Result {
            await applier(world, kind, name, wanted, action).run()
        }
        let reference = WantedAttribute("value_from", .literal("env:API_KEY"))
        let missing = await apply([WantedAttribute("value_from", .literal("env:NOWHERE"))])
        #expect(missing.failures == 1 && missing.storeFault == nil)
        let set = await apply([reference])
        #expect(set.failures == 0 && set.done.count == 1, "\(set.journal.map(\.output.json))")

        let rows = try await world.store.secretSyncs(limit: 9)
        #expect(rows.count == 2)
        let done = try #require(rows.first { $0.status == .success })
        let failed = try #require(rows.first { $0.status == .error })
        #expect(done.pushed == ["API_KEY"] && done.error == nil && done.finishedAt != nil)
        #expect(failed.pushed.isEmpty && failed.errorCode != nil && failed.finishedAt != nil)
        for row in rows {
            #expect(row.provider == kind.provider && row.target == target && row.actor == "run \(Self.run)")
            #expect(!"\(row)".contains("canary"))
        }
    }

    @Test("A step that sets none leaves none")
    func none() async throws {
        let world = try await World()
        #expect(await world.pass().journal.contains { $0.state == .done })
        #expect(try await world.store.secretSyncs(limit: 9).isEmpty)
    }

    private func applier(
        _ world: World, _ kind: ResourceKind, _ name: String, _ wanted: [WantedAttribute], _ action: ChangeAction
    ) -> Applier {
        let transport = SimulatorTransport(simulator: world.simulator, fuse: Fuse())
        let resolve: @Sendable (SecretReference) -> Secret? = {
            $0 == .environment("API_KEY") ? Secret(Self.value) : nil
        }
        let random = RandomSource(seed: 1)
        let drivers: [any Driver] = [
            SupabaseDriver(
                token: Secret("any"), baseURL: "http://simulator.test/supabase", transport: transport, time: world.time,
                random: random, resolve: resolve),
            VercelDriver(
                token: Secret("any"), baseURL: "http://simulator.test/vercel", transport: transport, time: world.time,
                random: random, resolve: resolve),
        ]
        let reconciler = Reconciler(
            source: world.source, drivers: drivers, store: world.store,
            evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"), time: world.time, random: random,
            log: .none, metrics: Metrics(), holder: "test/1")
        let change = PlannedChange(
            key: ResourceKey(kind, name), action: action, reason: "the test wants it", cause: .unappliedCommit,
            wanted: wanted)
        let digest = Digest(of: "")
        let plan = Plan(
            revision: "a", changes: [change], summary: Plan.Summary(), drift: [], environments: [], diagnostics: [],
            requests: [:],
            basis: Plan.Basis(desired: digest, observed: digest, inventory: digest, policy: digest, drivers: [:]),
            fingerprint: digest)
        return Applier(
            reconciler: reconciler, runID: Self.run, trigger: .commit, revision: "a", plan: plan,
            observed: ObservedState([]), remembered: [:], environments: [:], approvals: [:], watch: nil,
            stop: StopSignal(),
            progress: { _ in })
    }
}
