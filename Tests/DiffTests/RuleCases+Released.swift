import Basics
import DesiredState
import Diff
import Formats

/// What documents let go of by a slip: the environment hasn't ended, so that nothing of it goes in the same breath.
extension RuleCases {
    private static let homeData = W.key(.database, "c/a")
    private static let homeRecord = W.key(.record, "e.com/A/a")

    /// How the environment `a` stands, which no document wants any more.
    private struct Standing {
        var record = RuleCases.remembered()
        var branches: BranchListing = .known([Branch(name: "feature/a", commit: "c", committedAt: nil)])
        var tags: BranchListing = .none
        var age: Duration?
        /// For how long nothing has wanted it where it is marked; nil: as long as it is.
        var unwanted: Duration?
        var isNew = false
        var grace = Duration.zero
        var guarded = Duration.hours(24)
        /// The grace that people were told of where it is marked.
        var told: Duration?
        var approvals: Set<ResourceKey> = []
        /// Whether its database can be seen.
        var isSeen = true
        var isProtected = false
        /// Whether a document still wants it, and nothing of what it owns.
        var lives = false

        /// Its branch, which is still there, has its name; what had brought it about is as it is kept.
        mutating func bearsTheNameOfItsBranch(isOfBranch: Bool?) {
            record = RuleCases.remembered("a")
            record.isOfBranch = isOfBranch
            branches = .known([Branch(name: "a", commit: "c", committedAt: nil)])
        }
    }

    /// The record of the environment `a` with the commit that its branch had last; nil: it had none any more.
    private static func remembered(
        _ branch: String = "feature/a", head: String? = "c", status: EnvironmentRecord.Status = .active,
        endedAt expiredHead: String? = nil, promise: EnvironmentRecord.Promise? = nil
    ) -> EnvironmentRecord {
        var record = W.record("a", status: status, head: expiredHead, branch: branch)
        record.headCommit = head
        record.promise = promise
        return record
    }

    /// An environment that owns an address and a database.
    private static func released(
        _ name: String, _ expected: [String], says: [String] = [], holds: [Hold?]? = nil,
        _ change: (inout Standing) -> Void = { _ in }
    ) -> RuleCase {
        var standing = Standing()
        change(&standing)
        var policy = Policy()
        policy.prune.grace = standing.grace
        policy.prune.guardedGrace = standing.guarded
        var input = W.input(
            [], [W.seen(.database, "c/a"), W.seen(.record, "e.com/A/a")],
            [
                W.ours(.database, "c/a", env: "a", protected: standing.isProtected),
                W.ours(.record, "e.com/A/a", env: "a"),
            ],
            environments: [W.environment("other")] + (standing.lives ? [W.environment("a")] : []),
            records: [standing.record], policy: policy,
            incomplete: standing.isSeen ? [:] : [.database: .unknown(reason: "time-out")],
            approvals: standing.approvals)
        var inventory = input.inventory
        // A mark of before the documents let go of it is none of what they let go.
        if let age = standing.age, !standing.lives {
            var record = standing.record
            record.unwantedSince = standing.isNew ? nil : W.now - (standing.unwanted ?? age)
            inventory = Inventory(entries: inventory.entries, environments: [record])
        }
        let marks = standing.age.map { age in
            inventory.entries.map {
                PruneMark(
                    key: $0.key, providerID: $0.providerID, environment: "a", markedAt: W.now - age,
                    revision: W.revision, goesAt: standing.told.map { W.now - age + $0 })
            }
        }
        input.inventory = Inventory(
            entries: inventory.entries, environments: inventory.environments, marks: marks ?? [])
        input.desired.sources.branches = standing.branches
        input.desired.sources.tags = standing.tags
        return RuleCase(name: name, input: input, expected: expected, says: says, holds: holds)
    }

    private static func lines(_ address: String, _ data: String? = nil) -> [String] {
        ["record/e.com/A/a delete \(address)", "database/c/a delete \(data ?? address)"]
    }

    private static let goes = lines("allowed unapplied_commit")
    private static let waits = lines("needs_approval unapplied_commit")

