import Basics
import DesiredState
import Diff
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
