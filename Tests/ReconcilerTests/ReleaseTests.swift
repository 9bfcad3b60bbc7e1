import Basics
import DesiredState
import Diff
import Reconciler
import Simulator
import Store
import Testing

@Suite("What documents let go of by a slip")
struct ReleaseTests {
    private static let crm = ["database shop-pg odoo_crm", "record shop.example A crm", "user shop-pg odoo_crm"]
    private static let entry =
        "  crm: {tier: dev, branch: feature/crm, host: web, database_cluster: shop-pg, database: odoo_crm, domain: crm.shop.example}\n"

    private static func tree(
        _ entry: String, _ revision: Character, branches: [String] = ["main", "feature/crm"]
    ) -> SourceTree {
        let parts = World.environments.ranges(of: Self.entry)
        var environments = World.environments
        if let range = parts.first { environments.replaceSubrange(range, with: entry) }
        return World.tree(
            environments: environments, policies: World.plainPolicies, branches: branches, revision: revision)
    }

    private static func world() async throws -> World {
        let world = try await World(tree(entry, "a"))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(await owned(world) == crm)
        return world
    }

    /// What `crm` owns at the provider.
    private static func owned(_ world: World) async -> [String] {
        await world.holdings().filter { crm.contains($0) }
    }

    @Test("stays whole for its grace, is told once, asks nobody, and goes at its end")
    func waits() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree("", "b"))
        let first = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(first.story)")
        #expect(first.isSuccess && first.run.phase == .succeeded)
        let marks = try await world.store.inventory().marks
        #expect(marks.count == 3)
        let goesAt = world.time.now + .hours(24)
        world.time.jump(to: goesAt - .microseconds(1))
        let waiting = await world.pass()
        let held = waiting.withheld.filter { $0.environment == "crm" }
        #expect(held.count == 3 && held.allSatisfy { $0.hold == .grace && $0.blockedUntil == goesAt })
        let reason = held.first { $0.key.kind == .database }?.verdictReason ?? ""
        #expect(
            reason.contains(
                "ssot/environments.yaml wants it no more though its branch feature/crm is still there: it goes after")
                && reason.contains("put its entry back into ssot/environments.yaml"), "\(reason)")
        #expect(await Self.owned(world) == Self.crm)
        let told = try await world.store.notices().filter {
            $0.environment == "crm" && [.pruneMarked, .approvalWaiting].contains($0.kind)
        }
        #expect(told.map(\.kind) == [.pruneMarked, .pruneMarked, .pruneMarked])
        #expect(told.allSatisfy { $0.summary.contains("its branch feature/crm is still there") })
        world.time.jump(to: goesAt)
        let last = await world.pass()
        #expect(await Self.owned(world).isEmpty, "\(last.story)")
        #expect(try await world.store.inventory().marks.isEmpty)
    }

    @Test("is told of its entry, also where that bore the name of its branch", arguments: [Tier.dev, .staging])
    func namedAsItsBranch(_ tier: Tier) async throws {
        let entry = Self.entry.replacing(
            "crm: {tier: dev, branch: feature/crm", with: "lab: {tier: \(tier), branch: lab")
        let branches = ["main", "lab"]
        let world = try await World(Self.tree(entry, "a", branches: branches))
        #expect(await world.pass().isSuccess)
        world.source.set(Self.tree("", "b", branches: branches))
        let report = await world.pass()
        let reason = report.plan?.environments.first { $0.slug == "lab" }?.reason
        #expect(
            reason == "ssot/environments.yaml wants it no more though its branch lab is still there", "\(report.story)")
        let held = report.withheld.filter { $0.environment == "lab" }
        #expect(held.allSatisfy { $0.verdictReason?.contains("policies.yaml") != true }, "\(held.map(\.verdictReason))")
        // What the sentence says keeps it.
        world.source.set(Self.tree(entry, "c", branches: branches))
        _ = await world.pass()
        world.time.advance(by: .days(2))
        let last = await world.pass()
        #expect(await world.holdings().contains("database shop-pg odoo_crm"), "\(last.story)")
        #expect(try await world.store.inventory().marks.isEmpty)
    }

    @Test("goes at once where a person names it, and not by a word for all that waits")
    func named() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree("", "b"))
        let first = await world.pass(PassOptions(approvals: ["all"]))
        #expect(await Self.owned(world) == Self.crm, "\(first.story)")
        await #expect(throws: (any Error).self) {
            try await ApprovalRequest(run: first.run.id, keys: [], reason: nil, lasting: nil).make(
                in: world.store, by: Actor("ada"), at: world.time.now)
        }
        let keys = first.withheld.filter { $0.environment == "crm" }.map(\.key.description)
        let obstacle = try await world.reconciler().explain(keys[0]).obstacle
        #expect(obstacle?.command == "reconcile approve \(first.run.id) --key \(obstacle?.key.description ?? "")")
        _ = try await ApprovalRequest(run: first.run.id, keys: keys, reason: nil, lasting: nil).make(
            in: world.store, by: Actor("ada"), at: world.time.now)
        let second = await world.pass()
        #expect(await Self.owned(world).isEmpty, "\(second.story)")
        #expect(try await world.store.inventory().marks.isEmpty)
    }

    @Test("stays where its entry is back, and goes after the short grace when its branch goes as well")
    func comesBack() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree("", "b"))
        _ = await world.pass()
        world.source.set(Self.tree(Self.entry, "c"))
        _ = await world.pass()
        #expect(try await world.store.inventory().marks.contains { $0.environment == "crm" } == false)
        world.time.advance(by: .days(2))
        _ = await world.pass()
        #expect(await Self.owned(world) == Self.crm)
        world.source.set(Self.tree("", "d", branches: ["main"]))
        let first = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(first.story)")
        world.time.advance(by: .hours(1))
        let last = await world.pass()
        #expect(await Self.owned(world).isEmpty, "\(last.story)")
    }

    @Test("keeps what waited for an approval through a new name: its grace begins anew, and that is told")
    func renamed() async throws {
        let world = try await Self.world()
        let moved = Self.entry.replacing("database: odoo_crm", with: "database: odoo_new")
        let old = "digitalocean.database/shop-pg/odoo_crm"
        world.source.set(Self.tree(moved, "b"))
        let marked = await world.pass()
        let end = try #require(try await world.store.environment("crm")?.expiresAt)
        let withIt = "or with crm at \(end.minuteText) UTC"
        #expect(
            marked.withheld.first { $0.key.description == old }?.verdictReason?.contains("and an approval, \(withIt)")
                == true, "\(marked.story)")
        let told = try await world.store.notices(limit: 1_000).first { $0.kind == .pruneMarked && $0.subject == old }
        #expect(told?.summary.contains("or with its environment at \(end.minuteText)") == true)
        world.time.advance(by: .hours(25))
        let waiting = await world.pass()
        let asked = try #require(waiting.withheld.first { $0.key.description == old }, "\(waiting.story)")
        #expect(asked.verdict == .needsApproval && asked.hold == .approval)
        world.source.set(Self.tree(moved.replacing("  crm:", with: "  sales:"), "c"))
        world.time.advance(by: .minutes(1))
        let renamed = await world.pass()
        let goesAt = world.time.now + .hours(24)
        #expect(await world.holdings().contains("database shop-pg odoo_crm"), "\(renamed.story)")
        #expect(
            try await world.store.notices(limit: 1_000).count { $0.kind == .pruneMarked && $0.subject == old } == 2)
        world.time.jump(to: goesAt - .microseconds(1))
        _ = await world.pass()
        #expect(await world.holdings().contains("database shop-pg odoo_crm"))
        world.time.jump(to: goesAt)
        let last = await world.pass()
        #expect(await world.holdings().contains("database shop-pg odoo_crm") == false, "\(last.story)")
        #expect(await world.holdings().contains("database shop-pg odoo_new"))
    }

    @Test("has a grace of its own each time: one that was put back while its provider was away has none of before")
    func unseen() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree("", "b"))
        _ = await world.pass()
        world.time.advance(by: .hours(20))
        world.source.set(Self.tree(Self.entry, "c"))
        world.simulator.order(FaultOrder("GET", "/v2/**", .serverErrorBefore, times: 10_000))
        _ = await world.pass()
        world.simulator.clearFaults()
        #expect(try await world.store.inventory().marks.isEmpty)
        world.time.advance(by: .hours(5))
        world.source.set(Self.tree("", "d"))
        let again = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(again.story)")
    }

    @Test("that had ended has its grace where days or a commit came before it was let go", arguments: [false, true])
    func cameBack(_ isPushed: Bool) async throws {
        let frozen = World.plainPolicies + "sync_windows: [{kind: deny, schedule: \"0 0 * * *\", duration: 24h}]\n"
        let world = try await Self.world()
        func tree(_ entry: String, _ revision: Character, _ policies: String) -> SourceTree {
            var tree = Self.tree(entry, revision)
            tree.files = tree.files.map {
                $0.path == ".odooops/policies.yaml" ? SourceFile(path: $0.path, text: policies) : $0
            }
            if isPushed, revision == "d" {
                let commits = ["main": "1", "feature/crm": "2"]
                tree.branches = .known(
                    commits.map { Branch(name: $0.key, commit: $0.value, committedAt: nil) }.sorted {
                        $0.name < $1.name
                    })
            }
            return tree
        }
        await world.age(by: .days(13))
        world.source.set(tree(Self.entry, "b", frozen))
        _ = await world.pass()
        world.time.advance(by: .days(1))
        _ = await world.pass()
        #expect(await Self.owned(world) == Self.crm)
        #expect(try await world.store.environment("crm")?.status == .expired)
        if !isPushed {
            _ = try await EnvironmentChange(.extend, of: "crm", days: 7).make(
                in: world.store, by: Actor("ada"), at: world.time.now)
        }
        world.time.advance(by: .minutes(1))
        world.source.set(tree("", "d", World.plainPolicies))
        let slip = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(slip.story)")
        world.time.advance(by: .hours(24))
        let last = await world.pass()
        #expect(await Self.owned(world).isEmpty, "\(last.story)")
    }

    @Test("whose branch had gone lives on by its entry, and waits when that is lost")
    func entryAlone() async throws {
        let world = try await Self.world()
        world.source.set(Self.tree(Self.entry, "b", branches: ["main"]))
        _ = await world.pass()
        #expect(await Self.owned(world) == Self.crm)
        world.source.set(Self.tree("", "c", branches: ["main"]))
        let slip = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(slip.story)")
        #expect(slip.withheld.contains { $0.verdictReason?.contains("its branch feature/crm was gone before") == true })
    }

    @Test(
        "that has only slid is neither marked nor made a second time",
        arguments: [
            // Out of `environments`, behind everything else.
            ("", "crm: {tier: dev, branch: feature/crm, host: web}\n"),
            // Its branch under another key.
            (entry.replacing("branch:", with: "brnch:"), ""),
        ])
    func slips(_ inside: String, _ behind: String) async throws {
        let world = try await Self.world()
        var tree = Self.tree(inside, "b")
        tree.files = tree.files.map {
            guard $0.path == "ssot/environments.yaml", case .bytes(let bytes) = $0.content else { return $0 }
            return SourceFile(path: $0.path, text: String(decoding: bytes, as: UTF8.self) + behind)
        }
        world.source.set(tree)
        for _ in 1...2 { _ = await world.pass() }
        world.time.advance(by: .days(2))
        let report = await world.pass()
        #expect(await Self.owned(world) == Self.crm, "\(report.story)")
        #expect(try await world.store.inventory().marks.isEmpty)
        #expect(await world.holdings().contains { $0.contains("feature_crm") } == false)
    }
}

extension String {
    /// The text with each occurrence of another replaced.
    fileprivate func replacing(_ old: String, with new: String) -> String {
        var text = self
        while let range = text.firstRange(of: old) { text.replaceSubrange(range, with: new) }
        return text
    }
}
