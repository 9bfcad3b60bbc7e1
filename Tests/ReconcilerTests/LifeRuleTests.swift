import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import StoreSQLite
import Testing

@Suite("The rule by which an environment ends")
struct LifeRuleTests {
    private static func world(_ rule: String, _ more: String = "") async throws -> World {
        let world = try await World(World.tree(policies: World.policies(life: rule, more)))
        let report = await world.pass()
        #expect(report.isSuccess, "\(report.story)")
        return world
    }

    private static let database = "database shop-pg odoo_feature_loyalty"
    private static let slug = "feature-loyalty"

    private func audit(_ world: World) -> AuditRecord {
        AuditRecord(at: world.time.now, action: "env.test", target: Self.slug, actor: "ada", detail: .object([:]))
    }

    private func row(_ world: World) async throws -> EnvironmentRow {
        try #require(try await world.store.environments().first { $0.slug == Self.slug })
    }

    private func told(_ world: World, _ kind: Notice.Kind) async throws -> Int {
        try await world.store.notices(limit: 1_000).count { $0.kind == kind && $0.subject == Self.slug }
    }

    @Test("warns once before each end, keeps it through its grace, and deletes at the instant after")
    func boundaries() async throws {
        let world = try await Self.world(
            "{ttl: 7d, warn_before: 48h, grace: 12h, extension_days: {longest: 3, most: 5}}")
        let end = try #require(try await row(world).createdAt) + .days(7)
        world.time.jump(to: end - .hours(48) - .microseconds(1))
        _ = await world.pass()
        #expect(try await told(world, .environmentExpiring) == 0)
        world.time.jump(to: end - .hours(48))
        for _ in 0..<3 { _ = await world.pass() }
        #expect(try await told(world, .environmentExpiring) == 1)
        #expect(try await row(world).warnedFor == end)

        world.time.jump(to: end - .microseconds(1))
        #expect(await world.pass().plan?.environments.first { $0.slug == Self.slug }?.phase == .expiring)
        world.time.jump(to: end)
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await told(world, .environmentEnded) == 1)
        world.time.jump(to: end + .hours(12) - .microseconds(1))
        #expect(await world.pass().plan?.environments.first { $0.slug == Self.slug }?.phase == .ending)
        #expect(await world.holdings().contains(Self.database))

