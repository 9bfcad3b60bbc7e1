import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import Testing

/// What stands on pull requests when the policy wants their previews no more.
@Suite("Previews that the policy lets go")
struct PreviewEndTests {
    private static let wanted = "previews: {allow: [{label: preview}]}\n"
    private static let words = "no entry of `previews` allows it any more"

    private static func world(deployments: Bool = false, prune: String = "") async throws -> PreviewWorld {
        let site = try await PreviewWorld(wanted, deployments: deployments)
        site.world.source.set(
            PreviewWorld.tree(wanted, said: PreviewWorld.said(deployments), prune: prune))
        try site.open(7)
        #expect(await site.pass().isSuccess)
        #expect(await site.previews() == PreviewWorld.holdings(7) && site.comments[0].contains("`pr-7`: ready"))
        return site
    }

    @Test(
        "Comment, check and deployment of one say so when its entry or all of `previews` goes, once, and come back with it",
        arguments: ["", "previews: {allow: [{label: other}]}\n"])
    func policyGoes(_ previews: String) async throws {
        let site = try await Self.world(deployments: true)
        let said = PreviewWorld.said(true)
        site.world.source.set(PreviewWorld.tree(previews, said: said, revision: "b"))
        let report = await site.pass()
        #expect(await site.previews().isEmpty, "\(report.story)")
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: gone: \(Self.words)"))
        #expect(site.checks == ["success 1", "success 1"] && site.addresses.last == "")
        #expect(site.deployments == ["pr-7 1 success+url,inactive"])
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == (previews.isEmpty ? [] : ["GET /github/repos/acme/odoo/pulls"]))

