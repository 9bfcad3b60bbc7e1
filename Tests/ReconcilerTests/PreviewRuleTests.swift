import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import Testing

/// Forks, limits and rules: which pull request has a preview, which has none, and why.
@Suite("Who gets a preview")
struct PreviewRuleTests {
    @Test("A fork has no preview, unless a label lets it in, and then at the commit that had the label")
    func forks() async throws {
        let closed = try await PreviewWorld()
        try closed.open(8, fork: "mallory/odoo")
        #expect(await closed.pass().isSuccess)
        #expect(await closed.previews().isEmpty)
        #expect(closed.comments.first?.contains("`forks` is `never`") == true)
        await closed.close()

        let site = try await PreviewWorld("previews: {allow: [{base: main}, {label: preview}], forks: labeled}\n")
        try site.open(8, labels: [], fork: "mallory/odoo")
        _ = await site.pass()
        #expect(await site.previews().isEmpty && site.comments.isEmpty)
        try site.open(8, sha: "1", fork: "mallory/odoo")
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(8))
        // What is pushed afterwards nobody has seen.
        try site.open(8, sha: "6", fork: "mallory/odoo")
        let report = await site.pass()
        let environment = report.desired?.environments.first { $0.slug == "pr-8" }
        #expect(environment?.headCommit == String(repeating: "1", count: 40))
        // The commit without a preview doesn't count as one whose preview is ready.
        #expect(site.checks == ["success 1", "pending 6"] && site.addresses.last == "")
        #expect(site.comments[0].contains("| Commit | `111111111111` |"))
        #expect(site.comments[0].contains("| Newer | `666666666666` is not let in: take the label away"))
        try site.pull(8, ["labels": []])
        _ = await site.pass()
        try site.pull(8, ["labels": ["preview"]])
        let later = await site.pass().desired?.environments.first { $0.slug == "pr-8" }
        #expect(later?.headCommit == String(repeating: "6", count: 40))
        #expect(site.checks.last == "success 6" && site.addresses.last == "https://pr-8.shop.example")
        #expect(!site.comments[0].contains("| Newer |"))
        await site.close()
    }

    @Test("Who makes a draft of a pull request is told that this is why its preview goes, and how it stays")
    func drafts() async throws {
        let previews = "previews: {allow: [{label: preview}], drafts: false}\n"
        let site = try await PreviewWorld(previews)
        try site.open(8)
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(8))
        site.world.source.set(
            PreviewWorld.tree(previews, prune: "prune: {guarded_grace: 24h}\n", revision: "b"))
        try site.pull(8, ["draft": true])
        let report = await site.pass()
        let reason = report.withheld.first { $0.environment == "pr-8" }?.verdictReason ?? ""
        #expect(
            reason.contains(
                "its pull request is still open, and has no preview any more (it is a draft, and `drafts` is false)"),
            "\(report.story)")
        #expect(
            reason.contains(
                "mark the pull request as ready for review, or let `previews` of .odooops/policies.yaml allow drafts"))
        // A label that was taken away is neither the policy's doing.
        try site.pull(8, ["draft": false, "labels": []])
        let unlabeled = await site.pass().plan?.environments.first { $0.slug == "pr-8" }?.reason
        #expect(unlabeled?.contains("no entry of `allow` in `previews` of .odooops/policies.yaml is about it") == true)
        #expect(await site.previews() == PreviewWorld.holdings(8))
        await site.close()
    }

    @Test("Where forks are let in later, it is at the commit that had the label, and not at what was pushed since")
    func forksLater() async throws {
        let never = "previews: {allow: [{base: main}, {label: preview}], forks: never}\n"
        let site = try await PreviewWorld(never)
        try site.open(8, fork: "mallory/odoo")
        _ = await site.pass()
        try site.open(8, sha: "6", fork: "mallory/odoo")
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        site.world.source.set(PreviewWorld.tree(never.replacing("never", with: "labeled"), revision: "b"))
        var report = await site.pass()
        func commit() -> String? { report.desired?.environments.first { $0.slug == "pr-8" }?.headCommit }
        #expect(commit() == String(repeating: "1", count: 40), "\(report.story)")
        // Whoever looks at what was pushed and sets the label again lets that in.
        for labels in [[], ["preview"]] as [[String]] {
            try site.pull(8, ["labels": .strings(labels)])
            report = await site.pass()
        }
        #expect(commit() == String(repeating: "6", count: 40), "\(report.story)")
        await site.close()
    }

    @Test("An expired preview of a fork comes back with a new commit that its label lets in, and says so")
    func expiredFork() async throws {
        let site = try await PreviewWorld("previews: {allow: [{label: preview}], forks: labeled}\n")
        try site.open(8, fork: "mallory/odoo")
        _ = await site.pass()
        for step in [Duration.days(8) - .hours(13), .hours(13)] {
            site.world.time.advance(by: step)
            _ = await site.pass()
        }
        #expect(await site.previews().isEmpty)
        #expect(site.comments[0].contains("`pr-8`: expired; a new commit that its label lets in brings it back"))
        try site.open(8, sha: "6", fork: "mallory/odoo")
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        try site.pull(8, ["labels": []])
        _ = await site.pass()
        try site.pull(8, ["labels": ["preview"]])
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(8))
        await site.close()
    }

    @Test("A fork is handed no password, unless the policy says so", arguments: [false, true])
    func secrets(_ areGiven: Bool) async throws {
        let template = """
              preview: {host: web, database_server: pg-1, database: "odoo_{slug_underscored}", database_password: "env:PG_PASSWORD"}
            runtimes: {postgres: pg-1}

            """
        let site = try await PreviewWorld(
            "previews: {allow: [{label: preview}], forks: labeled, fork_secrets: \(areGiven)}\n", template: template)
        try site.open(8, fork: "mallory/odoo")
        try site.open(9)
        let report = await site.pass()
        let slugs = report.desired?.environments.map(\.slug).filter { $0.hasPrefix("pr-") }
        #expect(slugs == (areGiven ? ["pr-8", "pr-9"] : ["pr-9"]))
        #expect(
            site.comments.contains {
                $0.contains("hands out `database\\_password`") || $0.contains("`database_password`")
            } != areGiven)
        await site.close()
    }

    @Test("No more previews than the limit, and each that is there stays")
    func limit() async throws {
        let site = try await PreviewWorld("previews: {allow: [{head: \"feature/*\"}], limit: 2}\n")
        for number in [4, 5, 6] as [Int64] { try site.open(number, labels: []) }
        _ = await site.pass()
        #expect(await site.previews() == (PreviewWorld.holdings(4) + PreviewWorld.holdings(5)).sorted())
        try site.close(4)
        _ = await site.pass()
        #expect(await site.previews() == (PreviewWorld.holdings(5) + PreviewWorld.holdings(6)).sorted())
        await site.close()
    }

    @Test("Why a pull request has no preview is told: by fork, limit, label and template, and that it is closed")
    func refusals() async throws {
        func standing(
            _ site: PreviewWorld, _ number: Int64
        ) async throws -> EnvironmentExplanation.Standing? {
            guard case .environment(let one) = try await site.reconciler().answer("pr-\(number)") else { return nil }
            return one.standing
        }
        let site = try await PreviewWorld("previews: {allow: [{label: preview}], limit: 1}\n")
        try site.open(4)
        try site.open(5)
        try site.open(6, fork: "stranger/odoo")
        try site.open(7)
        _ = await site.pass()
        #expect(try await standing(site, 4)?.state == .asWanted)
        for (number, words) in [(5, "`limit` is 1"), (6, "`forks` is `never`")] as [(Int64, String)] {
            let refused = try await standing(site, number)
            #expect(refused?.state == .refused && refused?.reason.contains(words) == true, "\(refused as Any)")
            #expect(refused?.source?.file == ".odooops/policies.yaml")
        }
        // What has lost its label is known, and no entry is about it any more.
        try site.open(7, labels: [])
        _ = await site.pass()
        #expect(try await standing(site, 7)?.reason.contains("no entry of `allow` is about it") == true)
        try site.close(5)
        _ = await site.pass()
        #expect(try await standing(site, 5)?.state == .gone)
        await #expect(throws: UnknownKeyFault.self) { try await standing(site, 99) }
        await site.close()
        let bare = try await PreviewWorld(template: "")
        try bare.open(4)
        _ = await bare.pass()
        #expect(try await standing(bare, 4)?.reason.contains("no template for previews") == true)
        await bare.close()
    }

    @Test("A question that GitHub doesn't answer costs nobody a place, nor does a lower number that comes later")
    func limitInDoubt() async throws {
        let site = try await PreviewWorld("previews: {allow: [{head: \"feature/*\"}], limit: 2}\n")
        for number in [5, 6, 9] as [Int64] { try site.open(number, labels: []) }
        _ = await site.pass()
        let both = (PreviewWorld.holdings(5) + PreviewWorld.holdings(6)).sorted()
        #expect(await site.previews() == both)
        try site.close(9)
        site.world.simulator.order(
            FaultOrder("GET", "/github/repos/acme/odoo/pulls/9", .serverErrorBefore, times: 1_000))
        var report = await site.pass()
        #expect(await site.previews() == both, "\(report.story)")
        #expect(report.plan?.changes.contains { $0.action == .delete } == false)
        site.world.simulator.clearFaults()
        try site.open(4, labels: [])
        report = await site.pass()
        #expect(await site.previews() == both, "\(report.story)")
        try site.close(5)
        _ = await site.pass()
        #expect(await site.previews() == (PreviewWorld.holdings(4) + PreviewWorld.holdings(6)).sorted())
        await site.close()
    }

    @Test(
        "What the author of a fork can do alone doesn't renew the approval",
        arguments: ["closed", "draft", "base"])
    func forkAlone(_ way: String) async throws {
        let site = try await PreviewWorld(
            "previews: {allow: [{label: preview, base: main}], forks: labeled, drafts: false}\n")
        try site.open(8, fork: "mallory/odoo")
        _ = await site.pass()
        #expect(await site.previews() == PreviewWorld.holdings(8))
        switch way {
        case "closed": try site.close(8)
        case "draft": try site.pull(8, ["draft": true])
        default: try site.pull(8, ["base": "other"])
        }
        _ = await site.pass()
        #expect(await site.previews().isEmpty)
        try site.open(8, sha: "6", fork: "mallory/odoo")
        if way == "draft" { try site.pull(8, ["draft": false]) }
        let report = await site.pass()
        let environment = report.desired?.environments.first { $0.slug == "pr-8" }
        #expect(environment?.headCommit == String(repeating: "1", count: 40), "\(report.story)")
        // The label set anew is a new approval.
        try site.pull(8, ["labels": []])
        _ = await site.pass()
        try site.pull(8, ["labels": ["preview"]])
        let later = await site.pass().desired?.environments.first { $0.slug == "pr-8" }
        #expect(later?.headCommit == String(repeating: "6", count: 40))
        await site.close()
    }
}
