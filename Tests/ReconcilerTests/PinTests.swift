import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing
import Web

@Suite("What people gave to the life of an environment")
struct PinTests {
    private static let slug = "feature-loyalty"
    private static let database = "database shop-pg odoo_feature_loyalty"
    private static let all = ["main", "feature/crm", "feature/loyalty"]

    private func row(_ world: World) async throws -> EnvironmentRow {
        try #require(try await world.store.environment(Self.slug))
    }

    private func audit(_ world: World) -> AuditRecord {
        AuditRecord(at: world.time.now, action: "env.test", target: Self.slug, actor: "ada", detail: .object([:]))
    }

    private func ends(_ world: World) async throws -> [Notice] {
        try await world.store.notices(limit: 1_000).filter { $0.kind == .environmentEnded && $0.subject == Self.slug }
    }

    private func branches(_ world: World, _ names: [String], _ revision: Character) {
        world.source.set(World.tree(branches: names, revision: revision))
        world.time.advance(by: .minutes(1))
    }

    @Test("Of one whose branch went a pin keeps everything until it is taken away or ends; then its end is told once")
    func keepsUnwanted() async throws {
        let world = try await World()
        _ = await world.pass()
        let until = world.time.now + .days(30)
        try await world.store.setPinned(Self.slug, true, reason: "the demo", until: until, audit: audit(world))
        branches(world, ["main", "feature/crm"], "b")
        let holdings = await world.holdings()
        for _ in 0..<2 {
            let report = await world.pass()
            #expect(report.isSuccess, "\(report.story)")
        }
        #expect(await world.holdings() == holdings && holdings.contains(Self.database))
        #expect(try await ends(world).isEmpty)
        let kept = try await row(world)
        #expect(kept.status == .active && kept.expiresAt == until && kept.unwantedSince != nil)
        let (sync, reason) = kept.sync(alarming: 0, at: world.time.now)
        #expect(sync == .unknown && reason.contains("only its pin keeps it: reconcile env unpin \(Self.slug)"))
        guard case .environment(let told) = try await world.reconciler().answer("environment/\(Self.slug)") else {
            throw TestFault()
        }
        #expect(told.standing.state == .pinned && told.standing.until == until)
        #expect(told.standing.command == "reconcile env unpin \(Self.slug)" && told.obstacle?.kind == .hold(.pinned))
        #expect(told.standing.reason.contains("pinned by ada until") && told.standing.reason.contains("(the demo)"))
        // Its machines are looked at as before: by the host of its row, and the cluster of its database.
        #expect(kept.standing?.health == .healthy, "\(kept.standing?.healthReason ?? "none")")
        let droplets = try JSON.parse(await world.call("GET", "/v2/droplets").body)["droplets"]?.listValue ?? []
        let id = try #require(droplets.first { $0["name"]?.stringValue == kept.host }?["id"]?.intValue)
        for (type, health, word) in [
            ("power_off", EnvironmentStanding.Health.degraded, "is off"), ("power_on", .healthy, "is active"),
        ] {
            _ = await world.call("POST", "/v2/droplets/\(id)/actions", ["type": .string(type)])
            world.time.advance(by: .minutes(2))
            _ = await world.pass()
            let standing = try #require(try await row(world).standing)
            #expect(standing.health == health && standing.healthReason.contains(word), "\(type): \(standing)")
            #expect(standing.healthReason.contains("cluster shop-pg is online"), "\(type): \(standing)")
        }
        // Kept is no difference that anybody has to see to.
        #expect(try await world.store.openDrift().allSatisfy(\.isQuiet))

        try await world.store.setPinned(Self.slug, false, audit: audit(world))
        let swept = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false, "\(swept.story)")
        _ = await world.pass()
        let notices = try await ends(world)
        #expect(notices.count == 1 && notices.first?.summary.contains("branch feature/loyalty is gone") == true)
        #expect(notices.first?.payload["keep"] == .string("reconcile env pin \(Self.slug)"))
        #expect(try await row(world).status == .gone)
    }

    @Test(
        "A pin holds the data for which it was given, also where a commit gives the name to another one",
        arguments: ["taken", "swapped"])
    func nameGiven(_ how: String) async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.store.setPinned("crm", true, reason: "audit", audit: audit(world))
        let entry = try #require(World.environments.split(separator: "\n").first { $0.hasPrefix("  crm:") })
        let line = String(entry)
        let another = line.replacing("feature/crm", "feature/loyalty").replacing("odoo_crm", "fresh")
            .replacing("crm.shop", "fresh.shop")
        let given = World.environments.replacing(line, line.replacing("  crm:", "  crmo:") + "\n" + another)
        if how == "swapped" {
            // Both lived before.
            let before = World.environments.replacing(
                line, line + "\n" + another.replacing("  crm:", "  crmo:"))
            world.source.set(World.tree(environments: before, revision: "b"))
            #expect(await world.pass().isSuccess)
        }
        world.source.set(World.tree(environments: given, revision: "c"))
        func owner() async throws -> String? {
            try await world.store.inventory().entries.first { $0.key.name == "shop-pg/odoo_crm" }?.environment
        }
        let report = await world.pass()
        #expect(try await owner() == "crm", "\(report.story)")
        for _ in 0..<4 {
            await world.age(by: .days(10))
            let later = await world.pass()
            let holdings = await world.holdings()
            #expect(holdings.contains("database shop-pg odoo_crm"), "\(how) \(later.story)")
            #expect(holdings.contains("record shop.example A crm"), "\(how) \(later.story)")
        }
        let held = try #require(await world.pass().plan?.changes.first { $0.key.name == "shop-pg/odoo_crm" })
        #expect(held.hold == .pinned, "\(held)")
        #expect(
            held.verdictReason?.hasPrefix(
                "RUN-0032: it belongs to crm, which is pinned by ada (audit), though crmo wants it now")
                == true, "\(held)")
        #expect(held.verdictReason?.hasSuffix("reconcile env unpin crm") == true)
        // It is the other one's from then on, and goes with that one.
        try await world.store.setPinned("crm", false, audit: audit(world))
        _ = await world.pass()
        _ = await world.pass()
        #expect(await world.holdings().contains("database shop-pg odoo_crm") == false)
    }

    @Test("What people decide is shown at once as the next pass finds it")
    func settles() async throws {
        let world = try await World()
        _ = await world.pass()
        await world.age(by: .days(6) + .hours(12))
        _ = await world.pass()
        #expect(try await row(world).status == .expiring)
        let (store, slug) = (world.store, Self.slug)
        let until = world.time.now + .days(30)
        let deeds: [(String, (AuditRecord) async throws -> LifeChange)] = [
            ("extend", { try await store.extendEnvironment(slug, days: 7, audit: $0) }),
            ("pin for a time", { try await store.setPinned(slug, true, until: until, audit: $0) }),
            ("extend under a pin", { try await store.extendEnvironment(slug, days: 2, audit: $0) }),
            ("unpin", { try await store.setPinned(slug, false, audit: $0) }),
            ("pin for ever", { try await store.setPinned(slug, true, audit: $0) }),
            ("unpin again", { try await store.setPinned(slug, false, audit: $0) }),
            ("suspend", { try await store.setSuspended(slug, true, audit: $0) }),
            ("resume", { try await store.setSuspended(slug, false, audit: $0) }),
            ("take days back", { try await store.extendEnvironment(slug, days: -9, audit: $0) }),
            ("pin what expires", { try await store.setPinned(slug, true, until: until, audit: $0) }),
            ("unpin what expires", { try await store.setPinned(slug, false, audit: $0) }),
        ]
        for (name, deed) in deeds {
            let told = try await deed(audit(world)).row
            #expect(try await row(world) == told, "\(name)")
            _ = await world.pass()
            let found = try await row(world)
            #expect(told.status == found.status && told.expiresAt == found.expiresAt, "\(name)")
            #expect(told.endsAt(world.time.now) == found.endsAt(world.time.now), "\(name)")
            #expect(told.timeEnds == found.timeEnds && found.promisedEnd == nil, "\(name)")
        }
        #expect(try await row(world).status == .expiring)
    }

    @Test("Who takes away a pin that had an end is told when it goes, as the next pass finds it")
    func unpinned() async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.store.setPinned(
            Self.slug, true, until: world.time.now + .days(12), audit: audit(world))
        world.time.advance(by: .days(8))
        _ = await world.pass()
        let told = try await world.store.setPinned(Self.slug, false, audit: audit(world)).row
        let now = world.time.now
        #expect(told.goesAt(now) == now + .hours(12))
        #expect(told.comeLoose(at: now)?.contains("it goes, at \((now + .hours(12)).minuteText) UTC") == true)
        let report = await world.pass()
        let goesAt = try #require(try await row(world).goesAt(world.time.now))
        #expect(await world.holdings().contains(Self.database), "\(report.story)")
        #expect(goesAt >= now + .hours(12) && goesAt < now + .hours(12) + .minutes(5))
        world.time.jump(to: goesAt)
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
    }

    @Test("That a branch went is told once for each time, with what it takes along")
    func tellsEnds() async throws {
        let world = try await World()
        _ = await world.pass()
        for (index, revision) in ["b", "c"].enumerated() {
            branches(world, ["main", "feature/crm"], Character(revision))
            for _ in 0..<2 { _ = await world.pass() }
            #expect(try await ends(world).count == index + 1)
            branches(world, Self.all, "d")
            _ = await world.pass()
            let back = try await row(world)
            #expect(back.status == .active && back.unwantedSince == nil && back.endToldAt == nil)
        }
    }

    @Test("A branch that is made again begins a new life: without the days and the pin of the one before")
    func beginsAnew() async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.store.extendEnvironment(Self.slug, days: 14, audit: audit(world))
        try await world.store.setPinned(
            Self.slug, true, reason: "the demo", until: world.time.now + .days(1), audit: audit(world))
        branches(world, ["main", "feature/crm"], "b")
        world.time.advance(by: .days(2))
        _ = await world.pass()
        #expect(try await row(world).status == .gone)
        // The pass that lets it go tells that it was its pin that had ended.
        let lapses = try await world.store.notices(limit: 1_000).filter { $0.kind == .pinEnded }.map(\.summary)
        #expect(
            lapses == ["the pin of environment \(Self.slug) has ended: nothing wants it any more, so it is gone"])
        branches(world, Self.all, "c")
        let report = await world.pass()
        let again = try await row(world)
        #expect(again.status == .active && again.extensionDays == 0 && !again.isPinned, "\(report.story)")
        #expect(again.pinnedUntil == nil && again.pinReason == nil && again.pinnedBy == nil)
        #expect(again.expiresAt == again.createdAt.map { $0 + .days(7) })
        _ = await world.pass()
        #expect(try await row(world).expiresAt == again.expiresAt)
    }

    @Test("So does one that expired and has a new commit; but what people give it while it comes back is kept")
    func revives() async throws {
        let world = try await World()
        _ = await world.pass()
        try await world.store.extendEnvironment(Self.slug, days: 3, audit: audit(world))
        await world.age(by: .days(11))
        _ = await world.pass()
        #expect(try await row(world).status == .expired)
        world.source.change { tree in
            tree.branches = .known(
                Self.all.map { Branch(name: $0, commit: String(repeating: "5", count: 40), committedAt: nil) })
        }
        let (store, given) = (world.store, audit(world))
        let extended = Locked(false)
        // Somebody extends it after the plan was made, and is told that it is done.
        let report = await world.reconciler(
            seed: 77,
            onWrite: {
                let isFirst = extended.withLock { was in
                    defer { was = true }
                    return !was
                }
                guard isFirst else { return }
                _ = try? await store.extendEnvironment(Self.slug, days: 2, audit: given)
            }
        ).pass(PassOptions())
        let again = try await row(world)
        #expect(again.status == .active && again.extensionDays == 2, "\(report.story)")
        _ = await world.pass()
        #expect(try await row(world).expiresAt == again.createdAt.map { $0 + .days(9) })
    }
}
