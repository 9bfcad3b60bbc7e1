import Basics
import DesiredState
import Diff
import Reconciler
import Store
import Testing

@Suite("Passes over a part of the world")
struct TargetTests {
    private func apex(_ world: World) async throws -> InventoryEntry {
        try #require(try await world.store.inventory().entries.first { $0.key.name == "shop.example/A/@" })
    }

    @Test(
        "What targets leave out is no less unapplied for that",
        arguments: [["crm"], ["digitalocean.droplet/web"], ["feature-loyalty", "production"]])
    func recordsNothingOfTheRest(_ targets: [String]) async throws {
        let world = try await World()
        _ = await world.pass()
        let before = try await apex(world)
        world.source.set(
            World.tree(inventory: World.inventory.replacing("ttl: 1800", "ttl: 3600"), revision: "b"))
        for options in [PassOptions(isDryRun: true), PassOptions(targets: targets), PassOptions(isDryRun: true)] {
            let report = await world.pass(options)
            if options.targets.isEmpty {
                let change = report.plan?.changes.first { $0.key == before.key }
                #expect(change?.action == .update && change?.cause == .unappliedCommit, "\(report.story)")
                #expect(report.plan?.leftOut.isEmpty == true)
            } else {
                #expect(report.isSuccess && report.plan?.leftOut == [before.key], "\(report.story)")
            }
            #expect(try await apex(world) == before)
        }
        #expect(await world.pass().isSuccess)
        #expect(try await apex(world).revision.hasPrefix("b"))
    }

    @Test("A sweep deletes what has ended, and makes or takes nothing of what lives on")
    func sweepsNothingElse() async throws {
        let world = try await World()
        _ = await world.pass()
        await world.age(by: .days(8))
        let moved = World.environments.replacing("database: odoo_crm, domain: crm.", "database: odoo_new, domain: new.")
        world.source.set(World.tree(environments: moved, revision: "b"))
        let before = await world.holdings()
        let reconciler = world.reconciler(seed: 71)
        var sweep = try await Sweep(reconciler.look(isManual: true), world.store)
        #expect(sweep.targets == ["crm", "feature-loyalty"])
        let options = try #require(sweep.pass)
        let report = await reconciler.pass(options)
        #expect(report.isSuccess, "\(report.story)")
        #expect(await world.holdings() == before.filter { !$0.contains("loyalty") })
        sweep = try await Sweep(reconciler.look(isManual: true), world.store)
        #expect(sweep.targets == ["crm"] && sweep.pass == nil)
        #expect(await world.pass().isSuccess)
        let after = await world.holdings()
        #expect(after.contains("record shop.example A new") && !after.contains("record shop.example A crm"))
    }
}
