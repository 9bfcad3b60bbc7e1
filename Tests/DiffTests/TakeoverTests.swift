import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What one environment owns doesn't lose its guards because another one comes to want it.
@Suite struct TakeoverTests {
    typealias W = Worlds

    private static let production = Care(.production, isProtected: true)
    private static let staging = Care(.staging, isProtected: true)
    private static let key = W.key(.database, "c/a")

    private static func found(
        _ environments: [Environment], _ wanted: [DesiredResource], _ entries: [InventoryEntry],
        living: [String] = ["old"], unknown: [UnknownScope] = []
    ) -> Lineage {
        var lineage = Lineage()
        lineage.careFound = CareFound(
            W.input(wanted, environments: environments, unknown: unknown).desired, living: living, entries: entries
        ) { W.schemas[$0]?.isStateful == true }
        return lineage
    }

    private static func remembering(_ care: [String: Care], granted: Set<Takeover> = []) -> Lineage {
        var lineage = Lineage()
        lineage.care = care
        lineage.granted = granted
        return lineage
    }

    private static func data(_ slug: String?) -> DesiredResource { W.want(.database, "c/a", env: slug) }
    private static func ours(_ slug: String?, protected: Bool = false) -> InventoryEntry {
        W.ours(.database, "c/a", env: slug, protected: protected)
    }

    /// Whom a database belongs to, how carefully that one is treated, who wants it, and what is said of it.
    @Test(
        arguments: [
            ("old", production, W.environment("new"), "production: \(key) → dev"),
            (
                "old", production, W.environment("new", .staging, protected: true),
                "production: \(key) → staging"
            ),
            ("old", staging, W.environment("new", .preview), "staging: \(key) → preview"),
            ("old", Care(.dev, isProtected: true), W.environment("new"), "dev with protection: \(key) → dev"),
            ("old", Care(.dev, isProtected: true), W.environment("new", protected: true), nil),
            ("old", production, W.environment("new", .production, protected: true), nil),
            ("old", staging, W.environment("new", .production, protected: true), nil),
            ("old", nil, W.environment("new"), nil),
            // What belongs to no environment goes with the end of none.
            (nil, nil, W.environment("new"), "without an end: \(key) → dev"),
            (nil, nil, W.environment("new", .staging), nil),
            (nil, nil, W.environment("new", protected: true), nil),
        ] as [(String?, Care?, Environment, String?)])
    func lessCarefulHandsAreADeparture(_ owner: String?, _ before: Care?, _ taker: Environment, _ change: String?) {
        let remembered = Self.remembering(before.map { ["old": $0] } ?? [:])
        let departure = remembered.departure(.care, in: Self.found([taker], [Self.data("new")], [Self.ours(owner)]))
        let name = "new from \(owner ?? "no environment")"
        let shown = departure.map {
            "\($0.before[name]?.stringValue ?? "nil") → \($0.after[name]?.stringValue ?? "nil")"
        }
        #expect(shown == change)
        #expect(departure?.kept == (change == nil ? nil : ["new": before ?? Care(.dev, isProtected: true)]))
    }

    @Test func whatHoldsNoDataAndBelongsToNobodyIsNone() {
        let record = W.want(.record, "e.com/A/a", env: "new")
        for isProtected in [false, true] {
            let entry = W.ours(.record, "e.com/A/a", protected: isProtected)
            let departure = Self.remembering([:]).departure(
                .care, in: Self.found([W.environment("new")], [record], [entry]))
            #expect((departure != nil) == isProtected)
        }
    }

