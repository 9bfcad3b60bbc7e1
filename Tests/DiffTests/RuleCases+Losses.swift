import Basics
import DesiredState
import Diff
import Formats

/// Values by which what an object holds goes, although the object stays.
extension RuleCases {
    private static let store = W.key(.volume, "files")

    /// Something that gets another rule.
    private static func expiring(
        _ name: String, from before: Int64?, to after: Int64?, _ verdict: String, action: String = "update",
        approved: Bool = false, departures: [Departure] = [], lastRoots: [String] = [], says: [String] = []
    ) -> RuleCase {
        func days(_ days: Int64?) -> [(String, Value)] { days.map { [("expires", .int($0))] } ?? [] }
        let isThere = action != "create"
        let isOurs = action == "update"
        var input = W.input(
            [W.want(.volume, "files", days(after))], isThere ? [W.seen(.volume, "files", days(before))] : [],
            isOurs ? [W.ours(.volume, "files", days(before))] : [], lastRoots: lastRoots,
            approvals: approved ? [store] : [])
        input.departures = departures
        let shown = departures.isEmpty ? [] : ["documents/ssot update needs_approval unapplied_commit"]
        return RuleCase(
            name: name, input: input, expected: shown + ["volume/files \(action) \(verdict) unapplied_commit"],
            says: says)
    }

    private static let vanished = Departure(
        .documents, from: ["environments": "ssot/environments.yaml"], to: ["environments": .null])

    static let losses: [RuleCase] = [
        expiring(
            "that objects go is asked first", from: nil, to: 30, "needs_approval",
            says: [
                "after 30 days all objects go by its expires (ssot/infra/digitalocean/inventory.yaml:13",
                "nothing brings that back",
            ]),
        expiring("that they go earlier as well", from: 90, to: 30, "needs_approval"),
        expiring("that they go later is nothing to ask", from: 30, to: 90, "allowed"),
        expiring("approved, it is done", from: nil, to: 30, "allowed", approved: true),
        expiring(
            "what is taken over with such a rule is asked for", from: nil, to: 30, "needs_approval", action: "adopt"),
        expiring("what is made now holds nothing yet", from: nil, to: 30, "allowed", action: "create"),
        expiring(
            "while a document is missing nothing is let go so, approved or not", from: nil, to: 30, "denied",
            approved: true, departures: [vanished], says: ["environments.yaml has vanished"]),
        expiring(
            "nor is anything made with such a rule", from: nil, to: 30, "denied", action: "create",
            departures: [vanished]),
        expiring("what lets nothing go is done meanwhile", from: 30, to: 90, "allowed", departures: [vanished]),
        expiring(
            "a vanished root lets nothing go so", from: nil, to: 30, "denied", lastRoots: ["infra/ssot", "ssot"],
            says: ["the root infra/ssot has vanished"]),
    ]
}