        // Another end is another warning.
        try await world.store.extendEnvironment(Self.slug, days: 3, most: 5, audit: audit(world))
        await #expect(throws: StoreFault.self) {
            try await world.store.extendEnvironment(Self.slug, days: 3, most: 5, audit: audit(world))
        }
        #expect(try await row(world).extensionDays == 3)
        world.time.jump(to: end + .days(2))
        _ = await world.pass()
        #expect(try await told(world, .environmentExpiring) == 2)
        world.time.jump(to: end + .days(3) + .hours(12))
        let last = await world.pass()
        #expect(last.isSuccess, "\(last.story)")
        #expect(await world.holdings().contains(Self.database) == false)
        #expect(await world.pass().plan?.changes.isEmpty == true)
    }

    @Test("A service that was away for the whole warning still tells, and more days than the policy allows don't count")
    func late() async throws {
        let world = try await Self.world("{ttl: 2d, grace: 1d, extension_days: {most: 1}}")
        // Whoever wrote more into the store than the policy allows gets what it allows.
        try await world.store.extendEnvironment(Self.slug, days: 30, audit: audit(world))
        let end = try #require(try await row(world).createdAt) + .days(3)
        world.time.jump(to: end + .hours(1))
        let report = await world.pass()
        let outlook = report.plan?.environments.first { $0.slug == Self.slug }
        #expect(outlook?.phase == .ending && outlook?.expiresAt == end && outlook?.goesAt == end + .days(1))
        #expect(outlook?.reason.contains("30 were added, the policy allows 1") == true, "\(outlook?.reason ?? "")")
        #expect(try await told(world, .environmentExpiring) == 1)
    }

    @Test("says of what never ends that there is nothing to extend, and of what rests when more days count")
    func extensions() async throws {
        let world = try await Self.world("7d")
        let actor = Actor("ada")
        func extend(_ name: String) async throws -> EnvironmentRow {
            try await EnvironmentChange(.extend, of: name, days: 3)
                .make(in: world.store, by: actor, at: world.time.now).row
        }
        for row in try await world.store.environments() where row.slug != Self.slug {
            // By its tier, and a named one by its class.
            guard row.tier == .production || row.tier == .staging || row.ttlClass == .named else { continue }
            do {
                _ = try await extend(row.slug)
                Issue.record("\(row.slug) was extended")
            } catch let fault as RequestFault {
                #expect(fault.code == "RUN-0031" && fault.kind == .conflict, "\(row.slug): \(fault.message)")
            }
        }
        let refused = try await world.store.environments().filter { $0.extensionDays != 0 }
        #expect(refused.isEmpty, "\(refused.map(\.slug))")
        let end = try #require(try await row(world).expiresAt)
        let longer = try await extend(Self.slug)
        #expect(longer.expiresAt == end + .days(3) && longer.pauseOfLife(at: world.time.now) == nil)
        // A pass takes the end away from what is pinned or left alone; that isn't that it has none.
        for verb in [EnvironmentChange.Verb.pin, .suspend] {
            _ = try await EnvironmentChange(verb, of: Self.slug).make(in: world.store, by: actor, at: world.time.now)
            _ = await world.pass()
            #expect(try await row(world).expiresAt == nil)
            let resting = try await extend(Self.slug)
            let command = verb == .pin ? "unpin" : "resume"
            let pause = resting.pauseOfLife(at: world.time.now)
            #expect(pause?.hasSuffix("by: reconcile env \(command) \(Self.slug)") == true, "\(pause ?? "nil")")
        }
        // Nor is it in the time between a person's word and the next pass.
        for verb in [EnvironmentChange.Verb.resume, .unpin] {
            _ = try await EnvironmentChange(verb, of: Self.slug).make(in: world.store, by: actor, at: world.time.now)
        }
        #expect(try await extend(Self.slug).extensionDays == 12)
        _ = await world.pass()
        #expect(try await row(world).expiresAt == end + .days(12))
    }

    @Test(
        "counts from the last deploy or the last commit where the policy says so",
        arguments: ["last_deploy", "last_activity"])
    func starts(_ start: String) async throws {
        let world = try await Self.world("{ttl: 7d, from: \(start)}")
        let created = try #require(try await row(world).createdAt)
        #expect(try await row(world).expiresAt == created + .days(7))
        world.time.jump(to: created + .days(5))
        let head = String(repeating: "9", count: 40)
        world.source.change { tree in
            tree.branches = .known(
                ["main", "feature/crm", "feature/loyalty"].map {
                    Branch(
                        name: $0, commit: $0 == "feature/loyalty" ? head : Digest(of: $0).hex.prefixString(40),
                        committedAt: nil)
                })
        }
        _ = await world.pass()
        for day in [Duration.days(7) - .hours(13), .days(8)] {
            world.time.jump(to: created + day)
            _ = await world.pass()
        }
        #expect(await world.holdings().contains(Self.database) == (start == "last_activity"))
        for early in [Duration.hours(13), .microseconds(1)] {
            world.time.jump(to: created + .days(12) - early)
            _ = await world.pass()
        }
        #expect(await world.holdings().contains(Self.database) == (start == "last_activity"))
        world.time.jump(to: created + .days(12))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
    }

    @Test("never ends what it can't date", arguments: ["created_at", "deployed_at", "active_at"])
    func unknown(_ column: String) async throws {
        let start = ["created_at": "created", "deployed_at": "last_deploy", "active_at": "last_activity"][column] ?? ""
        let world = try await Self.world("{ttl: 7d, from: \(start)}")
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            _ = try db.run("update ops.environments set \(column) = null where slug = $1", [.text(Self.slug)])
        }
        world.time.advance(by: .days(900))
        let report = await world.pass()
        #expect(await world.holdings().contains(Self.database), "\(report.story)")
        #expect(report.plan?.environments.first { $0.slug == Self.slug }?.reason.contains("unknown") == true)
    }

    @Test("A pin and a suspension end by themselves, and that is told once")
    func lapses() async throws {
        let world = try await Self.world("7d")
        let created = try #require(try await row(world).createdAt)
        try await world.store.setPinned(
            Self.slug, true, reason: "shown to the customer", until: created + .days(10), audit: audit(world))
        world.time.jump(to: created + .days(9))
        let pinned = await world.pass()
        #expect(await world.holdings().contains(Self.database), "\(pinned.story)")
        let outlook = pinned.plan?.environments.first { $0.slug == Self.slug }
        // Its end is the pin's, and is warned of.
        #expect(outlook?.phase == .expiring && outlook?.expiresAt == created + .days(10))
        #expect(outlook?.reason.contains("shown to the customer") == true)

        try await world.store.setSuspended(
            Self.slug, true, reason: "measured", until: created + .days(11), audit: audit(world))
        world.time.jump(to: created + .days(11) - .microseconds(1))
        let suspended = await world.pass()
        #expect(await world.holdings().contains(Self.database))
        #expect(
            suspended.desired?.unknown.contains { $0.reason.contains("until") && $0.reason.contains("measured") }
                == true)
        let left = try await row(world)
        #expect(
            left.status == .active && suspended.plan?.environments.first { $0.slug == Self.slug }?.phase == .suspended)
        world.time.jump(to: created + .days(11))
        _ = await world.pass()
        // It was warned of its end before it was left alone, and was shown to have none since.
        #expect(await world.holdings().contains(Self.database))
        world.time.jump(to: created + .days(11) + .hours(12))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
        _ = await world.pass()
        for kind in [Notice.Kind.pinEnded, .suspensionEnded, .environmentPinned, .environmentSuspended] {
            #expect(try await told(world, kind) == 1, "\(kind)")
        }
    }

    @Test(
        "What was left alone, or pinned without end, is warned again before it goes, whoever ended that and whether a pass looked",
        arguments: [
            (.suspend, nil, true), (.suspend, .resume, true), (.suspend, .resume, false), (.pin, .unpin, true),
            (.pin, .unpin, false),
        ] as [(EnvironmentChange.Verb, EnvironmentChange.Verb?, Bool)])
    func warnsAgain(_ keep: EnvironmentChange.Verb, _ loose: EnvironmentChange.Verb?, _ looks: Bool) async throws {
        let world = try await Self.world("{ttl: 7d, warn_before: 24h, grace: 6h}")
        let end = try #require(try await row(world).expiresAt)
        func change(_ verb: EnvironmentChange.Verb, until: Timestamp? = nil) async throws -> EnvironmentRow {
            try await EnvironmentChange(verb, of: Self.slug, until: until)
                .make(in: world.store, by: Actor("ada"), at: world.time.now).row
        }
        world.time.jump(to: end - .hours(13))
        _ = await world.pass()
        #expect(try await told(world, .environmentExpiring) == 1)
        let until = end + .days(20)
        _ = try await change(keep, until: loose == nil ? until : nil)
        for hours in [0, 100] where looks {
            world.time.advance(by: .hours(hours))
            _ = await world.pass()
            let kept = try await row(world)
            #expect(kept.endsAt(world.time.now) == nil && kept.record.promise == .never)
        }
        world.time.jump(to: until)
        let now = world.time.now
        let free: EnvironmentRow
        if let loose { free = try await change(loose) } else { free = try await row(world) }
        // Shown at once, with the time that the next pass gives.
        #expect(free.endsAt(now) == end && free.goesAt(now) == now + .hours(12), "\(free)")
        #expect(free.keepCommand(at: now) == "reconcile env extend \(Self.slug) --days 27")
        #expect(
            free.comeLoose(at: now)
                == ": its time was over \(end.minuteText) UTC, so it goes, at \((now + .hours(12)).minuteText) UTC at "
                + "the earliest. Keep it: reconcile env extend \(Self.slug) --days 27.")
        for _ in 0..<2 {
            let report = await world.pass()
            #expect(await world.holdings().contains(Self.database), "\(report.story)")
        }
        #expect(try await told(world, .environmentExpiring) == 2)
        let warned = try await row(world)
        let noticeEnds = try #require(warned.noticeEnds)
        #expect(noticeEnds - now >= .hours(12) && !warned.isPromisedNoEnd && warned.record.promise == .until(end))
        world.time.jump(to: noticeEnds - .microseconds(1))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database))
        world.time.jump(to: noticeEnds)
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
        #expect(try await told(world, .environmentExpiring) == 2)
    }

    @Test("A deletion that fails is named with its first time, and the rest goes without it")
    func stuck() async throws {
        let world = try await Self.world("7d")
        await world.age(by: .days(8))
        let first = world.time.now
        for attempt in 1...3 {
            world.simulator.order(
                FaultOrder("DELETE", "/v2/databases/*/dbs/odoo_feature_loyalty", .serverErrorBefore, times: 20))
            _ = await world.pass()
            let holdings = await world.holdings()
            #expect(holdings.contains(Self.database))
            #expect(!holdings.contains { $0.contains("record") && $0.contains("loyalty") }, "\(holdings)")
            let key = try #require(ResourceKey("digitalocean.database/shop-pg/odoo_feature_loyalty"))
            let stuck = try #require(try await world.store.stuckDeletions(of: [key]).first)
            #expect(stuck.attempts == attempt && stuck.since >= first && stuck.since < first + .minutes(30))
            // Nobody is called for one failure, and nobody twice.
            let called = try await world.store.notices(limit: 1_000).count { $0.kind == .deletionStuck }
            #expect(called == (attempt > 1 ? 1 : 0))
            world.time.advance(by: .hours(2))
        }
        world.simulator.clearFaults()
        for _ in 0..<2 { _ = await world.pass() }
        #expect(!(await world.holdings()).contains(Self.database))
        let done = try await world.store.notices(limit: 1_000).filter { $0.kind == .deletionDone }
        #expect(done.count == 1 && done.first?.payload["attempts"] == 3, "\(done)")
    }

    @Test("A window that is closed keeps even what has ended, and lets it go when it opens")
    func windows() async throws {
        let world = try await Self.world(
            "7d", "sync_windows: [{kind: deny, schedule: \"0 0 * * *\", duration: 12h, tiers: [dev]}]")
        // However long the interval, the next pass begins as the window does.
        let begun = await Service.starts(of: world.reconciler(seed: 5), every: .hours(24), passes: 3).dropFirst()
        #expect(begun.count == 2 && begun.allSatisfy { $0.seconds % 43_200 < 60 }, "\(begun)")
        let midnight = Timestamp(seconds: world.time.now.seconds / 86_400 * 86_400) + .days(9)
        world.time.jump(to: midnight - .hours(2))
        _ = await world.pass(PassOptions(trigger: .schedule))
        world.time.jump(to: midnight + .hours(12) - .microseconds(1))
        let closed = await world.pass(PassOptions(trigger: .schedule))
        #expect(await world.holdings().contains(Self.database), "\(closed.story)")
        #expect(closed.withheld.contains { $0.blockedUntil == midnight + .hours(12) }, "\(closed.story)")
        world.time.jump(to: midnight + .hours(12))
        _ = await world.pass(PassOptions(trigger: .schedule))
        #expect(await world.holdings().contains(Self.database) == false)
    }

    @Test("A window that lets people through lets a sweep by hand through, and is shown so", arguments: [false, true])
    func sweeping(letsPeople: Bool) async throws {
        let manual = letsPeople ? ", manual_sync: true" : ""
        let world = try await Self.world(
            "7d", "sync_windows: [{kind: deny, schedule: \"0 0 * * *\", duration: 12h, tiers: [dev]\(manual)}]")
        let midnight = Timestamp(seconds: world.time.now.seconds / 86_400 * 86_400) + .days(9)
        world.time.jump(to: midnight - .hours(2))
        _ = await world.pass(PassOptions(trigger: .schedule))
        world.time.jump(to: midnight + .hours(11) + .minutes(30))
        let reconciler = world.reconciler()
        #expect(try await Sweep(reconciler.look(), world.store).targets == [])
        let sweep = try await Sweep(reconciler.look(isManual: true), world.store)
        #expect(sweep.targets == (letsPeople ? [Self.slug] : []))
        #expect(sweep.endings.first { $0.outlook.slug == Self.slug }?.isBare == false)
        // As the command and the API ask for it.
        for trigger in [RunTrigger.schedule, .ttl] {
            #expect(await world.holdings().contains(Self.database))
            _ = await world.pass(PassOptions(trigger: trigger))
        }
        #expect(await world.holdings().contains(Self.database) == !letsPeople)
        guard letsPeople else { return }
        let after = try await Sweep(reconciler.look(isManual: true), world.store)
        #expect(after.endings.allSatisfy { $0.outlook.slug != Self.slug || $0.isBare })
    }
}