        site.world.source.set(PreviewWorld.tree(Self.wanted, said: said, revision: "c"))
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7))
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: ready"))
        #expect(site.addresses.last == "https://pr-7.shop.example")
        await site.close()
    }

    @Test("Of one that is closed and gone nothing is said any more, whatever is to be said from then on")
    func settles() async throws {
        let site = try await Self.world()
        try site.close(7)
        _ = await site.pass()
        #expect(site.comments.first?.contains("`pr-7`: gone") == true)
        let list = ["GET /github/repos/acme/odoo/pulls"]
        _ = site.requests()
        // Deployments are wanted from now on: not of what is over.
        site.world.source.set(PreviewWorld.tree(Self.wanted, said: PreviewWorld.said(true), revision: "b"))
        _ = await site.pass()
        #expect(site.requests() == list)
        // It begins anew when it is opened again.
        try site.open(7, sha: "2")
        _ = await site.pass()
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: ready"))
        #expect(site.deployments == ["pr-7 2 success+url"])
        await site.close()
    }

    @Test("The comment of one that is closed while a person has it left alone says what it waits for")
    func suspended() async throws {
        let site = try await Self.world()
        try await site.world.setSuspended("pr-7", true, reason: "audit")
        try site.close(7)
        for _ in 0..<2 { _ = await site.pass() }
        #expect(await site.previews() == PreviewWorld.holdings(7))
        let comment = try #require(site.comments.first)
        #expect(
            comment.contains(
                "`pr-7`: stays: the pull request is closed; a person has it left alone, and it goes when it is "
                    + "reconciled again\n"), "\(comment)")
        #expect(comment.contains("it is suspended (audit)"))
        try await site.world.setSuspended("pr-7", false)
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: gone"))
        await site.close()
    }

    @Test(
        "Of one that is closed or unlabeled while a person has it pinned all stands, and says that it stays",
        arguments: [true, false])
    func pinned(_ isClosed: Bool) async throws {
        let site = try await Self.world(deployments: true)
        let now = site.world.time.now
        _ = try await site.world.store.setPinned(
            "pr-7", true, reason: "customer demo", until: now + .days(5),
            audit: AuditRecord(at: now, action: "env.pin", target: "pr-7", actor: "ada", detail: [:]))
        if isClosed { try site.close(7) } else { try site.pull(7, ["labels": []]) }
        for _ in 0..<2 { _ = await site.pass() }
        #expect(await site.previews() == PreviewWorld.holdings(7))
        let comment = try #require(site.comments.first)
        #expect(comment.contains("`pr-7`: stays: ") && comment.contains("customer demo"), "\(comment)")
        #expect(!site.sentences.contains("There is no preview.") && site.deployments == ["pr-7 1 success+url"])
        #expect(site.checks.count == (isClosed ? 1 : 2))
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])
        // Once it is let go it is told as gone.
        site.world.time.advance(by: .days(6))
        for _ in 0..<2 { _ = await site.pass() }
        #expect(await site.previews().isEmpty)
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: gone"))
        #expect(site.sentences.last == "There is no preview." && site.addresses.last == "")
        #expect(site.deployments == ["pr-7 1 success+url,inactive"])
        await site.close()
    }

    @Test("The comment says it once when the end is near, and no more when there is time again")
    func warns() async throws {
        let site = try await Self.world()
        let end = try #require(try await site.world.store.environment("pr-7")?.expiresAt)
        site.world.time.jump(to: end - .hours(20))
        _ = await site.pass()
        let warning = "> **It expires soon, at \(end.minuteText) UTC, and what it consists of goes with it.** Keep it: "
        #expect(site.comments[0].contains(warning + "`reconcile env extend pr-7 --days 7`"), "\(site.comments)")
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])
        _ = try await site.world.store.extendEnvironment(
            "pr-7", days: 7,
            audit: AuditRecord(
                at: site.world.time.now, action: "env.extend", target: "pr-7", actor: "ada", detail: [:]))
        _ = await site.pass()
        #expect(site.comments.count == 1 && !site.comments[0].contains("soon"))
        await site.close()
    }

    @Test("While they wait out their grace they are said to be removed, in the same words until they are gone")
    func grace() async throws {
        let prune = "prune: {grace: 6h, guarded_grace: none}\n"
        let site = try await Self.world(prune: prune)
        site.world.source.set(PreviewWorld.tree("", prune: prune, revision: "b"))
        let marked = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7), "\(marked.story)")
        let comment = try #require(site.comments.first)
        #expect(comment.contains("`pr-7`: being removed: \(Self.words)") && !comment.contains("| Address |"))
        #expect(comment.contains("waits: it was marked at 2026-") && !comment.contains("marked first"), "\(comment)")
        #expect(site.checks == ["success 1", "success 1"] && site.addresses.last == "")
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests().isEmpty && site.comments == [comment])
        site.world.time.advance(by: .hours(6))
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: gone: \(Self.words)"))
        #expect(site.checks.count == 2)
        await site.close()
    }

    @Test("A comment is ended too where what it was written by goes with `previews`")
    func integrationGoes() async throws {
        let site = try await Self.world()
        site.world.source.set(PreviewWorld.tree("", said: "", revision: "b"))
        _ = await site.pass()
        #expect(site.comments.count == 1 && site.comments[0].contains("gone: \(Self.words)"))
        // No more than what stands: a pull request that comes now hears nothing.
        try site.open(8)
        _ = await site.pass()
        #expect(site.comments.count == 1)
        await site.close()
    }

    /// What was said is not written down.
    private static let forgets = """
        create trigger ops.forgets before update of status_digest on pull_requests
        begin select raise(abort, 'as when the process ends here'); end
        """

    /// What may come between: nothing, the end of the process after each word, another pull request of the same commit.
    enum Between: CaseIterable { case nothing, ends, other }

    @Test("A check that is pending ends when another commit comes, once, and names it", arguments: Between.allCases)
    func replaced(_ between: Between) async throws {
        let site = try await PreviewWorld()
        _ = await site.pass()
        // Nothing is known of the provider, so that the preview is neither made nor refused.
        site.world.simulator.order(FaultOrder("GET", "/v2/**", .serverErrorBefore, times: 1_000))
        if between == .ends { try await site.run(Self.forgets) }
        try site.open(7)
        if between == .other { try site.open(8) }
        _ = await site.pass()
        #expect(site.checks == ["pending 1"])
        try site.open(7, sha: "2")
        for _ in 1...3 { _ = await site.pass() }
        guard between != .other else {
            #expect(site.checks == ["pending 1", "pending 2"])
            return await site.close()
        }
        #expect(site.checks == ["pending 1", "error 1", "pending 2"])
        #expect(site.sentences[1] == "Superseded by 222222222222 before the preview was ready.")
        // A commit that was ready says so for ever; one that comes back is looked at anew.
        if between == .ends { try await site.run("drop trigger ops.forgets") }
        site.world.simulator.clearFaults()
        for sha in ["2", "3", "1"] as [Character] {
            try site.open(7, sha: sha)
            _ = await site.pass()
        }
        #expect(site.checks.dropFirst(3) == ["success 2", "success 3", "success 1"])
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests().filter { $0.contains("statuses") }.isEmpty)
        await site.close()
    }

    @Test("A check that was set when the process ended is ended with its pull request")
    func forgotten() async throws {
        let site = try await PreviewWorld()
        _ = await site.pass()
        site.world.simulator.order(FaultOrder("GET", "/v2/**", .serverErrorBefore, times: 1_000))
        try await site.run(Self.forgets)
        try site.open(7)
        _ = await site.pass()
        try site.close(7)
        _ = await site.pass()
        #expect(site.checks == ["pending 1", "error 1"])
        await site.close()
    }

    @Test("Nothing is said for an older commit, nor for policies that can't be read, until it is meant")
    func inDoubt() async throws {
        let site = try await Self.world()
        site.world.source.history.withLock { $0 = ["0", "a", "b"].map { String(repeating: $0, count: 40) } }
        let said = site.comments + site.checks
        site.world.source.set(PreviewWorld.tree("previews: [\n", revision: "b"))
        _ = await site.pass()
        #expect(site.comments + site.checks == said)
        site.world.source.set(PreviewWorld.tree("", revision: "0"))
        var report = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7), "\(report.story)")
        #expect(site.comments + site.checks == said)
        report = await site.pass(PassOptions(approvals: ["source.history/ssot"]))
        #expect(await site.previews().isEmpty, "\(report.story)")
        #expect(site.comments.count == 1 && site.comments[0].contains("gone: \(Self.words)"))
        await site.close()
    }
}
