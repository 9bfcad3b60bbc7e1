import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import Testing

@Suite("What keeps an environment, and what only looks like it")
struct KeepingTests {
    private static let slug = "feature-loyalty"
    private static let database = "database shop-pg odoo_feature_loyalty"

    private func row(_ world: World, _ slug: String = Self.slug) async throws -> EnvironmentRow {
        try #require(try await world.store.environment(slug))
    }

    private func change(
        _ world: World, _ verb: EnvironmentChange.Verb, of name: String = Self.slug, days: Int = 0,
        until: Timestamp? = nil
    ) async throws -> EnvironmentRow {
        try await EnvironmentChange(verb, of: name, days: days, until: until).make(
            in: world.store, by: Actor("ada"), at: world.time.now
        ).row
    }

    /// What refuses more days.
    private func refusal(_ world: World, of name: String = Self.slug, days: Int = 7) async throws -> RequestFault? {
        do {
            _ = try await change(world, .extend, of: name, days: days)
            return nil
        } catch let fault as RequestFault {
            return fault
        }
    }

    @Test("Who has ended and left nothing behind costs nothing, and those that stay pay for the host")
    func cost() async throws {
        let world = try await World()
        func costs() async throws -> [String: String] {
            try await world.store.environments().reduce(into: [:]) { costs, row in
                costs[row.slug] = row.metadata["cost_monthly_usd"]?.stringValue
            }
        }
        // What is there by the end of a pass is paid for from the next on.
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await costs() == ["production": "4.00", "crm": "4.00", Self.slug: "4.00"])
        await world.age(by: .days(8))
        for _ in 0..<2 { _ = await world.pass() }
        #expect(try await row(world).status == .expired)
        #expect(try await costs() == ["production": "6.00", "crm": "6.00"])
    }

    @Test("No days are given to one that nothing wants any more; what it says is when it goes and what keeps it")
    func unwanted() async throws {
        let world = try await World()
        _ = await world.pass()
        let until = world.time.now + .hours(20)
        _ = try await change(world, .pin, until: until)
        world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        world.time.advance(by: .minutes(1))
        _ = await world.pass()
        let kept = try await row(world)
        #expect(kept.isUnwanted && kept.goesAt(world.time.now) == until)
        #expect(kept.keepCommand(at: world.time.now)?.hasPrefix("reconcile env pin \(Self.slug) ") == true)
        let fault = try #require(try await refusal(world))
        #expect(fault.code == "RUN-0033" && fault.kind == .conflict, "\(fault.message)")
        #expect(
            fault.hint?.hasPrefix("It goes when its pin ends, at \(until.minuteText) UTC. Keep it: reconcile env pin")
                == true
                && fault.hint?.contains("its branch feature/loyalty, or what made an environment of it, is back")
                    == true,
            "\(fault.hint ?? "")")
        #expect(try await row(world).extensionDays == 0)

        let loose = try await change(world, .unpin)
        #expect(loose.isUnwanted && loose.keeping(at: world.time.now) == .pin)
        let said = loose.document(at: world.time.now, drift: [])
        #expect(said["sync_reason"] == "nothing wants it any more: it goes as soon as it may")
        #expect(said["goes_at"] == .null && said["unwanted_since"]?.stringValue == loose.unwantedSince?.description)
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
        let gone = try #require(try await refusal(world))
        #expect(gone.kind == .conflict && gone.message == "\(Self.slug) is gone: nothing of it is there any more")
        let document = try await row(world).document(at: world.time.now, drift: [])
        #expect(document["health"] == "unknown" && document["health_reason"] == "it is gone: nothing of it runs")
        #expect(
            document["cost_monthly_usd"] == .null && document["keep"] == .null && document["unwanted_since"] == .null)
    }

    @Test(
        "Of what is left alone it is said that nothing wants it, and that it goes, when that ends by a word or by itself",
        arguments: [false, true])
    func leftAlone(isResumed: Bool) async throws {
        let world = try await World()
        _ = await world.pass()
        let time = try #require(try await row(world).expiresAt)
        let until = world.time.now + .days(5)
        _ = try await change(world, .suspend, until: until)
        func pass(_ branches: [String], _ revision: Character, _ environments: String = World.environments) async throws
        {
            world.source.set(World.tree(environments: environments, branches: branches, revision: revision))
            world.time.advance(by: .minutes(1))
            _ = await world.pass()
        }
        let all = ["main", "feature/crm", "feature/loyalty"]
        // Whether an entry that can't be read wants it isn't known.
        let unread = World.environments.replacing("crm: {tier: dev,", with: "crm: {tier: dev, tier: dev,")
        try await pass(["main", "feature/crm"], "b", unread)
        #expect(try await !row(world).isUnwanted)
        try await pass(["main", "feature/crm"], "c")
        let left = try await row(world)
        #expect(left.isUnwanted && left.goesAt(world.time.now) == nil && left.endsAt(world.time.now) == nil)
        #expect(
            left.sync(alarming: 0, at: world.time.now).reason
                == "suspended, and nothing wants it any more: it goes when it is reconciled again")
        guard case .environment(let told) = try await world.reconciler().answer("environment/\(Self.slug)") else {
            throw TestFault()
        }
        #expect(told.standing.state == .suspended && told.standing.reason.contains("nothing wants it any more"))
        #expect(try await refusal(world)?.hint?.hasPrefix("It goes when it is reconciled again. ") == true)
        // Wanted again meanwhile, it has its time.
        try await pass(all, "d")
        let back = try await row(world)
        #expect(!back.isUnwanted && back.timeEnds == time && back.endsAt(until) == time, "\(back)")
        try await pass(["main", "feature/crm"], "e")
        #expect(await world.holdings().contains(Self.database))

        var loose = try await row(world)
        if isResumed { loose = try await change(world, .resume) } else { world.time.jump(to: until) }
        #expect(loose.isUnwanted && loose.endsAt(world.time.now) == nil)
        #expect(
            loose.sync(alarming: 0, at: world.time.now).reason
                == "nothing wants it any more: it goes as soon as it may")
        #expect(
            loose.comeLoose(at: world.time.now)
                == ", and nothing wants it any more: the next pass deletes it, or marks it where the policy gives it a "
                + "grace. Keep it: reconcile env pin \(Self.slug) --until 7d --reason \"why\".")
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database) == false)
    }

    @Test("In the grace of what documents let go of, the row says when it goes, until they want it again")
    func grace() async throws {
        let entry = World.environments.split(separator: "\n").first { $0.hasPrefix("  crm:") } ?? ""
        let less = World.environments.replacing(entry + "\n", with: "")
        let world = try await World(World.tree(policies: World.plainPolicies, branches: ["main", "feature/crm"]))
        _ = await world.pass()
        // Else a mapping would want it by its branch.
        let policies = World.plainPolicies.replacing("feature/*", with: "topic/*")
        func tree(_ environments: String, _ revision: Character) -> SourceTree {
            World.tree(
                environments: environments, policies: policies, branches: ["main", "feature/crm"], revision: revision)
        }
        world.source.set(tree(less, "b"))
        _ = await world.pass()
        let goesAt = world.time.now + .hours(24)
        for _ in 0..<2 {
            let row = try await row(world, "crm")
            #expect(row.status == .active && row.goesAt(world.time.now) == goesAt)
            let document = row.document(at: world.time.now, drift: [])
            #expect(document["goes_at"]?.stringValue == goesAt.description && document["expires_at"] == .null)
            #expect(
                document["sync_reason"] == .string("nothing wants it any more: it goes at \(goesAt.minuteText) UTC"))
            #expect(document["keep"] == "reconcile env pin crm --until 7d --reason \"why\"")
            world.time.advance(by: .minutes(5))
            _ = await world.pass()
        }
        #expect(
            try await refusal(world, of: "crm")?.hint?.hasPrefix("It goes at \(goesAt.minuteText) UTC. Keep") == true)
        // A pass that was asked for something else knows nothing of its grace.
        _ = await world.pass(PassOptions(targets: ["digitalocean.droplet/web"]))
        #expect(try await row(world, "crm").goesAt(world.time.now) == goesAt)
        world.source.set(tree(World.environments, "c"))
        _ = await world.pass()
        let back = try await row(world, "crm")
        #expect(!back.isUnwanted && back.graceEnds == nil && back.expiresAt != nil)
        #expect(try await refusal(world, of: "crm") == nil)
    }

    @Test("Whoever is warned is told days that the policy allows, and a pin where it allows none")
    func limits() async throws {
        let rule = "{ttl: 7d, warn_before: 24h, grace: 12h, extension_days: {longest: 2, most: 3}}"
        let world = try await World(World.tree(policies: World.policies(life: rule)))
        _ = await world.pass()
        for keep in ["extend \(Self.slug) --days 2", "extend \(Self.slug) --days 1", "pin \(Self.slug) --until 7d"] {
            let end = try #require(try await row(world).expiresAt)
            world.time.jump(to: end - .hours(5))
            let report = await world.pass()
            let notice = try await world.store.notices(limit: 1_000).last {
                $0.kind == .environmentExpiring && $0.subject == Self.slug
                    && $0.payload["expires_at"]?.stringValue == end.description
            }
            #expect(notice?.summary.contains(": reconcile env \(keep)") == true, "\(notice?.summary ?? "none")")
            #expect(
                report.plan?.environments.first { $0.slug == Self.slug }?.keeping.command(Self.slug).contains(keep)
                    == true)
            let row = try await row(world)
            #expect(row.goesAt(world.time.now) == end + .hours(12))
            #expect(row.keepCommand(at: world.time.now)?.hasPrefix("reconcile env \(keep)") == true)
            guard case .extend(let days) = row.keeping(at: world.time.now) else { continue }
            #expect(try await refusal(world, days: 3)?.hint == "Run: reconcile env extend \(Self.slug) --days \(days)")
            let longer = try await change(world, .extend, days: days)
            #expect(longer.comeTo(at: world.time.now) == ": it ends \((end + .days(days)).minuteText) UTC.")
            // The grace moves along.
            #expect(longer.goesAt(world.time.now) == end + .days(days) + .hours(12))
        }
    }

    @Test(
        "Where it ended long ago so many days are named as give it an end to come, and fewer are said to change nothing"
    )
    func overdue() async throws {
        let world = try await World(World.tree(policies: World.policies(life: "30d")))
        _ = await world.pass()
        world.time.advance(by: .days(20))
        world.source.set(World.tree(policies: World.policies(life: "7d"), revision: "b"))
        let report = await world.pass()
        let outlook = try #require(report.plan?.environments.first { $0.slug == Self.slug })
        // Who was promised more has half of the time of a warning.
        #expect(outlook.phase == .ending && outlook.keeping == .extend(days: 20), "\(outlook)")
        let few = try await change(world, .extend, days: 7)
        let said = few.comeTo(at: world.time.now)
        #expect(
            said.contains(", which has passed: it still goes, at ")
                && said.hasSuffix(" Keep it: reconcile env extend \(Self.slug) --days 13."), "\(said)")
        let enough = try await change(world, .extend, days: 13)
        #expect(enough.expiresAt.map { $0 > world.time.now } == true)
        #expect(enough.comeTo(at: world.time.now) == ": it ends \(enough.expiresAt?.minuteText ?? "") UTC.")
        world.time.advance(by: .days(1))
        _ = await world.pass()
        #expect(await world.holdings().contains(Self.database))
        #expect(try await row(world).expiresAt == enough.expiresAt)
    }

    @Test("Days that a pin outlasts put nothing off, and are neither told as if they did nor offered")
    func pins() async throws {
        let world = try await World(World.tree(policies: World.policies(life: "7d")))
        _ = await world.pass()
        let time = try #require(try await row(world).expiresAt)
        let until = world.time.now + .days(30)
        _ = try await change(world, .pin, until: until)
        _ = await world.pass()
        let pinned = try await row(world)
        #expect(pinned.expiresAt == until && pinned.timeEnds == time)
        let longer = try await change(world, .extend, days: 7)
        #expect(longer.expiresAt == until && longer.timeEnds == time + .days(7))
        #expect(
            longer.comeTo(at: world.time.now).hasPrefix(
                ", which are over before its pin is, at \(until.minuteText) UTC."))
        world.time.jump(to: until - .hours(5))
        let report = await world.pass()
        // Its time was over 16 days before.
        let outlook = report.plan?.environments.first { $0.slug == Self.slug }
        #expect(outlook?.phase == .expiring && outlook?.keeping == .extend(days: 22), "\(String(describing: outlook))")
        #expect(try await row(world).keeping(at: world.time.now) == .extend(days: 22))
        let kept = try await change(world, .extend, days: 22)
        #expect(kept.expiresAt == time + .days(29) && kept.timeEnds == nil, "\(kept)")
        _ = await world.pass()
        #expect(try await row(world).expiresAt == kept.expiresAt)
    }
}
