import Basics
import DesiredState
import Diff
import Formats
import Testing

/// A difference tells why it is one: a commit, a hand, the provider's own form, or what people know of.
@Suite struct CauseTests {
    typealias W = Worlds

    /// One droplet that is wanted in `sgp1` with `s-2`, what was applied and seen, and what a plan makes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var seen: [(String, Value)] = [("region", "sgp1"), ("size", "S2")]
        var applied: [(String, Value)]? = [("region", "sgp1"), ("size", "s-2")]
        var echoes: [Echo] = []
        /// Attribute, what is said to be there, what is said to be wanted.
        var known: [(String, Value, Value)] = []
        var isManual = false
        var targets: [String] = []
        /// Action, verdict, cause; causes of drift with their attributes; codes.
        let expected: String
    }

    private static func answer(_ name: String, _ value: Value, _ times: Int) -> Echo {
        Echo(name, value, times: times, isAnswer: true, at: W.now - .minutes(5))
    }

    private static func back(_ times: Int, _ value: Value = "S2", age: Duration = .minutes(5)) -> Echo {
        Echo("size", value, times: times, isAnswer: false, at: W.now - age)
    }

    static let cases = [
        Case(testDescription: "by hand", expected: "update allowed external_change | external_change size |"),
        Case(
            testDescription: "by a commit", applied: [("region", "sgp1"), ("size", "s-1")],
            expected: "update allowed unapplied_commit | unapplied_commit size |"),
        Case(
            testDescription: "what the answer to the write said is written once more",
            echoes: [answer("size", "S2", 1)],
            expected: "update allowed provider_normalization | provider_normalization size |"),
        Case(
            testDescription: "and then never again", echoes: [answer("size", "S2", 2)],
            expected: "| provider_normalization size | PLAN-0015"),
        Case(
            testDescription: "something else than the answer is a hand", echoes: [answer("size", "S3", 9)],
            expected: "update allowed external_change | external_change size |"),
        Case(
            testDescription: "a new wish is written whatever the old one came to",
            applied: [("region", "sgp1"), ("size", "s-1")], echoes: [answer("size", "S2", 9)],
            expected: "update allowed unapplied_commit | unapplied_commit size |"),
        Case(
            testDescription: "nothing is replaced for what its creation came to",
            seen: [("region", "SGP1"), ("size", "s-2")], echoes: [answer("region", "SGP1", 1)],
            expected: "| provider_normalization region | PLAN-0015"),
        Case(
            testDescription: "one attribute of two", seen: [("region", "SGP1"), ("size", "s-1")],
            echoes: [answer("region", "SGP1", 1)],
            expected: "update allowed external_change | external_change size, provider_normalization region | PLAN-0015"
        ),
        Case(
            testDescription: "put back twice is not yet a contest", echoes: [back(2)],
            expected: "update allowed external_change | external_change size |"),
        Case(
            testDescription: "put back three times rests for an hour", echoes: [back(3)],
            expected: "update blocked external_change contested 55 | external_change size | PLAN-0016"),
        Case(
            testDescription: "and the next time for two", echoes: [back(4)],
            expected: "update blocked external_change contested 115 | external_change size | PLAN-0016"),
        Case(
            testDescription: "and at most for a day", echoes: [back(9_999)],
            expected: "update blocked external_change contested 1435 | external_change size | PLAN-0016"),
        Case(
            testDescription: "after which it is written again", echoes: [back(3, age: .hours(1))],
            expected: "update allowed external_change | external_change size | PLAN-0016"),
        Case(
            testDescription: "another value ends the contest", echoes: [back(3, "s-9")],
            expected: "update allowed external_change | external_change size |"),
        Case(
            testDescription: "a person needn't wait", echoes: [back(3)], isManual: true,
            expected: "update allowed external_change | external_change size | PLAN-0016"),
        Case(
            testDescription: "what is known is expected", known: [("size", "S2", "s-2")],
            expected: "update allowed expected | expected size |"),
        Case(
            testDescription: "also of what isn't ours yet", applied: nil, known: [("size", "S2", "s-2")],
            expected: "adopt allowed expected | expected size |"),
        Case(
            testDescription: "known and unknown beside each other",
            seen: [("region", "sgp1"), ("size", "S2"), ("tags", [])],
            applied: nil, known: [("tags", [], ["a"])],
            expected: "adopt allowed unapplied_commit | unapplied_commit size |"),
        Case(
            testDescription: "what is in place is known no more", seen: [("region", "sgp1"), ("size", "s-2")],
            known: [("size", "S2", "s-2")], expected: "| | PLAN-0014"),
        Case(
            testDescription: "a third value is not what is known", known: [("size", "s-1", "s-2")],
            expected: "update allowed external_change | external_change size | PLAN-0014"),
        Case(
            testDescription: "an entry that contradicts itself is told where it is read",
            seen: [("region", "sgp1"), ("size", "s-2")], known: [("size", "s-2", "s-2")], expected: "| |"),
    ]

    @Test(arguments: cases) func cause(_ testCase: Case) {
        var entries: [InventoryEntry] = []
        if let applied = testCase.applied {
            entries = [W.ours(.droplet, "web", applied)]
            entries[0].echoes = testCase.echoes
        }
        var input = W.input(
            [W.want(.droplet, "web", [("region", "sgp1"), ("size", "s-2")])], [W.seen(.droplet, "web", testCase.seen)],
            entries)
        input.isManual = testCase.isManual
        input.desired.acknowledgedDrift = testCase.known.map {
            AcknowledgedDrift(
                key: W.key(.droplet, "web"), attribute: $0.0, current: $0.1, desired: $0.2, severity: nil, action: nil,
                source: W.mark(40))
        }
        let plan = makePlan(input)
        let changes = plan.changes.map { change in
            var words = [change.action.rawValue, change.verdict.rawValue, change.cause.rawValue]
            if let hold = change.hold { words.append(hold.rawValue) }
            if let until = change.blockedUntil { words.append("\(Int((until - W.now) / .minutes(1)))") }
            return words.joined(separator: " ")
        }
        let drift = plan.drift.map { "\($0.cause.rawValue) \($0.attributes.map(\.path).joined(separator: "+"))" }
        let codes = Set(plan.diagnostics.map(\.code)).sorted()
        let told = [changes, drift, codes].map { $0.joined(separator: ", ") }.joined(separator: " | ")
        #expect(Self.words(told) == Self.words(testCase.expected), "\(plan.diagnostics)")
        // What a provider makes of a wish is no work: it is counted as done.
        #expect(plan.summary.noop == (plan.changes.isEmpty ? 1 : 0))
    }

    private static func words(_ text: String) -> [Substring] { text.split(separator: " ") }

    /// What a write leaves behind, from what the one before it left.
    @Test(
        arguments: [
            ("as wished", "s-2", [], []),
            ("an answer", "S2", [], ["S2 1 true"]),
            ("the same answer", "S2", [answer("size", "S2", 1)], ["S2 2 true"]),
            ("another answer", "S4", [answer("size", "S2", 5)], ["S4 1 true"]),
            ("put back", "s-2", [], ["OLD 1 false"]),
            ("put back again", "s-2", [back(1, "OLD")], ["OLD 2 false"]),
            ("put back long after", "s-2", [back(7, "OLD", age: .hours(49))], ["OLD 1 false"]),
        ] as [(String, Value, [Echo], [String])])
    func echoes(name: String, answer: Value, before: [Echo], expected: [String]) throws {
        let schema = try #require(W.schemas[.droplet])
        var entry = W.ours(.droplet, "web", [("size", "s-2"), ("password", "digest")])
        entry.echoes = before
        func left(_ entry: InventoryEntry?, writing size: Value = "s-2") -> [String] {
            Echo.after(
                writing: Attributes([.init("password", "p"), .init("size", size), .init("user_data", "u")]),
                answer: Attributes([.init("size", answer)]),
                over: name.hasPrefix("put back") ? ["size": "OLD"] : [:], entry, by: schema, at: W.now
            ).map { "\($0.value.stringValue ?? "-") \($0.times) \($0.isAnswer)" }
        }
        #expect(left(entry) == expected)
        // Of another wish nothing counts but its own answer.
        #expect(left(nil) == (answer == "s-2" ? [] : ["\(answer.stringValue ?? "") 1 true"]))
        #expect(left(entry, writing: answer) == (answer == "s-2" ? expected : []))
    }

    @Test func anEchoIsForgottenWithItsWishOrOnceTheWishHolds() throws {
        let schema = try #require(W.schemas[.droplet])
        let echoes = [Self.answer("size", "S2", 2), Self.back(3)]
        func kept(_ wish: Value, seen: Value, after: Duration = .zero) -> [Bool] {
            Echo.kept(
                echoes, wished: Attributes([.init("size", wish)]), applied: Attributes([.init("size", "s-2")]),
                seen: Attributes([.init("size", seen)]), by: schema, at: W.now + after
            ).map(\.isAnswer)
        }
        #expect(kept("s-2", seen: "S2") == [true, false])
        #expect(kept("s-2", seen: "s-2") == [false])
        #expect(kept("s-2", seen: "S2", after: .hours(48)) == [true])
        #expect(kept("s-3", seen: "S2") == [])
    }
}
