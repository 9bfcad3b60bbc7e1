import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Formats
import GitHubDriver
import HTTPClient
import Reconciler
import Simulator
import Store
import StoreSQLite
import Testing

@Suite("Previews of pull requests")
struct PreviewTests {
    @Test("With `create_deployments` each commit of a preview is a deployment of GitHub, which ends with the preview")
    func deployments() async throws {
        let site = try await PreviewWorld(deployments: true)
        #expect(await site.pass().isSuccess)
        try site.open(7)
        // An answer that was lost makes no second one.
        site.world.simulator.order(FaultOrder("POST", "/github/repos/acme/odoo/deployments", .dropAfter))
        #expect(await site.pass().isSuccess)
        #expect(site.deployments == ["pr-7 1 success+url"] && site.checks == ["success 1"])
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])
        try site.open(7, sha: "2")
        _ = await site.pass()
        #expect(site.deployments == ["pr-7 1 success+url,inactive", "pr-7 2 success+url"])
        try site.close(7)
        _ = await site.pass()
        #expect(site.deployments == ["pr-7 1 success+url,inactive", "pr-7 2 success+url,inactive"])
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])
        try site.open(7, sha: "2")
        _ = await site.pass()
        #expect(site.deployments.last == "pr-7 2 success+url,inactive,success+url")
        await site.close()
    }

    @Test("A preview comes with its pull request, follows it, goes with it, and comes back with it")
    func life() async throws {
        let site = try await PreviewWorld()
        #expect(await site.pass().isSuccess)
        try site.open(7)
        var report = await site.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(await site.previews() == PreviewWorld.holdings(7))
        #expect(site.checks == ["success 1"] && site.comments.count == 1)
        let comment = try #require(site.comments.first)
        for words in [
            "Preview `pr-7`: ready", "https://pr-7.shop.example", "`111111111111`", "| Expires | 2026-06-",
            "| `digitalocean.database/shop-pg/odoo_pr_7` | in place |",
        ] { #expect(comment.contains(words), "\(words) in \(comment)") }

        // Nothing happens, so nothing is said: one list is read, and nothing is written.
        _ = site.requests()
        report = await site.pass()
        #expect(report.plan?.changes.isEmpty == true)
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])

        try site.open(7, sha: "2")
        _ = await site.pass()
        #expect(site.checks == ["success 1", "success 2"] && site.comments.count == 1)
        #expect(site.comments[0].contains("`222222222222`"))

        try site.close(7, merged: true)
        report = await site.pass()
        #expect(report.isSuccess, "\(report.story)")
        #expect(await site.previews().isEmpty)
        #expect(site.comments.count == 1 && site.comments[0].contains("gone: the pull request is merged"))
        // What was said of it stays, but for an address that leads nowhere.
        #expect(site.checks == ["success 1", "success 2", "success 2"] && site.addresses.last == "")
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])

        try site.open(7, sha: "2")
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7))
        #expect(site.comments.count == 1 && site.comments[0].contains("`pr-7`: ready"))

        try site.pull(7, ["labels": []])
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        #expect(site.comments.count == 1 && site.comments[0].contains("no entry of `previews` allows it"))
        await site.close()
    }

    @Test("What a list shows of before the end brings nothing back; what was opened again since does")
    func lateWord() async throws {
        let site = try await PreviewWorld()
        try site.open(7)
        _ = await site.pass()
        try site.close(7)
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        // The list is behind: it shows the pull request as it was before it was closed.
        let before = site.world.time.now - .minutes(20)
        try site.pull(7, ["state": "open", "updated_at": .string(Timestamp(seconds: before.seconds).description)])
        let report = await site.pass()
        #expect(report.plan?.summary.create == 0, "\(report.story)")
        #expect(await site.previews().isEmpty)
        #expect(try await site.world.store.pullRequests(of: "acme/odoo").map(\.state) == [.closed])
        // Of the same second as its end, only GitHub itself can tell: it is asked for by itself.
        let row = try #require(try await site.world.store.pullRequests(of: "acme/odoo").first)
        try site.pull(
            7, ["state": "open", "closed_at": .null, "updated_at": .string(row.pullRequest.updatedAt.description)])
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests().contains("GET /github/repos/acme/odoo/pulls/7"))
        #expect(await site.previews() == PreviewWorld.holdings(7))
        await site.close()
    }

    @Test("While GitHub can't be asked nothing of a preview goes, whatever else happens", arguments: [true, false])
    func unknown(_ isListLost: Bool) async throws {
        let site = try await PreviewWorld()
        try site.open(7)
        _ = await site.pass()
        try site.close(7)
        let path = "/github/repos/acme/odoo/pulls" + (isListLost ? "" : "/7")
        site.world.simulator.order(FaultOrder("GET", path, .serverErrorBefore, times: 1_000))
        site.world.source.change { tree in
            tree.branches = .known([Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil)])
        }
        let said = site.comments + site.checks
        var report = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7), "\(report.story)")
        #expect(report.desired?.diagnostics.contains { $0.code == "SSOT-0042" } == true)
        // That it isn't known is no word against it.
        #expect(site.comments + site.checks == said)
        // The branch of another environment is gone, and that is known.
        #expect(await site.world.holdings().contains("database shop-pg odoo_feature_loyalty") == false)
        site.world.simulator.clearFaults()
        report = await site.pass()
        #expect(await site.previews().isEmpty, "\(report.story)")
        await site.close()
    }

    @Test("A preview that expired stays away until its pull request moves")
    func expires() async throws {
        let site = try await PreviewWorld()
        try site.open(7)
        _ = await site.pass()
        for step in [Duration.days(8) - .hours(13), .hours(13)] {
            site.world.time.advance(by: step)
            _ = await site.pass()
        }
        #expect(await site.previews().isEmpty)
        #expect(site.comments[0].contains("`pr-7`: expired"))
        #expect(await site.pass().plan?.summary.create == 0)
        try site.open(7, sha: "3")
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(7))
        #expect(site.checks == ["success 1", "success 1", "success 3"] && site.comments.count == 1)
        await site.close()
    }

    @Test(
        "Another repository, or none, takes no preview away and takes none over, until a person says that it is meant",
        arguments: [nil, "acme/other"])
    func otherRepository(_ name: String?) async throws {
        let site = try await PreviewWorld()
        for number in [5, 7] as [Int64] { try site.open(number) }
        _ = await site.pass()
        let both = (PreviewWorld.holdings(5) + PreviewWorld.holdings(7)).sorted()
        #expect(await site.previews() == both)
        try site.world.simulator.seed(
            "github",
            [
                "repositories": [
                    [
                        "name": "acme/other", "branches": [:],
                        "pulls": [
                            [
                                "number": 7, "title": "Theirs", "head": "feature/theirs", "base": "main",
                                "labels": ["preview"], "head_sha": .string(String(repeating: "9", count: 40)),
                                "state": "open",
                            ]
                        ],
                    ]
                ]
            ])
        var report = await site.reconciler(repository: name).pass(PassOptions(approvals: ["all"]))
        #expect(await site.previews() == both, "\(report.story)")
        #expect(report.plan?.summary.delete == 0 && report.plan?.summary.update == 0)
        #expect(report.desired?.environments.contains { $0.slug == "pr-7" } == false)
        #expect(report.plan?.diagnostics.contains { $0.code == "PLAN-0019" } == (name != nil))
        report = await site.pass()
        #expect(await site.previews() == both && report.plan?.changes.isEmpty == true, "\(report.story)")
        guard name != nil else { return await site.close() }
        report = await site.reconciler(repository: name)
            .pass(PassOptions(approvals: ["source.pull_requests/ssot"]))
        #expect(await site.previews() == PreviewWorld.holdings(7), "\(report.story)")
        let environment = report.desired?.environments.first { $0.slug == "pr-7" }
        #expect(environment?.headCommit == String(repeating: "9", count: 40))
        await site.close()
    }

    @Test(
        "A check that is pending when its pull request is over ends there, once, also where that was not written down",
        arguments: [false, true], [false, true])
    func endsPending(_ isMerged: Bool, _ isForgotten: Bool) async throws {
        let site = try await PreviewWorld()
        _ = await site.pass()
        // Nothing is known of the provider, so that the preview is neither made nor refused.
        site.world.simulator.order(FaultOrder("GET", "/v2/**", .serverErrorBefore, times: 1_000))
        for number in [7, 8, 9] as [Int64] { try site.open(number, sha: number == 9 ? "3" : "1") }
        _ = await site.pass()
        let begun = ["pending 1", "pending 3"]
        #expect(site.checks == begun)
        // Another pull request still shows the commit, which has one check.
        try site.close(8, merged: isMerged)
        _ = await site.pass()
        #expect(site.checks == begun)
        // What came with the end was never told of.
        try site.pull(7, ["head_sha": .string(String(repeating: "2", count: 40))])
        try site.close(7, merged: isMerged)
        let trigger = """
            create trigger ops.forgets before update of status_digest on pull_requests
            begin select raise(abort, 'as when the process ends here'); end
            """
        if isForgotten { try await site.run(trigger) }
        _ = await site.pass()
        let ended = begun + [isMerged ? "success 1" : "error 1"]
        #expect(site.checks == ended)
        if isForgotten { try await site.run("drop trigger ops.forgets") }
        for _ in 1...2 { _ = await site.pass() }
        #expect(site.checks == ended)
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests().filter { $0.contains("statuses") }.isEmpty)
        site.world.simulator.clearFaults()
        try site.open(7, sha: "1")
        _ = await site.pass()
        #expect(Set(site.checks.dropFirst(3)) == ["success 1", "success 3"])
        await site.close()
    }

    @Test("A dry run says nothing and remembers nothing")
    func dryRun() async throws {
        let site = try await PreviewWorld()
        try site.open(7)
        let report = await site.pass(PassOptions(isDryRun: true))
        #expect(report.plan?.changes.contains { $0.environment == "pr-7" } == true)
        #expect(site.comments.isEmpty && site.checks.isEmpty)
        #expect(try await site.world.store.pullRequests(of: "acme/odoo").isEmpty)
        await site.close()
    }

    @Test(
        "Lost answers and refusals leave one comment and one check of each state",
        arguments: [
            FaultKind.dropAfter, .dropBefore, .serverErrorAfter, .tooManyRequests(retryAfter: 3),
        ])
    func lostAnswers(_ kind: FaultKind) async throws {
        let site = try await PreviewWorld()
        try site.open(7)
        site.world.simulator.order(FaultOrder("POST", "/github/**", kind, times: 3))
        for _ in 1...4 { _ = await site.pass() }
        #expect(await site.previews() == PreviewWorld.holdings(7))
        #expect(site.comments.count == 1 && site.checks == ["success 1"], "\(site.comments)")
        await site.close()
    }
}
