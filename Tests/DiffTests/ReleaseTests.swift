import Basics
import DesiredState
import Diff
import Testing

/// What becomes of environments of pull requests and branches that documents let go of, or can't be told.
@Suite struct ReleaseTests {
    private typealias W = Worlds

    struct PreviewCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let pulls: PullRequestListing?
        let isHeld: Bool
    }

    private static func pull(isFork: Bool = false) -> PullRequest {
        PullRequest(
            number: 7, head: "feature/x", headCommit: "c", base: "main", isFork: isFork,
            updatedAt: Timestamp(seconds: 1))
    }

    @Test(
        "A preview is held for long while its pull request is open or nobody knows",
        arguments: [
            PreviewCase(testDescription: "open", pulls: PullRequestListing(open: [pull()]), isHeld: true),
            PreviewCase(testDescription: "closed", pulls: PullRequestListing(open: []), isHeld: false),
            PreviewCase(
                testDescription: "open, of a fork that nobody lets in any more",
                pulls: PullRequestListing(open: [pull(isFork: true)]), isHeld: false),
            PreviewCase(
                testDescription: "uncertain", pulls: PullRequestListing(open: [], uncertain: [7], fault: "time-out"),
                isHeld: true),
            PreviewCase(testDescription: "nobody was asked", pulls: nil, isHeld: true),
        ])
    func preview(_ test: PreviewCase) {
        var policy = Policy()
        policy.prune = .standard
        var input = W.input(
            [], [W.seen(.database, "c/p")], [W.ours(.database, "c/p", env: "pr-7")],
            environments: [W.environment("other")],
            records: [W.record("pr-7", .preview, branch: "refs/pull/7/head")], policy: policy)
        input.desired.sources.branches = .known([])
        input.desired.sources.pullRequests = test.pulls
        let plan = makePlan(input)
        #expect(plan.changes.map(\.hold) == [.grace])
        #expect(plan.candidates.map(\.grace) == [test.isHeld ? .hours(24) : .hours(1)])
        #expect(plan.changes.map(\.waitsForPerson) == [false])
        #expect(plan.candidates.map { $0.why != nil } == [test.isHeld])
    }

    @Test(
        "While the branch of an entry can't be told, only branches that own something already have their environments")
    func arrivals() {
        func world(_ isTold: Bool) -> PlanInput {
            var input = W.input(
                [
                    W.want(.record, "e.com/A/new", env: "new"), W.want(.record, "e.com/A/old", env: "old"),
                    W.want(.tag, "mine", env: "named"),
                ], [W.seen(.tag, "mark")], [W.ours(.tag, "mark", env: "old")],
                environments: [
                    W.environment("named"), W.environment("new", branch: "feature/new", ofBranch: true),
                    W.environment("old", branch: "feature/old", ofBranch: true),
                    W.environment("pr-7", branch: "refs/pull/7/head", ofBranch: true),
                ])
            guard !isTold else { return input }
            input.desired.sources.arrivals = UnknownScope(
                .environments, code: "SSOT-0006", reason: "its branch may be that of lab", at: W.mark(3))
            return input
        }
        func creations(_ input: PlanInput) -> [String: Verdict] {
            Dictionary(
                makePlan(input).changes.filter { $0.action == .create }.map { ($0.environment ?? "", $0.verdict) },
                uniquingKeysWith: { first, _ in first })
        }
        #expect(creations(world(true)) == ["new": .allowed, "old": .allowed, "named": .allowed])
        #expect(creations(world(false)) == ["new": .blocked, "old": .allowed, "named": .allowed])
        let plan = makePlan(world(false))
        #expect(plan.environments.filter { $0.phase == .unknown }.map(\.slug) == ["new"])
        let reason = plan.changes.first { $0.environment == "new" }?.verdictReason
        #expect(reason?.contains("its branch may be that of lab") == true && reason?.contains(":3:5") == true)
        // Whoever looks holds them before the plan does: that is the same.
        let input = world(false)
        let held = input.desired.holdingArrivals(input.inventory)
        #expect(held.unknown.count == 1 && held.holdingArrivals(input.inventory).unknown == held.unknown)
    }
}
