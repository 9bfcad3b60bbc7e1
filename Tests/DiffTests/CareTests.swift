import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What guards an environment isn't taken away by one word.
@Suite struct CareTests {
    typealias W = Worlds

    private static func found(
        _ environments: [Environment], living: [String] = [], unknown: [UnknownScope] = []
    ) -> Lineage {
        var lineage = Lineage()
        lineage.careFound = CareFound(W.input(environments: environments, unknown: unknown).desired, living: living)
        return lineage
    }

    private static func remembering(_ care: [String: Care]) -> Lineage {
        var lineage = Lineage()
        lineage.care = care
        return lineage
    }

    private static let production = Care(.production, isProtected: true)
    private static let staging = Care(.staging, isProtected: true)
    private static let watched = Care(.dev, isProtected: true)

    /// What was, what is wanted, and what an approval would be of; nil where nobody has to say anything.
    @Test(
        arguments: [
            (production, W.environment("a"), "production → dev"),
            (production, W.environment("a", .staging, protected: true), "production → staging"),
            (staging, W.environment("a", .preview), "staging → preview"),
            (staging, W.environment("a", .staging), "staging → staging without protection"),
            (watched, W.environment("a"), "dev with protection → dev"),
            (watched, W.environment("a", .staging), "dev with protection → staging without protection"),
            (production, W.environment("a", .production, protected: true), nil),
            (staging, W.environment("a", .production, protected: true), nil),
            (watched, W.environment("a", .staging, protected: true), nil),
            (watched, W.environment("a", .preview, protected: true), nil),
        ] as [(Care, Environment, String?)])
    func aFallIsADeparture(_ before: Care, _ wanted: Environment, _ change: String?) {
        let departure = Self.remembering(["a": before]).departure(.care, in: Self.found([wanted]))
        let shown = departure.map {
            "\($0.before["a"]?.stringValue ?? "nil") → \($0.after["a"]?.stringValue ?? "nil")"
        }
        #expect(shown == change)
        #expect(departure?.kept == (change == nil ? nil : ["a": before]))
    }

    @Test func whatIsWantedNoMoreOrCannotBeReadIsNone() {
        let before = Self.remembering(["a": Self.production])
        let unread = UnknownScope(.environment("a"), code: "SSOT-0004", reason: "no meaning", at: W.mark(7))
        let suspended = UnknownScope(.environment("a"), code: Hold.suspensionCode, reason: "left alone", at: nil)
        #expect(before.departure(.care, in: Self.found([])) == nil)
        #expect(before.departure(.care, in: Self.found([W.environment("a")], unknown: [unread])) == nil)
        #expect(before.departure(.care, in: Self.found([W.environment("a")], unknown: [suspended])) != nil)
        #expect(Lineage().departure(.care, in: Self.found([W.environment("a")])) == nil)
    }

