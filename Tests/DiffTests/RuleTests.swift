import Basics
import DesiredState
import Diff
import Formats
import Testing

/// A world, and what becomes of one resource in it.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let input: PlanInput
    /// `kind/name` without the provider: `droplet/web`; the action and the verdict, or `noop`, or `nothing`.
    let expected: [String]
    /// Has to occur in reasons, of the change or of the verdict.
    var says: [String] = []
    var codes: [String] = []
    /// What sort of thing keeps each change from happening; nil where the case doesn't ask.
    var holds: [Hold?]?

    var testDescription: String { name }
}

@Suite struct RuleTests {
    @Test(
        arguments: RuleCases.actions + RuleCases.unknowns + RuleCases.lives + RuleCases.guards + RuleCases.windows
            + RuleCases.prune + RuleCases.names + RuleCases.adopted + RuleCases.losses
            + RuleCases.renamed + RuleCases.released + RuleCases.makingWay)
    func rule(_ testCase: RuleCase) {
        let plan = makePlan(testCase.input)
        let shown = plan.changes.map { change in
            let kind = change.key.kind.name.split(separator: ".")[1]
            return "\(kind)/\(change.key.name) \(change.action.rawValue) \(change.verdict.rawValue) "
                + change.cause.rawValue
        }
        let lines = shown + (plan.summary.noop > 0 ? ["noop \(plan.summary.noop)"] : [])
        #expect(lines == testCase.expected)
        let reasons = plan.changes.flatMap { [$0.reason, $0.verdictReason ?? ""] }.joined(separator: "\n")
        for text in testCase.says { #expect(reasons.contains(text), "\(reasons)") }
        for code in testCase.codes { #expect(plan.diagnostics.contains { $0.code == code }, "\(plan.diagnostics)") }
        for change in plan.changes where change.verdict != .allowed { #expect(change.verdictReason != nil) }
        if let holds = testCase.holds { #expect(plan.changes.map(\.hold) == holds) }
        // Every change is counted exactly once.
        for change in plan.changes where change.action == .delete && change.key.kind == .record {
            let prefix = change.key.name.split(separator: "/").prefix(3).joined(separator: "/")
            // The name isn't left empty where what comes in its place can't be made.
            let coming = plan.changes.filter {
                ($0.action == .create || $0.action == .update) && $0.verdict == .allowed && change.verdict == .allowed
                    && $0.key.kind == .record && $0.key.name.hasPrefix(prefix)
            }
            #expect(coming.allSatisfy { change.dependsOn.contains($0.key) })
        }
        let summary = plan.summary
        let counted =
            summary.create + summary.update + summary.replace + summary.delete + summary.adopt + summary.forget
            + summary.blocked + summary.unknown
        #expect(counted == plan.changes.count)
    }
}
