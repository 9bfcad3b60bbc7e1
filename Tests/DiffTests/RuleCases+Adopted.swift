import Basics
import DesiredState
import Diff
import Formats

/// What others made, and what becomes of it where something of ours takes its name.
extension RuleCases {
    private static let mail = "e.com/A/mail"
    private static let theirs: [(String, Value)] = [("data", "203.0.113.25")]
    private static let preview: [(String, Value)] = [("data", "198.51.100.7")]

    /// A record made by hand, under the name that an environment wants.
    private static func taking(
        _ name: String, _ verdict: String, wanted: [(String, Value)] = preview, ofBranch: Bool = true,
        isOurs: Bool = false, approved: Bool = false, says: [String] = []
    ) -> RuleCase {
        RuleCase(
            name: name,
            input: W.input(
                [W.want(.record, mail, wanted, env: "mail")], [W.seen(.record, mail, theirs)],
                isOurs ? [W.ours(.record, mail, theirs, id: "id-before", env: "mail")] : [],
                environments: [W.environment("mail", ofBranch: ofBranch)], records: [W.record("mail")],
                approvals: approved ? [W.key(.record, mail)] : []),
            expected: ["record/\(mail) adopt \(verdict) \(isOurs ? "external_change" : "unapplied_commit")"], says: says
        )
    }

    /// Something of a development environment that has ended.
    private static func ended(
        _ name: String, _ kind: ResourceKind, _ object: String, adopted: Bool, _ verdict: String, says: [String] = []
    ) -> RuleCase {
        let shown = "\(kind.name.split(separator: ".")[1])/\(object)"
        return RuleCase(
            name: name,
            input: W.input(
                [], [W.seen(kind, object)], [W.ours(kind, object, env: "a", adopted: adopted)],
                environments: [W.environment("a")], records: [W.record("a", age: .days(9))]),
            expected: ["\(shown) delete \(verdict) expired"], says: says)
    }

    static let adopted: [RuleCase] = [
        taking(
            "a branch doesn't overwrite a record that others made", "needs_approval",
            says: [
                "it was there before environment mail, which a branch or pull request brought about",
                "data would be overwritten (ssot/infra/digitalocean/inventory.yaml:12",
            ]),
        taking("approved, it does", "allowed", approved: true),
        taking("what is there as it is wanted is taken over for a branch too", "allowed", wanted: theirs),
        taking("a document that names its environment may take over what differs", "allowed", ofBranch: false),
        taking("what was ours and was made anew by hand is taken back", "allowed", isOurs: true),
        ended(
            "a record that was there before us goes with no environment", .record, "e.com/A/x", adopted: true,
            "needs_approval", says: ["it was there before us, with settings that only it has"]),
        ended("a record of ours goes with its environment", .record, "e.com/A/x", adopted: false, "allowed"),
        ended(
            "a user that was there before us goes with no environment", .databaseUser, "c/app", adopted: true,
            "needs_approval", says: ["it was there before us, with data that only it has"]),
        ended("a user of ours goes with its environment", .databaseUser, "c/app", adopted: false, "allowed"),
        ended("a bare name is nobody's work", .tag, "t", adopted: true, "allowed"),
        RuleCase(
            name: "a user that nothing names any more goes only by an approval",
            input: W.input(
                [], [W.seen(.databaseUser, "c/u")], [W.ours(.databaseUser, "c/u")], environments: [W.environment("a")]),
            expected: ["database_user/c/u delete needs_approval unapplied_commit"]),
        RuleCase(
            name: "the administrator of a cluster is there as it is wanted, and isn't taken over",
            input: W.input(
                [W.want(.databaseUser, "c/doadmin")], [W.seen(.databaseUser, "c/doadmin", [("role", "primary")])]),
            expected: ["noop 1"]),
        RuleCase(
            name: "the administrator of a cluster is let go of and never deleted",
            input: W.input(
                [], [W.seen(.databaseUser, "c/doadmin", [("role", "primary")])],
                [W.ours(.databaseUser, "c/doadmin", env: "a", adopted: true)], environments: [W.environment("a")],
                records: [W.record("a", age: .days(9))], approvals: [W.key(.databaseUser, "c/doadmin")]),
            expected: ["database_user/c/doadmin forget allowed external_change"],
            says: ["it came with digitalocean.database_cluster/c and stays"]),
    ]
}