    @Test func itIsToldInOneSentenceAndApprovedOfExactlyTheseThings() throws {
        let names = ["c/a", "c/b", "c/c", "c/d"]
        func departure(_ names: [String], line: Int = 12) throws -> Departure {
            try #require(
                Self.remembering(["old": Self.production]).departure(
                    .care,
                    in: Self.found(
                        [W.environment("new")], names.map { W.want(.database, $0, env: "new", line: line) },
                        names.map { W.ours(.database, $0, env: "old") })))
        }
        let all = try departure(names)
        let kind = ResourceKind.database.name
        #expect(
            all.what
                == "environment new takes over \(kind)/c/a, \(kind)/c/b, \(kind)/c/c and 1 more of old (production), "
                + "and is dev")
        #expect(try departure(names, line: 40).approvalDigest == all.approvalDigest)
        #expect(try departure(Array(names.dropLast())).approvalDigest != all.approvalDigest)
    }

    @Test func aYesHoldsUntilTheThingHasMovedAndCoversNoOther() {
        let (environment, data) = (W.environment("new"), Self.data("new"))
        let before = Self.remembering(["old": Self.production])
        let found = Self.found([environment], [data], [Self.ours("old")])
        #expect(before.next(found, without: [.care]).granted.isEmpty)
        let after = before.next(found, without: [])
        #expect(after.granted.map(\.key) == [data.key] && after.care == before.care)
        #expect(after.departure(.care, in: found) == nil && after.next(found, without: []) == after)
        // Other things, or other hands, ask anew; more careful ones don't.
        let others = [data, W.want(.database, "c/b", env: "new")]
        let more = Self.found([environment], others, [Self.ours("old"), W.ours(.database, "c/b", env: "old")])
        #expect(after.departure(.care, in: more)?.handsOver == true)
        let risen = Self.found([W.environment("new", .staging, protected: true)], [data], [Self.ours("old")])
        #expect(after.departure(.care, in: risen) == nil)
        let another = Self.found([W.environment("b")], [Self.data("b")], [Self.ours("old")])
        #expect(after.departure(.care, in: another)?.handsOver == true)
        // While its documents can't be read a yes isn't forgotten; where it belongs to its taker, it is.
        let unread = UnknownScope(.environment("new"), code: "SSOT-0004", reason: "no meaning", at: W.mark(7))
        let hidden = Self.found([environment], [data], [Self.ours("old")], unknown: [unread])
        #expect(after.next(hidden, without: []).granted == after.granted)
        #expect(after.openTakeovers(of: hidden.careFound).isEmpty)
        #expect(before.departure(.care, in: hidden) == nil && before.openTakeovers(of: hidden.careFound).count == 1)
        #expect(after.next(Self.found([environment], [data], [Self.ours("new")]), without: []).granted.isEmpty)
        #expect(after.next(another, without: [.documents]).granted == after.granted)
    }

    private static func plan(_ departures: [Departure], size: String = "1") -> Plan {
        func holder(_ size: String) -> [(String, Value)] { [("size", .string(size))] }
        var policy = Policy()
        policy.prune.guardedGrace = .zero
        var input = W.input(
            [W.want(.databaseCluster, "c", holder(size), env: "new"), data("new")],
            [W.seen(.databaseCluster, "c", holder("1")), W.seen(.database, "c/a")],
            [W.ours(.databaseCluster, "c", holder("1"), env: "old"), ours("old")],
            environments: [W.environment("new")],
            records: [W.record("new", age: .days(400)), W.record("old", .staging)], policy: policy)
        input.departures = departures
        return makePlan(input)
    }

    @Test func untilThenItNeitherGoesNorChanges() throws {
        // Its taker is long over, and what it owns goes freely.
        #expect(
            Self.plan([]).changes.contains {
                $0.key.kind == .database && $0.action == .delete && $0.verdict == .allowed
            })
        let departure = try #require(
            Self.remembering(["old": Care(.staging, isProtected: false)]).departure(
                .care,
                in: Self.found(
                    [W.environment("new")], [W.want(.databaseCluster, "c", env: "new"), Self.data("new")],
                    [W.ours(.databaseCluster, "c", env: "old"), Self.ours("old")])))
        #expect(departure.kept["new"]?.tier == .staging)
        let plan = Self.plan([departure], size: "2")
        #expect(plan.summary.delete == 0 && plan.summary.update == 0 && plan.summary.replace == 0)
        let change = try #require(plan.changes.first { $0.key.kind == .databaseCluster })
        let told = try #require(plan.diagnostics.first { $0.code == "PLAN-0024" })
        #expect(change.action == .update && change.verdict == .denied && told.message.hasPrefix(departure.what))
        #expect(change.verdictReason == "\(departure.what): \(told.hint ?? "")")
        #expect(plan.environments.first { $0.slug == "new" }?.phase == .active)
        #expect(Self.plan([departure]).changes.map(\.key) == [departure.key])
    }
}