    static let released: [RuleCase] = [
        released(
            "whose branch is still there stays whole and is marked", waits,
            says: [
                "environment a: environments.yaml wants it no more though its branch feature/a is still there: it is "
                    + "marked first, and goes 1d later; to keep it: put its entry back into environments.yaml"
            ], holds: [.grace, .grace]),
        released(
            "which a mapping had made, is told of the mapping", waits,
            says: [
                ".odooops/policies.yaml wants it no more though its branch a is still there",
                "let a mapping of .odooops/policies.yaml match",
            ]
        ) {
            $0.bearsTheNameOfItsBranch(isOfBranch: true)
        },
        released(
            "which its entry named as its branch, is told of the entry", waits,
            says: [
                "a: environments.yaml wants it no more though its branch a is still there",
                "put its entry back into environments.yaml",
            ]
        ) {
            $0.bearsTheNameOfItsBranch(isOfBranch: false)
        },
        released(
            "of which nobody has kept what had made it, is told of both", waits,
            says: [
                "neither environments.yaml nor a mapping of .odooops/policies.yaml wants it any more",
                "put its entry back into environments.yaml, or let a mapping of .odooops/policies.yaml match",
            ]
        ) {
            $0.bearsTheNameOfItsBranch(isOfBranch: nil)
        },
        released("by a tag that is still there", waits) {
            ($0.branches, $0.tags) = (.known([]), .known([Branch(name: "feature/a", commit: "c", committedAt: nil)]))
        },
        released("to the last instant of its grace it stays", waits, says: ["it goes after"], holds: [.grace, .grace]) {
            $0.age = .hours(24) - .microseconds(1)
        },
        released("at its end it goes without a question", goes) { $0.age = .hours(24) },
        released("its grace is the longer of the two", waits) { ($0.age, $0.grace) = (.hours(24), .hours(25)) },
        released(
            "the hour that people were told stands where the grace is shorter by now", waits, says: ["it goes after"],
            holds: [.grace, .grace]
        ) { ($0.age, $0.guarded, $0.told) = (.hours(24) - .microseconds(1), .hours(1), .hours(24)) },
        released("also where there is none any more", waits, says: ["it goes after"], holds: [.grace, .grace]) {
            ($0.age, $0.guarded, $0.told) = (.hours(24) - .microseconds(1), .zero, .hours(24))
        },
        released("at that hour it goes", goes) { ($0.age, $0.guarded, $0.told) = (.hours(24), .hours(1), .hours(24)) },
        released("a longer grace holds it for longer", waits) {
            ($0.age, $0.guarded, $0.told) = (.hours(24), .hours(25), .hours(24))
        },
        released(
            "the hour stands that was told when it was wanted", waits, says: ["it is marked first, and goes 1h later"]
        ) {
            ($0.age, $0.unwanted, $0.guarded, $0.told) = (.hours(3), .hours(2), .zero, .hours(4))
        },
        released("and holds nothing once it is over", goes) {
            ($0.age, $0.unwanted, $0.guarded, $0.told) = (.hours(3), .hours(2), .zero, .hours(2))
        },
        released(
            "a person's word lets one thing go at once",
            lines("needs_approval unapplied_commit", "allowed unapplied_commit")
        ) {
            $0.approvals = [homeData]
        },
        released("or all of it", goes) { $0.approvals = [homeData, homeRecord] },
        released("whose branch is gone has ended", goes, says: ["environment a: branch feature/a is gone"]) {
            $0.branches = .known([])
        },
        released(
            "whose branch had been gone before lived on by its entry, whatever its name", waits,
            says: [
                "environments.yaml wants it no more, and its branch a was gone before: it is marked first",
                "put its entry back into environments.yaml",
            ]
        ) { ($0.branches, $0.record) = (.known([]), remembered("a", head: nil)) },
        released("whose branches nobody knows hasn't", waits, says: ["is gone, or nothing makes an environment of it"])
        {
            $0.branches = .none
        },
        released("nor has one without a branch", waits) { $0.record = W.record("a") },
        released("whose time was over has", goes) { $0.record = W.record("a", status: .expired, branch: "feature/a") },
        released("also by the commit that is still the newest", goes) {
            $0.record = remembered(status: .expired, endedAt: "c", promise: .until(W.now))
        },
        released("but not where a newer commit has come since", waits) {
            $0.record = remembered(status: .expired, endedAt: "b", promise: .until(W.now))
        },
        released("nor where a person has given it days since", waits) {
            $0.record = remembered(
                status: .expired, endedAt: "c", promise: .until(W.now + .microseconds(1)))
        },
        released("the mark of a time when it was wanted is none of this grace", waits, says: ["it is marked first"]) {
            ($0.age, $0.unwanted) = (.days(9), .hours(25))
        },
        released("nor is one where this plan is the first that finds so", waits, says: ["it is marked first"]) {
            ($0.age, $0.isNew) = (.days(9), true)
        },
        released("without a grace for what holds data it goes at once", goes) { $0.guarded = .zero },
        released(
            "it goes together: what can't be seen keeps the rest",
            ["database/c/a read blocked unapplied_commit", "record/e.com/A/a delete needs_approval unapplied_commit"],
            says: ["it goes together with digitalocean.database/c/a"]
        ) { ($0.age, $0.isSeen) = (.days(9), false) },
        released(
            "and so does what a person is asked for", waits, says: ["it is protected", "it goes together with"],
            holds: [.grace, .approval]
        ) { ($0.age, $0.isProtected) = (.days(9), true) },
        released(
            "one that lives, and of which nothing is wanted any more, asks for its data and keeps its address until then",
            [
                "record/e.com/A/a delete needs_approval unapplied_commit",
                "database/c/a delete blocked unapplied_commit",
            ],
            says: ["it lives, and nothing of what it owns is wanted any more"], holds: [.grace, .grace]
        ) { $0.lives = true },
        released(
            "also after the grace", waits, says: ["it goes together with digitalocean.database/c/a"],
            holds: [.grace, .approval]
        ) { ($0.lives, $0.age) = (true, .days(9)) },
    ]
}
