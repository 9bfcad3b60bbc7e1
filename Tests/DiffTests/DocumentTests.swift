import Basics
import DesiredState
import Diff
import Formats
import TestKit
import Testing

@Suite struct DocumentTests {
    typealias W = Worlds
    static let small: [(String, Value)] = [("region", "sgp1"), ("size", "s-1vcpu-2gb")]
    static let large: [(String, Value)] = [("region", "sgp1"), ("size", "s-2vcpu-4gb")]

    private func document(_ input: PlanInput) -> Value {
        PlanDocument.json(makePlan(input), runID: "r-1", plannedAt: W.now)
    }

    @Test func theDocumentIsAsPublished() {
        let json = document(TextTests.busy)
        expectGolden(JSON.write(json, pretty: true) + "\n", "busy.json")
        #expect(
            !JSON.write(json, pretty: false).contains("hunter2"), "a sensitive value must not get into the document")
    }

    @Test func theDocumentIsTheSameAtAnyTimeOfTheSameLife() {
        var later = TextTests.busy
        later.now = W.now + .minutes(1)
        #expect(document(TextTests.busy) == document(later))
    }

    /// Every scalar under the changes and the basis, changed one after the other.
    @Test func aChangeToAnyPartThatCountsIsRefused() throws {
        let original = document(TextTests.busy)
        var count = 0
        for name in ["revision", "changes", "basis", "requests"] {
            let whole = try #require(original[name])
            for variant in variants(whole) {
                guard case .object(var members) = original else { return }
                members[name] = variant
                #expect(throws: PlanFault.self, "\(name)") { try PlanDocument.parse(.object(members)) }
                count += 1
            }
        }
        #expect(count > 150)
    }

    /// All values that differ from this one in one scalar.
    private func variants(_ value: Value) -> [Value] {
        switch value {
        case .null, .number: []
        case .bool(let flag): [.bool(!flag)]
        case .int(let number): [.int(number + 1)]
        case .string(let text): [.string(text + "x")]
        case .list(let items):
            items.indices.flatMap { index in
                variants(items[index]).map { variant in
                    var copy = items
                    copy[index] = variant
                    return .list(copy)
                }
            } + (items.isEmpty ? [] : [.list(Array(items.dropLast()))])
        case .object(let object):
            object.members.flatMap { member in
                // The place of an attribute is for people only: the plan rests on the place of the resource.
                object["path"] != nil && member.name == "source"
                    ? []
                    : variants(member.value).map { variant in
                        var copy = object
                        copy[member.name] = variant
                        return .object(copy)
                    }
            }
        }
    }

    @Test(
        arguments: [
            (.null, "PLAN-0101", "no format_version"),
            (.object(Value.Object([.init("format_version", "2.0")])), "PLAN-0102", "2.0"),
            (.object(Value.Object([.init("format_version", "1.0")])), "PLAN-0101", "changes is missing"),
        ] as [(Value, String, String)])
    func whatIsNoPlanIsRefused(value: Value, code: String, says: String) {
        do throws(PlanFault) {
            _ = try PlanDocument.parse(value)
            Issue.record("it was read")
        } catch {
            #expect(error.code == code)
            #expect(error.message.contains(says), "\(error.message)")
            #expect(error.hint != nil)
        }
    }

    static let base = W.input(
        [W.want(.droplet, "web", large), W.want(.tag, "a", env: "a")],
        [W.seen(.droplet, "web", small), W.seen(.tag, "a")],
        [W.ours(.droplet, "web", small), W.ours(.tag, "a", env: "a")],
        environments: [W.environment("a")], records: [W.record("a", age: .days(6))])

    static func moved(_ change: (inout PlanInput) -> Void) -> PlanInput {
        var input = base
        change(&input)
        return input
    }

    static let movements: [(String, PlanInput)] = [
        ("the policy moved", moved { $0.desired = state($0.desired) { $0.maximumDeletes = 3 } }),
        ("the commit moved: ab12ab12ab12 → cccccccccccc", moved { $0.desired = state($0.desired, revision: "c") }),
        ("the driver of digitalocean moved: version 1 → 2", moved { $0.drivers = ["digitalocean": "2"] }),
        ("`installation` of the configuration moved: none → south", moved { $0.installation = "south" }),
        (
            "digitalocean.droplet/web: size is now \"s-9\", was \"s-1vcpu-2gb\"",
            moved { $0.observed = seen([W.seen(.droplet, "web", [("region", "sgp1"), ("size", "s-9")])]) }
        ),
        ("digitalocean.droplet/web: was to update, is now to create", moved { $0.observed = seen([]) }),
        (
            "digitalocean.droplet/web: was to update, now nothing is to be done",
            moved { $0.observed = seen([W.seen(.droplet, "web", large)]) }
        ),
        ("environment a expired meanwhile", moved { $0.now = W.now + .days(2) }),
        (
            "the inventory moved",
            moved { $0.inventory = Inventory(entries: $0.inventory.entries, environments: [W.record("a", extra: 9)]) }
        ),
        (
            "something that the plan looks at moved at a provider",
            moved { $0.observed = seen([W.seen(.droplet, "web", small + [("ipv4", "192.0.2.1")])]) }
        ),
    ]

    static func seen(_ resources: [ObservedResource]) -> ObservedState {
        ObservedState(
            W.schemas.keys.map { kind in
                ObservedKind(
                    kind: kind, completeness: .complete,
                    resources: (resources + [W.seen(.tag, "a")]).filter { $0.key.kind == kind })
            })
    }

    static func state(
        _ desired: DesiredState, revision: String? = nil, _ change: (inout Policy) -> Void = { _ in }
    ) -> DesiredState {
        var policy = desired.policy
        change(&policy)
        return DesiredState(
            revision: revision.map { String(repeating: $0, count: 40) } ?? desired.revision, roots: desired.roots,
            environments: desired.environments, resources: desired.resources, unknown: [], policy: policy,
            documents: [], diagnostics: [])
    }

    @Test(arguments: movements)
    func whatMovedIsSaid(words: String, input: PlanInput) throws {
        let saved = try PlanDocument.parse(document(Self.base))
        let lines = PlanStaleness.compare(saved, makePlan(input))
        #expect(lines.contains { $0.contains(words) }, "\(lines)")
    }

    @Test func whatIsNotOursMovesNothing() throws {
        let saved = try PlanDocument.parse(document(Self.base))
        var input = Self.base
        input.observed = Self.seen([W.seen(.droplet, "web", Self.small), W.seen(.droplet, "theirs"), W.seen(.tag, "x")])
        #expect(PlanStaleness.compare(saved, makePlan(input)) == [])
    }

    @Test func driftIsReportedWhateverTheGuardsSay() {
        let plan = makePlan(TextTests.busy)
        let items = plan.drift.map { "\($0.key) \($0.cause.rawValue) \($0.summary)" }
        #expect(
            items == [
                "digitalocean.database_cluster/old\u{1B}[2J unapplied_commit it is there, but nothing wants it any more",
                "digitalocean.droplet/odoo-production unapplied_commit size differs",
                "digitalocean.droplet/odoo-staging unapplied_commit it is missing",
                "digitalocean.droplet/stray unapplied_commit it is missing",
                "digitalocean.firewall/edge unapplied_commit sources differs",
                "digitalocean.record/example.com/A/erp external_change data differs",
                "digitalocean.record/example.com/A/feature-x expired it is there, but environment feature-x expired "
                    + "on 2026-03-06T09:26:40Z: dev_ephemeral: 7d from 2026-02-27T09:26:40Z",
                "digitalocean.record/example.com/A/staging unapplied_commit it is missing",
            ])
    }
}
