import Basics
import DesiredState
import Diff
import Formats

/// What somebody gave another name at the provider.
extension RuleCases {
    private static let office: [(String, Value)] = [("sources", ["203.0.113.40"])]
    private static let remembered = W.ours(.firewall, "office", office, id: "f1")
    private static func object(_ name: String) -> ObservedResource { W.seen(.firewall, name, office, id: "f1") }

    static let renamed: [RuleCase] = [
        RuleCase(
            name: "a firewall that somebody renamed isn't made a second time beside it",
            input: W.input([W.want(.firewall, "office", [("sources", [])])], [object("office-old")], [remembered]),
            expected: ["firewall/office read blocked unapplied_commit"],
            says: [
                "f1 is named office-old at the provider now, and it would stay in force beside another",
                "name it office again, or want it under its new name",
            ]),
        RuleCase(
            name: "one that was deleted is made again",
            input: W.input(
                [W.want(.firewall, "office", office)], [W.seen(.firewall, "office-old", office, id: "f2")], [remembered]
            ),
            expected: ["firewall/office create allowed external_change"]),
        RuleCase(
            name: "one that nothing wants any more isn't forgotten under its new name",
            input: W.input([], [object("office-old")], [remembered], environments: [W.environment("a")]),
            expected: ["firewall/office read blocked unapplied_commit"],
            says: ["name it office again and it goes, or remove it there"]),
        RuleCase(
            name: "one that is remembered under its new name as well is forgotten under the old one",
            input: W.input(
                [W.want(.firewall, "office-old", office)], [object("office-old")],
                [remembered, W.ours(.firewall, "office-old", office, id: "f1")]),
            expected: ["firewall/office forget allowed external_change", "noop 1"]),
        RuleCase(
            name: "an object whose id is its name is never another one's",
            input: W.input(
                [W.want(.tag, "a")], [W.seen(.tag, "b", id: "t")], [W.ours(.tag, "a", id: "t")]),
            expected: ["tag/a create allowed external_change"]),
    ]
}
