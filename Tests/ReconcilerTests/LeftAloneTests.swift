import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing

@Suite("What belongs to an environment that is left alone or kept, and is wanted of another one")
struct LeftAloneTests {
    private static let database = "database shop-pg odoo_crm"
    private static let record = "record shop.example A crm"

    enum Word: Sendable, CaseIterable { case suspended, pinned, pinnedForATime }

    private func audit(_ world: World) -> AuditRecord {
        AuditRecord(at: world.time.now, action: "env.test", target: "crm", actor: "ada", detail: .object([:]))
    }

    private func owners(_ world: World) async throws -> Set<String> {
        let entries = try await world.store.inventory().entries
        return Set(entries.filter { $0.key.name.contains("crm") }.map { $0.environment ?? "" })
    }

    @Test(
        "Stays its own under its old name, unchanged, for as long as that stands, and then is the other one's",
        arguments: Word.allCases, [false, true])
    func staysWithItsOwner(_ word: Word, moves: Bool) async throws {
        let inventory = World.inventory.replacing(
            "droplets:", "droplets:\n  - {name: other, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64}")
        let world = try await World(World.tree(inventory: inventory))
        #expect(await world.pass().isSuccess)
        switch word {
        case .suspended: try await world.setSuspended("crm", true, reason: "forensics")
        case .pinned: try await world.store.setPinned("crm", true, audit: audit(world))
        case .pinnedForATime:
            try await world.store.setPinned("crm", true, until: world.time.now + .days(60), audit: audit(world))
        }
        let before = try await world.store.inventory().entries.filter { $0.environment == "crm" }
        #expect(before.count >= 2)
        let line = World.environments.split(separator: "\n").first { $0.hasPrefix("  crm: {") }.map(String.init) ?? ""
        var renamed = line.replacing("  crm: {", with: "  sales: {")
        if moves { renamed = renamed.replacing("host: web", with: "host: other") }
        world.source.set(
            World.tree(
                inventory: inventory, environments: World.environments.replacing(line, renamed), revision: "b"))
        var targets: [[String]] = [[], ["production"], ["sales"], []]
        while !targets.isEmpty {
            let report = await world.pass(PassOptions(targets: targets.removeFirst()))
            #expect(try await owners(world) == ["crm"], "\(report.story)")
            #expect(report.plan?.allowedChanges.allSatisfy { !$0.key.name.contains("crm") } == true)
        }
        // By the end of the new one.
        await world.age(by: .days(15))
        for _ in 0..<2 {
            let report = await world.pass()
            let holdings = await world.holdings()
            #expect(holdings.contains(Self.database) && holdings.contains(Self.record), "\(report.story)")
            #expect(report.plan?.environments.first { $0.slug == "sales" }?.phase == .expired)
            let kept = report.plan?.changes.filter { $0.key.name.contains("crm") } ?? []
            #expect(!kept.isEmpty && kept.allSatisfy { $0.hold == (word == .suspended ? .suspended : .pinned) })
        }
        let after = try await world.store.inventory().entries.filter { $0.environment == "crm" }
        #expect(after.map(\.key) == before.map(\.key))
        #expect(after.map(\.providerID) == before.map(\.providerID))

        if word == .suspended {
            try await world.setSuspended("crm", false)
        } else {
            try await world.store.setPinned("crm", false, audit: audit(world))
        }
        let report = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false, "\(report.story)")
    }

    @Test("Is the other one's once it may be looked after again")
    func isHandedOn() async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.setSuspended("crm", true)
        world.source.set(
            World.tree(environments: World.environments.replacing("  crm: {", "  sales: {"), revision: "b"))
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await owners(world) == ["crm"])
        try await world.setSuspended("crm", false)
        let report = await world.pass()
        #expect(try await owners(world) == ["sales"], "\(report.story)")
        #expect(report.plan?.allowedChanges.isEmpty == true)
    }
}
