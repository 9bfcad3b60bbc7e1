import Basics
import DesiredState
import Formats
import Testing

@testable import Diff

/// A pin of an environment that nothing wants any more.
@Suite struct StandingPinTests {
    typealias W = Worlds

    private static let small: [(String, Value)] = [("region", "sgp1"), ("size", "s-1")]
    private static let large: [(String, Value)] = [("region", "sgp1"), ("size", "s-2")]

    private static func record(until: Timestamp?, tier: Tier = .dev, host: String? = nil) -> EnvironmentRecord {
        var record = W.record("a", tier, pinned: true, branch: "feature/a")
        (record.pinnedUntil, record.pinReason, record.pinnedBy, record.host) = (until, "the demo", "sam", host)
        return record
    }

    private static func input(_ record: EnvironmentRecord) -> PlanInput {
        W.input(
            [], [W.seen(.record, "e.com/A/a")],
            [W.ours(.record, "e.com/A/a", env: "a"), W.ours(.record, "e.com/A/gone", env: "a")], records: [record])
    }

    @Test(arguments: [nil, Timestamp?.some(W.now + .microseconds(1))], [Tier.dev, .staging])
    func `keeps all of it as it is while it stands, and says who, why and until when`(
        _ until: Timestamp?, _ tier: Tier
    ) throws {
        let plan = makePlan(Self.input(Self.record(until: until, tier: tier)))
        let life = try #require(plan.environments.first)
        #expect(life.phase == .pinned && life.expiresAt == until && !life.phase.isDecided)
        #expect(plan.changes.count == 2 && plan.allowedChanges.isEmpty)
        for change in plan.changes {
            #expect(change.action == .read && change.verdict == .blocked && change.hold == .pinned)
            let reason = try #require(change.verdictReason)
            let end = until.map { " until \($0.minuteText) UTC" } ?? ""
            #expect(reason.hasPrefix("RUN-0032: it is pinned by sam\(end) (the demo), though branch feature/a is gone"))
            #expect(reason.hasSuffix("reconcile env unpin a"))
        }
        // Known and meant: nobody is called for it.
        #expect(plan.drift.map(\.cause) == [.expected])
    }

    @Test func `ends at its instant and not before, and holds nothing of one that is gone or wanted`() throws {
        let over = makePlan(Self.input(Self.record(until: W.now)))
        #expect(over.environments.first?.phase == .unwanted)
        #expect(over.allowedChanges.map(\.action).sorted { $0.rawValue < $1.rawValue } == [.delete, .forget])
        var input = Self.input(Self.record(until: nil))
        input.desired = input.desired.with(environments: [W.environment("a", branch: "feature/a")])
        let wanted = makePlan(input)
        #expect(wanted.environments.first?.phase == .active && wanted.allowedChanges.count == 2)
    }

    @Test(arguments: [true, false])
    func `what it stands on may change and not go`(_ isWanted: Bool) throws {
        let plan = makePlan(
            W.input(
                isWanted ? [W.want(.droplet, "web", Self.large)] : [],
                [W.seen(.droplet, "web", Self.small), W.seen(.record, "e.com/A/a")],
                [W.ours(.droplet, "web", Self.small), W.ours(.record, "e.com/A/a", env: "a")],
                records: [Self.record(until: nil, host: "web")]))
        let web = try #require(plan.changes.first { $0.key.name == "web" })
        if isWanted {
            #expect(web.action == .update && web.hold != .pinned)
        } else {
            #expect(web.action == .read && web.hold == .pinned)
            #expect(web.verdictReason?.contains("environment a stands on it and is kept: it is pinned by sam") == true)
        }
    }

    @Test(arguments: [true, false])
    func `what it owns isn't changed where a commit wants it of another one`(_ isPinned: Bool) throws {
        var record = W.record("a", pinned: isPinned, branch: "feature/a")
        record.pinnedBy = "sam"
        let input = W.input(
            [W.want(.droplet, "web", Self.large, env: "b")], [W.seen(.droplet, "web", Self.small)],
            [W.ours(.droplet, "web", Self.small, env: "a")], environments: [W.environment("b")], records: [record])
        let web = try #require(makePlan(input).changes.first)
        #expect(web.action == .update && web.verdict == (isPinned ? .blocked : .allowed))
        #expect(web.hold == (isPinned ? .pinned : nil))
        if isPinned { #expect(web.verdictReason?.hasPrefix("RUN-0032: it is pinned by sam") == true) }
        #expect(input.desired.leftAlone(input.inventory, at: input.now) == (isPinned ? ["a"] : []))
    }

    @Test(arguments: [UnknownScope.Extent.environments, .everything, .environment("a")])
    func `holds all the same what nobody can tell to be unwanted, and doesn't say that it is`(
        _ extent: UnknownScope.Extent
    ) throws {
        let scope = UnknownScope(extent, code: "FMT-0002", reason: "a value is missing here", at: W.mark(7))
        let input = W.input(
            [], [W.seen(.droplet, "web", Self.small), W.seen(.record, "e.com/A/a")],
            [W.ours(.droplet, "web", Self.small), W.ours(.record, "e.com/A/a", env: "a")],
            records: [Self.record(until: nil, host: "web")], unknown: [scope])
        let plan = makePlan(input)
        #expect(plan.environments.first?.phase == .unknown && plan.allowedChanges.isEmpty)
        // Which documents want it is known of what is of no environment.
        #expect(plan.drift.map(\.key.name) == (extent == .everything ? [] : ["web"]))
        #expect(plan.changes.count == 2 && plan.changes.allSatisfy { $0.action == .read && $0.verdict == .blocked })
        #expect(plan.changes.allSatisfy { $0.verdictReason?.contains("is gone") == false })
        #expect(plan.changes.first { $0.environment == "a" }?.hold == .unknownWish)
        // What it stands on is of no environment: the pin alone holds that.
        let web = try #require(plan.changes.first { $0.key.name == "web" })
        #expect(web.hold == (extent == .everything ? .unknownWish : .pinned))
        #expect(input.desired.leftAlone(input.inventory, at: input.now) == ["a"])
    }

    @Test func `a suspension beside it counts first`() throws {
        var input = Self.input(Self.record(until: nil))
        input.desired =
            W.input(unknown: [
                UnknownScope(.environment("a"), code: Hold.suspensionCode, reason: "it is suspended", at: nil)
            ]).desired
        let plan = makePlan(input)
        #expect(plan.environments.first?.phase == .suspended && plan.changes.allSatisfy { $0.hold == .suspended })
    }
}
