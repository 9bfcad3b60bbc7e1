import Basics
import DesiredState
import Diff
import Formats

/// What goes because something else comes in its place: the two halves of one change.
extension RuleCases {
    private static let text = "record/e.com/TXT/@"
    private static let shop = W.key(.record, "e.com/A/shop")

    /// Records of one domain under the rule that holds where nothing is said: an hour of grace, a day for what is guarded.
    private static func changed(
        _ name: String, from there: [String], to wanted: [String], _ expected: [String], protected: Bool = false,
        approvals: Set<ResourceKey> = [], isFrozen: Bool = false, isUnseen: Bool = false, markAge: Duration? = nil,
        foreign: [String] = [], targets: [String] = [], due: [String: String] = [:],
        holds: [Hold?]? = nil, says: [String] = []
    ) -> RuleCase {
        var policy = Policy()
        policy.prune = .standard
        if isFrozen {
            policy.freezes = [
                Freeze(
                    from: nil, until: W.now + .days(1), reason: "audit",
                    scope: PolicyScope(environments: [try? GlobPattern("a")].compactMap { $0 }),
                    source: W.mark(3))
            ]
        }
        func data(_ name: String) -> [(String, Value)] {
            [("data", .string(name.split(separator: "/").last.map(String.init) ?? ""))]
        }
        var input = W.input(
            wanted.map { W.want(.record, $0, data($0), env: isFrozen ? "a" : nil) },
            (there + foreign).map { W.seen(.record, $0, data($0)) },
            there.map { W.ours(.record, $0, data($0), protected: protected) }, environments: [W.environment("a")],
            policy: policy, incomplete: isUnseen ? [.record: .partial(reason: "a page is missing")] : [:],
            approvals: approvals)
        if markAge != nil || !due.isEmpty {
            let inventory = input.inventory
            input.inventory = Inventory(
                entries: inventory.entries, environments: inventory.environments, lastRoots: inventory.lastRoots,
                lastDesiredCount: inventory.lastDesiredCount,
                marks: markAge.map { age in
                    there.map {
                        PruneMark(
                            key: W.key(.record, $0), providerID: "id-\($0)", environment: nil, markedAt: W.now - age,
                            revision: W.revision)
                    }
                } ?? [],
                dueSuccessors: Dictionary(
                    uniqueKeysWithValues: due.map { (W.key(.record, $0.key), W.key(.record, $0.value)) }))
        }
        input.targets = targets
        return RuleCase(name: name, input: input, expected: expected, says: says, holds: holds)
    }

    /// An alias whose name an address takes that comes with a droplet of the same plan.
    private static func successor(isDenied: Bool) -> PlanInput {
        W.input(
            [
                W.want(.droplet, "new", [("region", "sgp1")]),
                W.want(.record, "e.com/A/shop", references: [("data", W.key(.droplet, "new"), "ipv4")]),
            ], [W.seen(.record, "e.com/CNAME/shop", [("data", "shops.example")])],
            [W.ours(.record, "e.com/CNAME/shop", [("data", "shops.example")])],
            environments: [W.environment("a")], policy: W.surface(allowed: !isDenied))
    }

