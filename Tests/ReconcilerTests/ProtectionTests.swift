import DesiredState
import Diff
import Drivers
import Reconciler
import Store
import Testing

/// A provider of which the data of records is a secret.
private struct Hiding: Driver {
    let driver: any Driver

    var provider: String { driver.provider }
    var version: String { driver.version }
    var schemas: [KindSchema] {
        driver.schemas.map { schema in
            guard schema.kind == .record else { return schema }
            return KindSchema(
                kind: schema.kind,
                attributes: schema.attributes.map {
                    $0.name == "data" ? AttributeRule("data", isSensitive: true, normalise: $0.normalise) : $0
                }, isStateful: schema.isStateful, requests: schema.requests)
        }
    }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await driver.observe(request, context)
    }
    func steps(for change: PlannedChange) -> [Step] { driver.steps(for: change) }
    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        await driver.perform(step, of: change, context)
    }
    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        await driver.look(at: key, context)
    }
}

@Suite("A protection that comes later")
struct ProtectionTests {
    @Test("Is remembered of what has a secret, and asks when nothing wants it any more", arguments: [false, true])
    func outlivesItsDocument(hidesData: Bool) async throws {
        let world = try await World()
        func pass(_ seed: UInt64) async -> RunReport {
            await world.reconciler(seed: seed, wrap: { hidesData ? Hiding(driver: $0) : $0 }).pass(PassOptions())
        }
        func set(_ environments: String, _ revision: Character) {
            world.source.set(World.tree(environments: environments, branches: ["main"], revision: revision))
        }
        let key = ResourceKey(.record, "shop.example/A/crm")
        let branch = "branch: feature/crm, "
        set(World.environments.replacing("tier: dev, " + branch, "tier: dev, "), "a")
        #expect(await pass(1).isSuccess)
        let before = try #require(try await world.store.inventory().entries.first { $0.key == key })
        #expect(!before.isProtected)
        set(World.environments.replacing("tier: dev, " + branch, "tier: dev, protected: true, "), "b")
        #expect(await pass(2).isSuccess)
        let entry = try #require(try await world.store.inventory().entries.first { $0.key == key })
        #expect(entry.isProtected && entry.lastApplied == before.lastApplied)
        set(World.environments.replacing("  crm: {", "  # crm: {"), "c")
        let report = await pass(3)
        let change = report.plan?.changes.first { $0.key == key }
        #expect(change?.action == .delete && change?.verdict == .needsApproval, "\(report.story)")
        #expect(await world.holdings().contains("record shop.example A crm"))
    }
}
