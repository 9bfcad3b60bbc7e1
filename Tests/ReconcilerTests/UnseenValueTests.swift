import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Reconciler
import Simulator
import Store
import SupabaseDriver
import TestKit
import Testing
import Web

/// A Supabase whose lists leave its secrets out for as long as it is ill.
private struct Forgetful: ValueOverwriting {
    let inner: SupabaseDriver
    let isIll = Locked(false)

    var provider: String { inner.provider }
    var version: String { inner.version }
    var schemas: [KindSchema] { inner.schemas }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        let seen = await inner.observe(request, context)
        guard isIll.withLock({ $0 }) else { return seen }
        return seen.map { seen in
            guard seen.kind == .supabaseSecret else { return seen }
            return ObservedKind(kind: seen.kind, completeness: seen.completeness, resources: [])
        }
    }

    func steps(for change: PlannedChange) -> [Step] { inner.steps(for: change) }

    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        await inner.perform(step, of: change, context)
    }

    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        isIll.withLock { $0 } && key.kind == .supabaseSecret ? .absent : await inner.look(at: key, context)
    }

    func overwrites(_ change: PlannedChange) -> Bool { inner.overwrites(change) }
}

@Suite("Values that a list leaves out")
struct UnseenValueTests {
    private static let ref = "abcdefghijklmnopqrst"
    private static let key = ResourceKey(.supabaseSecret, "\(ref)/API_KEY")

    private static func tree(_ more: String = "") -> SourceTree {
        var tree = World.tree()
        let secret = "secrets: [{name: API_KEY, value_from: \"env:API_KEY\"\(more)}]"
        tree.files = [
            SourceFile(path: ".odooops/policies.yaml", text: World.policies),
            SourceFile(path: "ssot/supabase/project.yaml", text: "project_ref: \(ref)\n\(secret)\n"),
        ]
        return tree
    }

    private static func driver(_ world: World) -> Forgetful {
        Forgetful(
            inner: SupabaseDriver(
                token: Secret("any"), baseURL: "http://simulator.test/supabase",
                transport: SimulatorTransport(simulator: world.simulator, fuse: Fuse()), time: world.time,
                random: RandomSource(seed: 1)
            ) { $0 == .environment("API_KEY") ? Secret("as-it-was-given") : nil })
    }

    private static func pass(_ world: World, _ driver: Forgetful) async -> RunReport {
        await Reconciler(
            source: world.source, drivers: [driver], store: world.store,
            evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"), time: world.time,
            random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1"
        )
        .pass(PassOptions())
    }

    /// The digest that Supabase shows.
    private static func digest(_ world: World) async throws -> String? {
        let answer = await world.call("GET", "/supabase/v1/projects/\(ref)/secrets")
        return try JSON.parse(answer.body).listValue?.first { $0["name"] == "API_KEY" }?["value"]?.stringValue
    }

    @Test("A secret is set again only once passes have missed it for half an hour, as it may have been rotated")
    func rotated() async throws {
        let world = try await World(Self.tree())
        try world.simulator.seed("supabase", ["projects": [["ref": .string(Self.ref)]]])
        let driver = Self.driver(world)
        func pass() async -> RunReport { await Self.pass(world, driver) }
        let first = await pass()
        #expect(try await Self.digest(world) == Digest(of: "as-it-was-given").hex, "\(first.story)")

        let rotated = Digest(of: "rotated-by-hand").hex
        _ = await world.call(
            "POST", "/supabase/v1/projects/\(Self.ref)/secrets", [["name": "API_KEY", "value": "rotated-by-hand"]])
        for _ in 1...3 {
            // Ill for a quarter of an hour, and well for a pass: what is missing later is missing since then only.
            driver.isIll.withLock { $0 = true }
            for _ in 1...3 {
                world.time.advance(by: .minutes(5))
                let ill = await pass()
                #expect(ill.journal.isEmpty, "\(ill.story)")
                let reason = ill.skipped.first { $0.key == Self.key }?.reason
                #expect(reason?.contains("may have been rotated") == true, "\(ill.story)")
            }
            driver.isIll.withLock { $0 = false }
            world.time.advance(by: .minutes(5))
            let well = await pass()
            #expect(well.isSuccess && well.journal.isEmpty && well.skipped.isEmpty, "\(well.story)")
            #expect(try await Self.digest(world) == rotated)
        }

        // It is gone for good.
        _ = await world.call("DELETE", "/supabase/v1/projects/\(Self.ref)/secrets", ["API_KEY"])
        for minutes in [0, 10, 19] {
            world.time.advance(by: .minutes(minutes))
            #expect(await pass().skipped.map(\.key) == [Self.key])
            #expect(try await Self.digest(world) == nil)
        }
        world.time.advance(by: .minutes(2))
        let last = await pass()
        #expect(last.isSuccess && last.skipped.isEmpty, "\(last.story)")
        #expect(try await Self.digest(world) == Digest(of: "as-it-was-given").hex)
    }

    @Test("A secret whose digest is wanted is set at once: no other value is to stand there")
    func pinned() async throws {
        let digest = Digest(of: "as-it-was-given").hex
        let world = try await World(Self.tree(", value_sha256: \(digest)"))
        try world.simulator.seed("supabase", ["projects": [["ref": .string(Self.ref)]]])
        let driver = Self.driver(world)
        _ = await Self.pass(world, driver)
        _ = await world.call("DELETE", "/supabase/v1/projects/\(Self.ref)/secrets", ["API_KEY"])
        world.time.advance(by: .minutes(5))
        let next = await Self.pass(world, driver)
        #expect(next.isSuccess && next.skipped.isEmpty, "\(next.story)")
        #expect(try await Self.digest(world) == digest)
    }
}
