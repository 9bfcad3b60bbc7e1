import Basics
import Formats
import Simulator
import TestKit
import Testing
import Web

/// The action that says on a pull request what merging it would change.
@Suite("The action for pull requests", .enabled(if: FileSystem.exists("/usr/bin/jq")))
struct PlanActionTests {
    private static let script = Places.packageRoot + "/packaging/github-action/plan"

    private static let account: Value = .object([
        "login": "bot",
        "repositories": [
            .object([
                "name": "acme/ssot", "branches": ["main": "6dcb09b5b57875f334f61aebed695e2e4193db5e"],
                "pulls": [.object(["number": 7, "title": "Add", "head": "main", "base": "main"])],
            ])
        ],
    ])

    private func run(_ site: Site, pull: String = "7", author: String = "bot", repository: String = "acme/ssot") async
        -> Program.Result
    {
        let path = "\(Places.program("reconcile").prefix(upToLast: "/")):/usr/bin:/bin"
        let outcome = await ChildProcess.run(
            "/bin/sh", [Self.script],
            environment: Program.base.merging(site.environment) { $1 }.merging([
                "PATH": path, "PLAN_PATH": site.repository, "PLAN_REF": "HEAD", "PLAN_PULL_REQUEST": pull,
                "PLAN_TOKEN": "token-of-the-action", "PLAN_AUTHOR": author, "GITHUB_REPOSITORY": repository,
                "GITHUB_API_URL": site.provider.url + "/github", "GITHUB_OUTPUT": site.directory.path("output"),
                "GITHUB_STEP_SUMMARY": site.directory.path("summary.md"),
            ]) { $1 }, outputLimit: 16 << 20, deadline: .seconds(120))
        return Program.Result(
            status: outcome.status, signal: outcome.signal, output: String(decoding: outcome.output, as: UTF8.self),
            error: String(decoding: outcome.errorOutput, as: UTF8.self), timedOut: outcome.timedOut)
    }

    private func comments(_ site: Site) async -> [String] {
        let outcome = await ChildProcess.run(
            "/usr/bin/curl",
            [
                "-s", "-H", "Authorization: Bearer token-of-the-action",
                site.provider.url + "/github/repos/acme/ssot/issues/7/comments",
            ], environment: Program.base, outputLimit: 1 << 20, deadline: .seconds(60))
        return (try? JSON.parse(outcome.output))?.listValue?.compactMap { $0["body"]?.stringValue } ?? []
    }

    @Test("One comment says what would change, follows what is pushed, and nothing is applied; errors come first")
    func comments() async throws {
        let site = try Site()
        try site.provider.simulator.seed("github", Self.account)
        let first = await run(site)
        #expect(first.status == 0, "\(first.story)")
        var said = await comments(site)
        #expect(said.count == 1 && said[0].contains("changes are pending") && said[0].contains("4 create"), "\(said)")
        #expect(said.first?.contains("digitalocean.record/shop.example/A/www") == true)
        #expect(await site.records().isEmpty, "it only plans")
        let output = String(decoding: try FileSystem.read(site.directory.path("output")), as: UTF8.self)
        #expect(output.contains("exit-status=2\n") && output.contains("\"create\":4"), "\(output)")

        // A document can't end the fence that it is shown in, and what is wrong stands before the plan.
        try site.commit(["ssot/environments.yaml": "environments: {``````: [\n"])
        let second = await run(site)
        #expect(second.status == 65, "\(second.story)")
        said = await comments(site)
        #expect(said.count == 1 && said[0].contains("**not valid**") && said[0].contains("FMT-"), "\(said)")
        #expect(said.first?.contains("ssot/environments.yaml:") == true)

        // A comment of somebody else is never changed.
        #expect(await run(site, author: "somebody").status == 65)
        #expect(await comments(site).count == 2)

        let refused = await run(site, repository: "acme/nothing")
        #expect(refused.status == 1 && refused.error.contains("was answered with 404"), "\(refused.story)")
        let everything = [first, second, refused].map(\.story).joined()
        #expect(!everything.contains("token-of-the-action"))
        // Without a pull request it is shown in the job's summary alone.
        try site.commit(["ssot/environments.yaml": Site.files["ssot/environments.yaml"] ?? "{}\n"])
        #expect(await run(site, pull: "").status == 0)
        #expect(await comments(site).count == 2)
    }
}

extension String {
    fileprivate func prefix(upToLast separator: Character) -> String {
        lastIndex(of: separator).map { String(self[..<$0]) } ?? self
    }
}