    static let makingWay: [RuleCase] = [
        changed(
            "what something made way for in a pass before comes also while a window is closed: its place is empty",
            from: [], to: ["e.com/CNAME/shop"], ["record/e.com/CNAME/shop create allowed unapplied_commit"],
            isFrozen: true, due: ["e.com/CNAME/shop": "e.com/A/shop"],
            says: ["it doesn't exist yet: digitalocean.record/e.com/A/shop made way for it"]),
        changed(
            "so does the other half of a replacement", from: [], to: ["e.com/A/shop"],
            ["record/e.com/A/shop create allowed unapplied_commit"],
            isFrozen: true, due: ["e.com/A/shop": "e.com/A/shop"], says: ["what it replaces is gone already"]),
        changed(
            "it waits for the window where what was to make way is still there",
            from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete blocked unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], isFrozen: true, due: ["e.com/CNAME/shop": "e.com/A/shop"], holds: [.dependency, .window]),
        changed(
            "what nothing made way for waits for the window", from: [], to: ["e.com/CNAME/shop"],
            ["record/e.com/CNAME/shop create blocked unapplied_commit"],
            isFrozen: true, due: ["e.com/CNAME/other": "e.com/A/other"], holds: [.window]),
        changed(
            "the text of a record changes at once: for an hour of both of them no mail would be believed",
            from: ["e.com/TXT/@/one"], to: ["e.com/TXT/@/two"],
            [
                "\(text)/two create allowed unapplied_commit", "\(text)/one delete allowed unapplied_commit",
            ], holds: [nil, nil]),
        changed(
            "where more go than come, nobody can tell which only changes",
            from: ["e.com/TXT/@/one", "e.com/TXT/@/other"], to: ["e.com/TXT/@/two"],
            [
                "\(text)/two create allowed unapplied_commit", "\(text)/one delete blocked unapplied_commit",
                "\(text)/other delete blocked unapplied_commit",
            ], holds: [nil, .grace, .grace]),
        changed(
            "what nothing comes for waits", from: ["e.com/TXT/@/one"], to: ["e.com/TXT/mail/one"],
            [
                "record/e.com/TXT/mail/one create allowed unapplied_commit",
                "\(text)/one delete blocked unapplied_commit",
            ], holds: [nil, .grace]),
        changed(
            "an alias comes after the address whose name it takes", from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete allowed unapplied_commit",
                "record/e.com/CNAME/shop create allowed unapplied_commit",
            ], holds: [nil, nil]),
        changed(
            "and an address after the alias", from: ["e.com/CNAME/shop"], to: ["e.com/A/shop", "e.com/AAAA/shop"],
            [
                "record/e.com/CNAME/shop delete allowed unapplied_commit",
                "record/e.com/A/shop create allowed unapplied_commit",
                "record/e.com/AAAA/shop create allowed unapplied_commit",
            ]),
        changed(
            "other types are beside each other: one that goes waits for its grace", from: ["e.com/A/shop"],
            to: ["e.com/AAAA/shop"],
            [
                "record/e.com/AAAA/shop create allowed unapplied_commit",
                "record/e.com/A/shop delete blocked unapplied_commit",
            ], holds: [nil, .grace]),
        changed(
            "an alias waits for the yes to what has its name", from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete needs_approval unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], protected: true, holds: [.approval, .dependency],
            says: ["it takes the place of digitalocean.record/e.com/A/shop, which needs an approval"]),
        changed(
            "with that both happen, without the day that what goes for good would wait", from: ["e.com/A/shop"],
            to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete allowed unapplied_commit",
                "record/e.com/CNAME/shop create allowed unapplied_commit",
            ], protected: true, approvals: [shop]),
        changed(
            "what would only make way stays while nothing may come", from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete blocked unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], isFrozen: true, holds: [.dependency, .window],
            says: ["it makes way for digitalocean.record/e.com/CNAME/shop, which is blocked: it stays until"]),
        changed(
            "and so does a text that another one replaces", from: ["e.com/TXT/@/one"], to: ["e.com/TXT/@/two"],
            [
                "\(text)/two create blocked unapplied_commit", "\(text)/one delete blocked unapplied_commit",
            ], isFrozen: true, holds: [.window, .dependency]),
        changed(
            "an approval lets nothing make way for what may not come", from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete blocked unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], protected: true, approvals: [shop], isFrozen: true, holds: [.dependency, .window]),
        RuleCase(
            name: "what makes way waits for what its successor waits for",
            input: successor(isDenied: false),
            expected: [
                "droplet/new create allowed unapplied_commit",
                "record/e.com/CNAME/shop delete allowed unapplied_commit",
                "record/e.com/A/shop create allowed unapplied_commit",
            ], says: ["comes in its place"]),
        RuleCase(
            name: "and stays where that may not come",
            input: successor(isDenied: true),
            expected: [
                "droplet/new create denied unapplied_commit", "record/e.com/CNAME/shop delete blocked unapplied_commit",
                "record/e.com/A/shop create blocked unapplied_commit",
            ], holds: [.rule, .dependency, .dependency]),
        changed(
            "while nobody can see what has its place, nothing comes there", from: ["e.com/A/shop"],
            to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop read blocked unapplied_commit",
                "record/e.com/CNAME/shop read blocked unapplied_commit",
            ], isUnseen: true),
        changed(
            "nothing makes way for an alias that the text of somebody else keeps from coming", from: ["e.com/A/shop"],
            to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete blocked unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], foreign: ["e.com/TXT/shop/proof"], holds: [.dependency, .impossible],
            says: ["digitalocean.record/e.com/TXT/shop/proof is in its place, and nothing lets that go"]),
        changed(
            "nor for an address that somebody else's alias does", from: [], to: ["e.com/A/shop"],
            ["record/e.com/A/shop create blocked unapplied_commit"], foreign: ["e.com/CNAME/shop"], holds: [.impossible]
        ),
        changed(
            "what stands under another name, and beside what comes, is in nobody's way", from: ["e.com/A/shop"],
            to: ["e.com/CNAME/shop", "e.com/A/mail"],
            [
                "record/e.com/A/mail create allowed unapplied_commit",
                "record/e.com/A/shop delete allowed unapplied_commit",
                "record/e.com/CNAME/shop create allowed unapplied_commit",
            ], foreign: ["e.com/TXT/other/proof", "e.com/TXT/mail/proof", "f.com/TXT/shop/proof"]),
        changed(
            "who names what makes way names what comes in its place", from: ["e.com/A/shop", "e.com/A/old"],
            to: ["e.com/CNAME/shop", "e.com/A/new"],
            [
                "record/e.com/A/shop delete allowed unapplied_commit",
                "record/e.com/CNAME/shop create allowed unapplied_commit",
            ], targets: ["digitalocean.record/e.com/A/shop"]),
        changed(
            "also where both are one text and the other", from: ["e.com/TXT/@/one"], to: ["e.com/TXT/@/two"],
            [
                "\(text)/two create allowed unapplied_commit", "\(text)/one delete allowed unapplied_commit",
            ], targets: ["digitalocean.\(text)/one"]),
        changed(
            "and it stays while that may not come", from: ["e.com/A/shop"], to: ["e.com/CNAME/shop"],
            [
                "record/e.com/A/shop delete blocked unapplied_commit",
                "record/e.com/CNAME/shop create blocked unapplied_commit",
            ], isFrozen: true, targets: ["digitalocean.record/e.com/A/shop"], holds: [.dependency, .window]),
        changed(
            "after its grace what nothing comes for goes", from: ["e.com/A/shop"], to: ["e.com/AAAA/shop"],
            [
                "record/e.com/AAAA/shop create allowed unapplied_commit",
                "record/e.com/A/shop delete allowed unapplied_commit",
            ], markAge: .hours(1)),
    ]
}
