import Basics
import DesiredState
import Diff
import Formats

/// The table of rules: what there is, what is wanted, what becomes of it.
enum RuleCases {
    typealias W = Worlds
    static let small: [(String, Value)] = [("region", "sgp1"), ("size", "s-1vcpu-2gb")]
    static let large: [(String, Value)] = [("region", "sgp1"), ("size", "s-2vcpu-4gb")]
    static let moved: [(String, Value)] = [("region", "fra1"), ("size", "s-1vcpu-2gb")]
    static let web = W.key(.droplet, "web")

    static let actions: [RuleCase] = [
        RuleCase(
            name: "what is as wanted is only counted",
            input: W.input(
                [W.want(.droplet, "web", small)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)]),
            expected: ["noop 1"]),
        RuleCase(
            name: "what is missing and never was is created",
            input: W.input([W.want(.droplet, "web", small)]),
            expected: ["droplet/web create allowed unapplied_commit"]),
        RuleCase(
            name: "what was deleted outside is created again",
            input: W.input([W.want(.droplet, "web", small)], [], [W.ours(.droplet, "web", small)]),
            expected: ["droplet/web create allowed external_change"], says: ["deleted outside"]),
        RuleCase(
            name: "what its driver never makes is blocked with the driver's words",
            input: W.input([W.want(.gitHubApp, "acme/odoo", [("description", "ERP")])]),
            expected: ["app/acme/odoo create blocked unapplied_commit"], says: ["this is done by people"]),
        RuleCase(
            name: "what its driver never changes is blocked, and the rest of the kind is not",
            input: W.input(
                [
                    W.want(.gitHubApp, "a/b", [("visibility", "private")]),
                    W.want(.gitHubApp, "a/c", [("description", "new")]),
                ],
                [
                    W.seen(.gitHubApp, "a/b", [("visibility", "public")]),
                    W.seen(.gitHubApp, "a/c", [("description", "old")]),
                ],
                [
                    W.ours(.gitHubApp, "a/b", [("visibility", "private")]),
                    W.ours(.gitHubApp, "a/c", [("description", "old")]),
                ]),
            expected: [
                "app/a/b update blocked external_change", "app/a/c update allowed unapplied_commit",
            ], says: ["this is done by people"]),
        RuleCase(
            name: "what its driver never deletes is forgotten",
            input: W.input(
                [], [W.seen(.gitHubApp, "a/b", [])], [W.ours(.gitHubApp, "a/b", [])],
                environments: [W.environment("a")]),
            expected: ["app/a/b forget allowed external_change"], says: ["this is done by people"]),
        RuleCase(
            name: "a new wish updates",
            input: W.input(
                [W.want(.droplet, "web", large)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)]),
            expected: ["droplet/web update allowed unapplied_commit"], says: ["size differs"]),
        RuleCase(
            name: "a change made outside is undone",
            input: W.input(
                [W.want(.droplet, "web", small)], [W.seen(.droplet, "web", large)], [W.ours(.droplet, "web", small)]),
            expected: ["droplet/web update allowed external_change"]),
        RuleCase(
            name: "what can't change in place is replaced, with an approval where it holds data",
            input: W.input(
                [W.want(.droplet, "web", moved)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)]),
            expected: ["droplet/web replace needs_approval unapplied_commit"],
            says: ["region can't be changed in place"]),
        RuleCase(
            name: "an approval lifts the question",
            input: W.input(
                [W.want(.droplet, "web", moved)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)],
                approvals: [web]),
            expected: ["droplet/web replace allowed unapplied_commit"]),
        RuleCase(
            name: "what nothing wants is deleted when it is ours",
            input: W.input([], [W.seen(.tag, "old")], [W.ours(.tag, "old")], environments: [W.environment("a")]),
            expected: ["tag/old delete allowed unapplied_commit"], says: ["nothing wants it any more"]),
        RuleCase(
            name: "what carries our mark goes only by an approval where the inventory doesn't know it",
            input: W.input([], [W.seen(.tag, "old", owned: true)], environments: [W.environment("a")]),
            expected: ["tag/old delete needs_approval unapplied_commit"],
            says: ["this store doesn't know it: another installation may own it"]),
        RuleCase(
            name: "approved, it goes",
            input: W.input(
                [], [W.seen(.tag, "old", owned: true)], environments: [W.environment("a")],
                approvals: [W.key(.tag, "old")]),
            expected: ["tag/old delete allowed unapplied_commit"]),
        RuleCase(
            name: "that its environment has ended makes it no more ours",
            input: W.input(
                [W.want(.tag, "old", env: "a")], [W.seen(.tag, "old", owned: true)],
                environments: [W.environment("a")], records: [W.record("a", age: .days(8))]),
            expected: ["tag/old delete needs_approval expired"], says: ["another installation may own it"]),
        RuleCase(
            name: "another object with our mark under the name of ours goes only by an approval",
            input: W.input(
                [], [W.seen(.tag, "old", id: "2", owned: true)], [W.ours(.tag, "old", id: "1")],
                environments: [W.environment("a")]),
            expected: ["tag/old delete needs_approval unapplied_commit"],
            says: ["this store remembers another object under its name (1)"]),
        RuleCase(
            name: "what was made anew by hand under a name that is its id goes only by an approval",
            input: W.input(
                [W.want(.containerVolume, "data", env: "a")], [W.seen(.containerVolume, "data")],
                [W.ours(.containerVolume, "data", env: "a")], environments: [W.environment("a")],
                records: [W.record("a", age: .days(8))]),
            expected: ["volume/data delete needs_approval expired"], says: ["doesn't carry our mark any more"]),
        RuleCase(
            name: "what carries our mark still goes with its environment",
            input: W.input(
                [W.want(.containerVolume, "data", env: "a")], [W.seen(.containerVolume, "data", owned: true)],
                [W.ours(.containerVolume, "data", env: "a")], environments: [W.environment("a")],
                records: [W.record("a", age: .days(8))]),
            expected: ["volume/data delete allowed expired"]),
        RuleCase(
            name: "what is neither wanted nor ours is ignored",
            input: W.input([], [W.seen(.tag, "theirs"), W.seen(.droplet, "theirs", small)]), expected: []),
        RuleCase(
            name: "what exists and is wanted is taken over",
            input: W.input([W.want(.droplet, "web", small)], [W.seen(.droplet, "web", small)]),
            expected: ["droplet/web adopt allowed unapplied_commit"]),
        RuleCase(
            name: "taking over and changing is one change",
            input: W.input([W.want(.droplet, "web", large)], [W.seen(.droplet, "web", small)]),
            expected: ["droplet/web adopt allowed unapplied_commit"], says: ["size differs"]),
        RuleCase(
            name: "nothing is taken over to be replaced",
            input: W.input([W.want(.droplet, "web", moved)], [W.seen(.droplet, "web", small)], approvals: [web]),
            expected: ["droplet/web adopt blocked unapplied_commit"], says: ["region can't be changed in place"]),
        RuleCase(
            name: "a kind that can't be taken over is not",
            input: W.input([W.want(.firewall, "fw")], [W.seen(.firewall, "fw")]),
            expected: ["firewall/fw adopt blocked unapplied_commit"], says: ["isn't ours"]),
        RuleCase(
            name: "our mark makes it ours even there",
            input: W.input([W.want(.firewall, "fw")], [W.seen(.firewall, "fw", owned: true)]),
            expected: ["firewall/fw adopt allowed unapplied_commit"]),
        RuleCase(
            name: "what is gone and unwanted is forgotten",
            input: W.input([], [], [W.ours(.tag, "old")], environments: [W.environment("a")]),
            expected: ["tag/old forget allowed external_change"]),
        RuleCase(
            name: "another object under the name of ours is never deleted",
            input: W.input(
                [], [W.seen(.tag, "old", id: "2")], [W.ours(.tag, "old", id: "1")], environments: [W.environment("a")]),
            expected: ["tag/old forget allowed external_change"], says: ["2, which has its name, isn't ours and stays"]),
        RuleCase(
            name: "another object under the name of a wanted one is adopted as such",
            input: W.input(
                [W.want(.droplet, "web", small)], [W.seen(.droplet, "web", small, id: "2")],
                [W.ours(.droplet, "web", small, id: "1")]),
            expected: ["droplet/web adopt allowed external_change"], says: ["1 is now 2"]),
        RuleCase(
            name: "lists with `contains` leave what others put there",
            input: W.input(
                [W.want(.droplet, "web", [("tags", ["a"])])], [W.seen(.droplet, "web", [("tags", ["z", "a"])])],
                [W.ours(.droplet, "web", [("tags", ["a"])])]), expected: ["noop 1"]),
        RuleCase(
            name: "lists without order are compared without it",
            input: W.input(
                [W.want(.firewall, "fw", [("sources", ["10.0.0.1", "10.0.0.2"])])],
                [W.seen(.firewall, "fw", [("sources", ["10.0.0.2", "10.0.0.1"])])], [W.ours(.firewall, "fw")]),
            expected: ["noop 1"]),
        RuleCase(
            name: "but by how often an item occurs",
            input: W.input(
                [W.want(.firewall, "fw", [("sources", ["a", "a", "b"])])],
                [W.seen(.firewall, "fw", [("sources", ["a", "b", "b"])])], [W.ours(.firewall, "fw")]),
            expected: ["firewall/fw update allowed unapplied_commit"]),
        RuleCase(
            name: "both sides are normalised",
            input: W.input(
                [W.want(.record, "example.com/CNAME/www", [("data", "erp.example.com.")])],
                [W.seen(.record, "example.com/CNAME/www", [("data", "erp.example.com")])],
                [W.ours(.record, "example.com/CNAME/www")]), expected: ["noop 1"]),
        RuleCase(
            name: "texts are compared by bytes, not by Unicode equivalence",
            input: W.input(
                [W.want(.record, "example.com/TXT/x", [("data", "e\u{301}")])],
                [W.seen(.record, "example.com/TXT/x", [("data", "\u{e9}")])],
                [W.ours(.record, "example.com/TXT/x", [("data", "\u{e9}")])]),
            expected: ["record/example.com/TXT/x update allowed unapplied_commit"]),
        RuleCase(
            name: "what is only written at creation is not compared",
            input: W.input(
                [W.want(.droplet, "web", small + [("user_data", "secret")])], [W.seen(.droplet, "web", small)],
                [W.ours(.droplet, "web", small)]), expected: ["noop 1"]),
        RuleCase(
            name: "a wish for which the driver has no rule is blocked",
            input: W.input(
                [W.want(.droplet, "web", small + [("colour", "red")])], [W.seen(.droplet, "web", small)],
                [W.ours(.droplet, "web", small)]),
            expected: ["droplet/web update blocked unapplied_commit"], says: ["no rule for colour"]),
        RuleCase(
            name: "a reference to what exists is a value",
            input: W.input(
                [
                    W.want(.droplet, "web", small),
                    W.want(.record, "example.com/A/erp", references: [("data", web, "ipv4")]),
                ], [W.seen(.droplet, "web", small + [("ipv4", "203.0.113.7")])], [W.ours(.droplet, "web", small)]),
            expected: ["record/example.com/A/erp create allowed unapplied_commit", "noop 1"]),
        RuleCase(
            name: "a reference to what comes waits for it",
            input: W.input([
                W.want(.record, "example.com/A/erp", references: [("data", web, "ipv4")]),
                W.want(.droplet, "web", small),
            ]),
            expected: [
                "droplet/web create allowed unapplied_commit",
                "record/example.com/A/erp create allowed unapplied_commit",
            ]),
        RuleCase(
            name: "a reference to nothing is blocked",
            input: W.input([W.want(.record, "example.com/A/erp", references: [("data", web, "ipv4")])]),
            expected: ["record/example.com/A/erp create blocked unapplied_commit"],
            says: ["neither exists nor is wanted"]),
        RuleCase(
            name: "what refers to itself in a circle is blocked",
            input: W.input([
                W.want(.droplet, "web", small, needs: [W.key(.droplet, "db")]),
                W.want(.droplet, "db", small, needs: [web]), W.want(.tag, "t", needs: [web]),
            ]),
            expected: [
                "droplet/db create blocked unapplied_commit", "droplet/web create blocked unapplied_commit",
                "tag/t create blocked unapplied_commit",
            ], says: ["it waits for itself", "waits for digitalocean.droplet/web"], codes: ["PLAN-0001"]),
    ]

    static func scope(_ extent: UnknownScope.Extent) -> UnknownScope {
        UnknownScope(extent, code: "SSOT-0007", reason: "a key stands twice", at: W.mark(97))
    }

    static let stopped: [ResourceKind: Completeness] = [.droplet: .partial(reason: "the listing stopped at page 3")]

    /// One parent of several could not be read.
    static let hidden: [ResourceKind: [String: Completeness]] = [
        .record: ["hidden.example": .unknown(reason: "the zone is hidden")]
    ]
    static let parted: [ResourceKind: Completeness] = [.record: .partial(reason: "the zone is hidden")]
    static let address: [(String, Value)] = [("data", "203.0.113.7")]

    static let unknowns: [RuleCase] = [
        RuleCase(
            name: "below a parent that could not be read nothing is created",
            input: W.input([W.want(.record, "hidden.example/A/new", address)], incomplete: parted, gaps: hidden),
            expected: ["record/hidden.example/A/new read blocked unapplied_commit"], says: ["the zone is hidden"]),
        RuleCase(
            name: "below a parent that could not be read nothing is let go",
            input: W.input(
                [], [], [W.ours(.record, "hidden.example/A/old", address)], environments: [W.environment("a")],
                incomplete: parted, gaps: hidden),
            expected: ["record/hidden.example/A/old read blocked unapplied_commit"], says: ["the zone is hidden"]),
        RuleCase(
            name: "that one parent could not be read holds no creation back below the others",
            input: W.input([W.want(.record, "shop.example/A/new", address)], incomplete: parted, gaps: hidden),
            expected: ["record/shop.example/A/new create allowed unapplied_commit"]),
        RuleCase(
            name: "that one parent could not be read holds no deletion back below the others",
            input: W.input(
                [], [W.seen(.record, "shop.example/A/old", address)],
                [W.ours(.record, "shop.example/A/old", address)], environments: [W.environment("a")],
                incomplete: parted, gaps: hidden),
            expected: ["record/shop.example/A/old delete allowed unapplied_commit"]),
        RuleCase(
            name: "a gap is of whole names: what only begins alike is another parent's",
            input: W.input(
                [W.want(.record, "hidden.example.org/A/new", address)], incomplete: parted, gaps: hidden),
            expected: ["record/hidden.example.org/A/new create allowed unapplied_commit"]),
        RuleCase(
            name: "gaps make nothing of an unknown kind known",
            input: W.input(
                [W.want(.record, "shop.example/A/new", address)],
                incomplete: [.record: .unknown(reason: "no answer")], gaps: hidden),
            expected: ["record/shop.example/A/new read blocked unapplied_commit"], says: ["no answer"]),
        RuleCase(
            name: "nothing is created of a kind that was not read to its end",
            input: W.input([W.want(.droplet, "web", small)], incomplete: stopped),
            expected: ["droplet/web read blocked unapplied_commit"], says: ["stopped at page 3"]),
        RuleCase(
            name: "nothing is deleted of it",
            input: W.input([], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)], incomplete: stopped),
            expected: ["droplet/web read blocked unapplied_commit"]),
        RuleCase(
            name: "what was seen in it is updated",
            input: W.input(
                [W.want(.droplet, "web", large)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)],
                incomplete: stopped), expected: ["droplet/web update allowed unapplied_commit"]),
        RuleCase(
            name: "what was seen in it is not taken over",
            input: W.input([W.want(.droplet, "web", small)], [W.seen(.droplet, "web", small)], incomplete: stopped),
            expected: ["droplet/web read blocked unapplied_commit"]),
        RuleCase(
            name: "a kind that was not observed is unknown",
            input: W.input([W.want(.droplet, "web", small)], [], [W.ours(.droplet, "old")], unseen: [.droplet]),
            expected: ["droplet/old read blocked unapplied_commit", "droplet/web read blocked unapplied_commit"],
            says: ["no credential"]),
        RuleCase(
            name: "a kind that no driver knows is unknown",
            input: W.input([W.want(.spacesBucket, "b")], [], [W.ours(.spacesBucket, "old")]),
            expected: ["bucket/b read blocked unapplied_commit", "bucket/old read blocked unapplied_commit"],
            says: ["no driver knows"]),
        RuleCase(
            name: "several objects of one name are named, and left alone",
            input: W.input(
                [W.want(.droplet, "web", small)],
                [W.seen(.droplet, "web", small, id: "9"), W.seen(.droplet, "web", small, id: "10")],
                [W.ours(.droplet, "web", small, id: "9")]),
            expected: ["droplet/web read blocked unapplied_commit"], says: ["(10, 9)"]),
        RuleCase(
            name: "also when nothing wants them",
            input: W.input(
                [], [W.seen(.tag, "t", id: "1", owned: true), W.seen(.tag, "t", id: "2")], [],
                environments: [W.environment("a")]), expected: ["tag/t read blocked unapplied_commit"]),
        RuleCase(
            name: "a value of something unknown is unknown",
            input: W.input(
                [W.want(.droplet, "web", small), W.want(.record, "e.com/A/x", references: [("data", web, "ipv4")])],
                [W.seen(.record, "e.com/A/x", [("data", "1.2.3.4")])], [W.ours(.record, "e.com/A/x")],
                incomplete: stopped),
            expected: ["droplet/web read blocked unapplied_commit", "record/e.com/A/x read blocked unapplied_commit"]),
        RuleCase(
            name: "an unreadable repository changes and deletes nothing",
            input: W.input(
                [W.want(.droplet, "web", large)], [W.seen(.droplet, "web", small), W.seen(.tag, "t")],
                [W.ours(.droplet, "web", small), W.ours(.tag, "t")], unknown: [scope(.everything)]),
            expected: ["tag/t read blocked unapplied_commit", "droplet/web update blocked unapplied_commit"],
            says: ["SSOT-0007 at \(W.file):97:5: a key stands twice"]),
        RuleCase(
            name: "an unknown kind keeps what it has",
            input: W.input([], [W.seen(.tag, "t")], [W.ours(.tag, "t")], unknown: [scope(.kind(.tag))]),
            expected: ["tag/t read blocked unapplied_commit"], says: ["SSOT-0007"]),
        RuleCase(
            name: "an unknown resource keeps what it has, another one goes",
            input: W.input(
                [], [W.seen(.tag, "t"), W.seen(.tag, "u")], [W.ours(.tag, "t"), W.ours(.tag, "u")],
                environments: [W.environment("a")], unknown: [scope(.resource(W.key(.tag, "t")))]),
            expected: ["tag/t read blocked unapplied_commit", "tag/u delete allowed unapplied_commit"]),
        RuleCase(
            name: "an unknown environment keeps what it owns, even after its end",
            input: W.input(
                [], [W.seen(.tag, "t")], [W.ours(.tag, "t", env: "a")],
                environments: [W.environment("a")], records: [W.record("a", age: .days(90))],
                unknown: [scope(.environment("a"))]), expected: ["tag/t read blocked unapplied_commit"]),
        RuleCase(
            name: "while environments are unknown, none loses anything",
            input: W.input(
                [W.want(.tag, "new", env: "b")],
                [W.seen(.tag, "t"), W.seen(.tag, "s"), W.seen(.tag, "m", owned: true)],
                [W.ours(.tag, "t", env: "a"), W.ours(.tag, "s")], environments: [W.environment("b")],
                records: [W.record("a")], unknown: [scope(.environments)]),
            expected: [
                "tag/m read blocked unapplied_commit", "tag/new create allowed unapplied_commit",
                "tag/t read blocked unapplied_commit", "tag/s delete allowed unapplied_commit",
            ]),
    ]
}
