import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Reconciler
import Testing

/// Notes what each step is told of the object that went before.
private struct Noting: Driver {
    let driver: any Driver
    let notes: Locked<[String]>

    var provider: String { driver.provider }
    var version: String { driver.version }
    var schemas: [KindSchema] { driver.schemas }

    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        await driver.observe(request, context)
    }
    func steps(for change: PlannedChange) -> [Step] { driver.steps(for: change) }
    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        if step.key.kind == .droplet {
            let isReplaced = change.replaced?.attributes["image"] == "ubuntu-24-04-x64"
            notes.withLock { $0.append("\(change.change.action.rawValue) \(step.creates) \(isReplaced)") }
        }
        return await driver.perform(step, of: change, context)
    }
    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        await driver.look(at: key, context)
    }
}

@Suite("A replacement")
struct ReplacementTests {
    @Test("Tells whoever makes the new one what the old one was")
    func knowsTheOldOne() async throws {
        let world = try await World()
        let notes = Locked<[String]>([])
        func pass(_ seed: UInt64, _ options: PassOptions = PassOptions()) async -> RunReport {
            await world.reconciler(seed: seed, wrap: { Noting(driver: $0, notes: notes) }).pass(options)
        }
        #expect(await pass(1).isSuccess)
        #expect(notes.withLock { $0.allSatisfy { $0.hasPrefix("create ") && $0.hasSuffix(" false") } })
        notes.withLock { $0 = [] }
        world.source.set(
            World.tree(
                inventory: World.inventory.replacing("ubuntu-24-04-x64", "ubuntu-22-04-x64"), revision: "b"))
        let report = await pass(2, PassOptions(approvals: ["digitalocean.droplet/web"]))
        #expect(report.isSuccess, "\(report.story)")
        #expect(notes.withLock { Array($0.prefix(2)) } == ["replace false false", "replace true true"])
    }
}