    @Test func careIsRememberedUntilSomebodySaysLessOrTheEnvironmentIsGone() {
        let before = Self.remembering(["a": Self.production, "b": Self.staging, "c": Self.watched])
        let wanted = [W.environment("a"), W.environment("d", .staging, protected: true), W.environment("e")]
        let found = Self.found(wanted, living: ["a", "b"])
        let new = ["d": Self.staging]
        #expect(before.next(found, without: []).care == new.merging(["b": Self.staging]) { $1 })
        let held = before.next(found, without: [.care]).care
        #expect(held == new.merging(["a": Self.production, "b": Self.staging]) { $1 })
        #expect(before.next(found, without: [.care, .history]).care == before.care)
        #expect(before.next(found, without: [.documents]).care == before.care)
        // A rise is learnt beside a fall that nobody has said yes to.
        let risen = Self.found([W.environment("a", .staging, protected: true), W.environment("c", .staging)])
        #expect(
            before.next(risen, without: [.care]).care
                == ["a": Self.production, "c": Care(.staging, isProtected: true)])
        // An approval isn't of where the line stands.
        #expect(before.departure(.care, in: found)?.key.description == "source.care/ssot")
    }

    private static func plan(_ departures: [Departure], policy: Policy = Policy(), wants: Bool = true) -> Plan {
        var policy = policy
        policy.prune.guardedGrace = .zero
        let now =
            wants ? [W.want(.database, "c/a", env: "a"), W.want(.record, "e.com/A/a", address("2"), env: "a")] : []
        var input = W.input(
            now, [W.seen(.database, "c/a"), W.seen(.record, "e.com/A/a", address("1")), W.seen(.tag, "old")],
            [
                W.ours(.database, "c/a", env: "a", protected: true),
                W.ours(.record, "e.com/A/a", address("1"), env: "a", protected: true), W.ours(.tag, "old", env: "a"),
            ], environments: [W.environment("a", .dev, .named)], records: [W.record("a", .production, age: .days(400))],
            policy: policy)
        input.departures = departures
        return makePlan(input)
    }

    private static func address(_ last: String) -> [(String, Value)] { [("data", .string("10.0.0.\(last)"))] }

    private static func fall() throws -> Departure {
        try #require(remembering(["a": production]).departure(.care, in: found([W.environment("a", .dev, .named)])))
    }

    @Test func untilThenItLivesAndIsGuardedAsItWas() throws {
        let fall = try Self.fall()
        let plan = Self.plan([fall])
        let outlook = try #require(plan.environments.first)
        #expect(outlook.phase == .active && outlook.expiresAt == nil && outlook.reason == "production never expires")
        let told = try #require(plan.diagnostics.first { $0.code == "PLAN-0024" })
        #expect(
            told.mark == W.mark(3, "ssot/environments.yaml") && told.hint?.contains("--key source.care/ssot") == true)
        let asked = try #require(plan.changes.first { $0.key == fall.key })
        #expect(
            asked.verdict == .needsApproval && asked.source == told.mark && asked.approvalDigest == fall.approvalDigest)
        // All else goes on, but in the windows of its tier of before.
        #expect(plan.changes.first { $0.action == .update && $0.key.kind == .record }?.verdict == .allowed)
        var policy = Policy()
        policy.freezes = [
            Freeze(
                from: nil, until: W.now + .days(1), reason: "holidays", scope: PolicyScope(tiers: [.production]),
                source: W.mark(40, ".odooops/policies.yaml"))
        ]
        let frozen = Self.plan([fall], policy: policy).changes.filter { $0.key.kind == .record }
        #expect(!frozen.isEmpty && frozen.allSatisfy { $0.verdict == .blocked && $0.hold == .window })
        // What is protected asks although nothing wants it.
        let data = Self.plan([fall], wants: false).changes.first { $0.key.kind == .database }
        #expect(data?.action == .delete && data?.verdict == .needsApproval)
    }

    @Test func fromThenOnItHasItsWholeTime() throws {
        let plan = Self.plan([])
        let outlook = try #require(plan.environments.first)
        #expect(outlook.phase == .active && outlook.expiresAt == W.now + .days(7), "\(outlook)")
        #expect(outlook.reason.contains("from the end of its time as production"))
        #expect(plan.changes.allSatisfy { $0.cause != .expired })
    }

    /// What was promised, the time to live of now, and how long after the plan the environment goes.
    @Test(
        arguments: [
            (.until(W.now + .days(9)), .minutes(1), .hours(12)),
            (.never, .minutes(1), .hours(12)),
            (.until(W.now + .days(9)), .hours(20), .hours(12)),
            // A time that always was so short measures its own notice; so it is where nobody knows better.
            (.until(W.now - .days(5) + .minutes(1)), .minutes(1), .seconds(30)),
            (nil, .minutes(1), .seconds(30)),
        ] as [(EnvironmentRecord.Promise?, Duration, Duration)])
    func aTimeThatIsMadeShorterLeavesTimeToSayNo(
        _ promise: EnvironmentRecord.Promise?, _ ttl: Duration, _ notice: Duration
    ) throws {
        var record = W.record("a", age: .days(5))
        record.warning = EnvironmentRecord.Warning.none
        record.promise = promise
        func outlook(_ record: EnvironmentRecord, at now: Timestamp) throws -> EnvironmentOutlook {
            let plan = makePlan(
                W.input(environments: [W.environment("a", ttl: .after(ttl))], records: [record], now: now))
            return try #require(plan.environments.first)
        }
        let first = try outlook(record, at: W.now)
        #expect(first.phase == .ending && first.goesAt == W.now + notice, "\(first)")
        // As the store remembers it after that pass.
        let end = try #require(first.expiresAt)
        record.promise = .until(end)
        record.warning = .of(end, at: W.now)
        record.noticeEnds = first.noticeEnds
        #expect(try outlook(record, at: W.now + notice - .microseconds(1)).phase == .ending)
        #expect(try outlook(record, at: W.now + notice).phase == .expired)
    }
}
