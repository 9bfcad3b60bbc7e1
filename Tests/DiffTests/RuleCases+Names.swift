import DesiredState
import Diff
import Formats

/// One object under two names: how it is wanted, and how it is remembered and seen.
extension RuleCases {
    private static func one(_ data: String) -> [(String, Value)] { [("data", .string(data))] }
    private static func wish(_ name: String, _ data: String) -> DesiredResource { W.want(.record, name, one(data)) }
    private static func there(_ name: String, _ data: String, id: String) -> ObservedResource {
        W.seen(.record, name, one(data), id: id)
    }
    private static func known(_ name: String, _ data: String, id: String) -> InventoryEntry {
        W.ours(.record, name, one(data), id: id)
    }

    /// Two addresses of one name, as they are seen while both are remembered.
    private static let pair = [there("e.com/A/www/1", "1", id: "X1"), there("e.com/A/www/2", "2", id: "X2")]
    private static let knownPair = [known("e.com/A/www/1", "1", id: "X1"), known("e.com/A/www/2", "2", id: "X2")]
    private static let environments = [W.environment("a")]

    static let names: [RuleCase] = [
        RuleCase(
            name: "an object that was seen under two names and is wanted under one is forgotten under the other",
            input: W.input(
                [W.want(.firewall, "Edge")], [W.seen(.firewall, "Edge", id: "7"), W.seen(.firewall, "edge", id: "7")],
                [W.ours(.firewall, "Edge", id: "7"), W.ours(.firewall, "edge", id: "7", protected: true)],
                environments: environments),
            expected: ["firewall/edge forget allowed external_change", "noop 1"],
            says: ["it is digitalocean.firewall/Edge"]),
        RuleCase(
            name: "of two records one is taken out: the other stays under its shorter name",
            input: W.input([wish("e.com/A/www", "1")], pair, knownPair, environments: environments),
            expected: ["record/e.com/A/www/2 delete allowed unapplied_commit", "noop 1"]),
        RuleCase(
            name: "whichever of them it is",
            input: W.input([wish("e.com/A/www", "2")], pair, knownPair, environments: environments),
            expected: ["record/e.com/A/www/1 delete allowed unapplied_commit", "noop 1"]),
        RuleCase(
            name: "it stays while the entry has the shorter name already and the other is still there",
            input: W.input(
                [wish("e.com/A/www", "1")], pair,
                [known("e.com/A/www", "1", id: "X1"), known("e.com/A/www/2", "2", id: "X2")],
                environments: environments),
            expected: ["record/e.com/A/www/2 delete allowed unapplied_commit", "noop 1"]),
        RuleCase(
            name: "of two one is left, with another address: one of ours becomes it, and the name is never empty",
            input: W.input([wish("e.com/A/www", "3")], pair, knownPair, environments: environments),
            expected: [
                "record/e.com/A/www update allowed unapplied_commit",
                "record/e.com/A/www/2 delete allowed unapplied_commit",
            ]),
        RuleCase(
            name: "what is remembered under the shorter name is it, whatever it and the other hold",
            input: W.input(
                [wish("e.com/A/www", "2")], pair,
                [known("e.com/A/www", "1", id: "X1"), known("e.com/A/www/2", "2", id: "X2")],
                environments: environments),
            expected: [
                "record/e.com/A/www update allowed unapplied_commit",
                "record/e.com/A/www/2 delete allowed unapplied_commit",
            ]),
        RuleCase(
            name: "what is protected doesn't become it",
            input: W.input(
                [wish("e.com/A/www", "3")], [pair[0]],
                [W.ours(.record, "e.com/A/www/1", one("1"), id: "X1", protected: true)], environments: environments),
            expected: [
                "record/e.com/A/www create allowed unapplied_commit",
                "record/e.com/A/www/1 delete needs_approval unapplied_commit",
            ]),
        RuleCase(
            name: "what isn't ours doesn't become it",
            input: W.input([wish("e.com/A/www", "3")], pair, environments: environments),
            expected: ["record/e.com/A/www create allowed unapplied_commit"]),
        RuleCase(
            name: "a second record beside the one: the first goes by its longer name, and nothing is forgotten",
            input: W.input(
                [wish("e.com/A/www/1", "1"), wish("e.com/A/www/2", "2")], [pair[0]],
                [known("e.com/A/www", "1", id: "X1")], environments: environments),
            expected: ["record/e.com/A/www/2 create allowed unapplied_commit", "noop 1"]),
        RuleCase(
            name: "two others instead of the one: what goes is found by its id",
            input: W.input(
                [wish("e.com/A/www/3", "3"), wish("e.com/A/www/4", "4")], [pair[0]],
                [known("e.com/A/www", "1", id: "X1")], environments: environments),
            expected: [
                "record/e.com/A/www/3 create allowed unapplied_commit",
                "record/e.com/A/www/4 create allowed unapplied_commit",
                "record/e.com/A/www delete allowed unapplied_commit",
            ]),
        RuleCase(
            name: "capitals make no other object",
            input: W.input(
                [wish("E.com/A/www", "1")], [there("e.com/A/www", "1", id: "X1")],
                [known("e.com/A/www", "1", id: "X1")], environments: environments), expected: ["noop 1"]),
        RuleCase(
            name: "of two entries for one object the one that nothing wants lets go of nothing",
            input: W.input(
                [wish("E.com/A/www", "1")], [there("e.com/A/www", "1", id: "X1")],
                [known("E.com/A/www", "1", id: "X1"), known("e.com/A/www", "1", id: "X1")],
                environments: environments), expected: ["noop 1"]),
        RuleCase(
            name: "where bytes decide, capitals do make another",
            input: W.input([W.want(.tag, "T")], [W.seen(.tag, "t")], [W.ours(.tag, "t")], environments: environments),
            expected: ["tag/T create allowed unapplied_commit", "tag/t delete allowed unapplied_commit"]),
        RuleCase(
            name: "what has the wanted data and the wanted name beside it is told apart by nobody",
            input: W.input(
                [wish("e.com/A/www", "1")],
                [there("e.com/A/www/1", "1", id: "X1"), there("e.com/A/WWW/1", "1", id: "X2")],
                [known("e.com/A/www/1", "1", id: "X1")], environments: environments),
            expected: ["record/e.com/A/www read blocked unapplied_commit"], says: ["2 objects share this name"]),
    ]
}
