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

    /// Runs the action, with the site's first commit as the base unless told otherwise.
    private func run(
        _ site: Site, pull: String = "7", author: String = "bot", repository: String = "acme/ssot",
        with more: [String: String] = [:]
    ) async -> Program.Result {
        let path = "\(Places.program("reconcile").prefix(upToLast: "/")):/usr/bin:/bin"
        let variables = [
            "PATH": path, "PLAN_PATH": site.repository, "PLAN_REF": "HEAD",
            "PLAN_BASE": site.git("rev-list --max-parents=0 HEAD").filter(\.isHexDigit), "PLAN_PULL_REQUEST": pull,
            "PLAN_TOKEN": "token-of-the-action", "PLAN_AUTHOR": author, "GITHUB_REPOSITORY": repository,
            "GITHUB_API_URL": site.provider.url + "/github", "GITHUB_OUTPUT": site.directory.path("output"),
            "GITHUB_STEP_SUMMARY": site.directory.path("summary.md"),
            // It leaves what later steps of the job read.
            "TMPDIR": site.directory.path,
        ]
        let outcome = await ChildProcess.run(
            "/bin/sh", [Self.script],
            environment: Program.base.merging(site.environment) { $1 }.merging(variables) { $1 }.merging(more) { $1 },
            outputLimit: 16 << 20, deadline: .seconds(180))
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

    /// What a run adds to the summary of its job.
    private func rehearsed(_ site: Site, with more: [String: String] = [:]) async throws -> (
        result: Program.Result, summary: String
    ) {
        FileSystem.remove(site.directory.path("summary.md"))
        let result = await run(site, pull: "", with: more)
        let bytes = try FileSystem.read(site.directory.path("summary.md"))
        return (result, String(decoding: bytes, as: UTF8.self))
    }

    private static let droplet =
        "droplets: [{name: host, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}]\n"

    @Test("One comment says what would change, follows what is pushed, and nothing is applied; errors come first")
    func comments() async throws {
        let site = try Site()
        try site.provider.simulator.seed("github", Self.account)
        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory
                + "      - {type: A, name: new, data: 203.0.113.8, ttl: 1800}\n"
        ])
        let first = await run(site)
        #expect(first.status == 0, "\(first.story)")
        var said = await comments(site)
        #expect(said.count == 1 && said[0].contains("1 resource would change\n\n1 create\n"), "\(said)")
        #expect(said.first?.contains("+ create digitalocean.record/shop.example/A/new ") == true, "\(said)")
        #expect(said.first?.contains("A/www") == false, "what the base has already is no part of it")
        #expect(said.first?.contains("not with the live platform") == true)
        #expect(await site.records().isEmpty, "what the caller's variables name isn't reached")
        let output = String(decoding: try FileSystem.read(site.directory.path("output")), as: UTF8.self)
        #expect(output.contains("exit-status=2\n") && output.contains("\"create\":1"), "\(output)")

        // A document can't end the fence that it is shown in, and what is wrong stands before the plan.
        let inventory = String(
            decoding: try FileSystem.read(site.repository + "/ssot/infra/digitalocean/inventory.yaml"), as: UTF8.self)
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
        try site.commit([
            "ssot/environments.yaml": Site.files["ssot/environments.yaml"] ?? "{}\n",
            "ssot/infra/digitalocean/inventory.yaml": inventory,
        ])
        #expect(await run(site, pull: "").status == 0)
        #expect(await comments(site).count == 2)
    }

    @Test("A pull request that changes nothing says so, and one that removes a record names the deletion")
    func deletion() async throws {
        let site = try Site()
        try site.commit(["README.md": "Nothing of the desired state.\n"])
        let nothing = try await rehearsed(site)
        #expect(nothing.result.status == 0, "\(nothing.result.story)")
        #expect(nothing.summary.contains(": nothing would change\n"), "\(nothing.summary)")
        #expect(
            !nothing.summary.contains("Not compared") && !nothing.summary.contains("<details>"), "\(nothing.summary)")

        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing(
                "      - {type: A, name: www, data: 203.0.113.7, ttl: 1800}\n", with: "")
        ])
        let removed = try await rehearsed(site)
        #expect(removed.result.status == 0, "\(removed.result.story)")
        #expect(removed.summary.contains("1 resource would change\n\n1 delete"), "\(removed.summary)")
        #expect(removed.summary.contains("- delete digitalocean.record/shop.example/A/www\n"), "\(removed.summary)")
        #expect(!removed.summary.contains("/A/erp") && !removed.summary.contains("adopt"), "\(removed.summary)")
    }

    @Test("Another image of a droplet is a replacement that needs an approval; what the base branch got is left out")
    func replacement() async throws {
        var files = Site.files
        files["ssot/infra/digitalocean/inventory.yaml"] = Site.inventory + Self.droplet
        let site = try Site(files: files)
        site.git("checkout -q -b change")
        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory
                + Self.droplet.replacing("ubuntu-24-04-x64", with: "debian-12-x64")
        ])
        site.git("checkout -q main")
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory + Self.droplet + "# moved on\n"])
        let plan = try await rehearsed(site, with: ["PLAN_REF": "change", "PLAN_BASE": "main"])
        #expect(plan.result.status == 0, "\(plan.result.story)")
        #expect(plan.summary.contains("1 replace (1 needs approval)"), "\(plan.summary)")
        #expect(plan.summary.contains("-/+ replace digitalocean.droplet/host "), "\(plan.summary)")
        #expect(plan.summary.contains("image: \"ubuntu-24-04-x64\" → \"debian-12-x64\"  (forces replacement)"))
        #expect(plan.summary.contains("! needs approval: "), "\(plan.summary)")
        #expect(plan.summary.contains("The base branch has moved on"), "\(plan.summary)")
    }

    @Test("The branches of a checkout that has remote-tracking ones alone are those of the repository")
    func checkout() async throws {
        let site = try Site()
        site.git("branch feature/shelf")
        // A branch without an environment of its own is named anew, so that there is something to say of it.
        try site.commit([
            "ssot/environments.yaml": "schema: ssot.environments.v1\nenvironments:\n"
                + "  lab: {tier: dev, branch: feature/shelf, domain: lab.shop.example}\n"
        ])
        let cloned = Shell.run(
            "cd \(Shell.quote(site.directory.path)) && git clone -q ssot clone && cd clone && git checkout -q --detach "
                + "&& git branch -q -D main && git for-each-ref refs/heads")
        #expect(cloned.status == 0 && cloned.output == "", "\(cloned.output)")
        let plan = try await rehearsed(site, with: ["PLAN_PATH": site.directory.path("clone")])
        #expect(plan.result.status == 0, "\(plan.result.story)")
        #expect(!plan.summary.contains("SSOT-0034"), "the branch is there: \(plan.summary)")
        // Without the remote-tracking branch it isn't, and is told.
        Shell.run("cd \(Shell.quote(site.directory.path("clone"))) && git branch -q -r -D origin/feature/shelf")
        let gone = try await rehearsed(site, with: ["PLAN_PATH": site.directory.path("clone")])
        #expect(gone.summary.contains("SSOT-0034"), "\(gone.summary)")
    }

    @Test("A base that can't be read is said, and so is what the base could not have in the rehearsal")
    func unreadable() async throws {
        let site = try Site()
        try site.commit()
        let absent = try await rehearsed(site, with: ["PLAN_BASE": "0123456789012345678901234567890123456789"])
        #expect(absent.result.status == 1, "\(absent.result.story)")
        #expect(absent.summary.contains("no plan could be made") && absent.summary.contains("can't be read"))
        #expect(absent.summary.contains("fetch-depth: 0"), "\(absent.summary)")

        var files = Site.files
        files["ssot/environments.yaml"] = "environments: {``````: [\n"
        let broken = try Site(files: files)
        try broken.commit(["ssot/environments.yaml": Site.files["ssot/environments.yaml"] ?? ""])
        let mended = try await rehearsed(broken)
        #expect(mended.result.status == 0, "\(mended.result.story)")
        #expect(mended.summary.contains("The base has errors"), "\(mended.summary)")
        #expect(!mended.summary.contains("nothing would change"), "\(mended.summary)")

        files = Site.files
        files["ssot/environments.yaml"] = """
            schema: ssot.environments.v1
            runtimes: {docker: lab-engine}
            environments: {}
            tiers:
              dev:
                engine: lab-engine
                networks: ["{slug}"]

            """
        let lab = try Site(files: files)
        lab.git("branch feature/shelf")
        try lab.commit()
        let partial = try await rehearsed(lab)
        #expect(partial.result.status == 0, "\(partial.result.story)")
        #expect(partial.summary.contains("nothing that could be compared would change"), "\(partial.summary)")
        #expect(partial.summary.contains("`docker.network` (1): `"), "\(partial.summary)")
        #expect(partial.summary.contains("DOCKER_HOST is not set"), "\(partial.summary)")
    }

    @Test("A fork's pull request, whose token may only read, has its plan in the summary of the job")
    func fork() async throws {
        let site = try Site()
        try site.commit()
        // What may not be written to is answered with 403.
        try site.provider.simulator.seed("github", Self.account)
        let archived: Value = .object(["name": "acme/ssot", "archived": true])
        try site.provider.simulator.seed("github", .object(["repositories": [archived]]))
        let refused = await run(site)
        #expect(refused.status == 1 && refused.error.contains("was answered with 403"), "\(refused.story)")
        let read = await run(site, with: ["PLAN_FORK": "true"])
        #expect(read.status == 0 && read.output.contains("::warning::a pull request from a fork"), "\(read.story)")
        #expect(await comments(site).isEmpty)
        let summary = String(decoding: try FileSystem.read(site.directory.path("summary.md")), as: UTF8.self)
        #expect(summary.contains(": nothing would change\n"), "\(summary)")
    }

    @Test("With the installation's store it is that installation's dry run, which sees what the provider holds now")
    func installation() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        await site.point("www", at: "198.51.100.66")
        let store = ["PLAN_STORE": "sqlite:\(site.state)/ops.sqlite", "PLAN_SSOT": site.repository]
        let drifted = try await rehearsed(site, with: store)
        #expect(drifted.result.status == 0, "\(drifted.result.story)")
        #expect(drifted.summary.contains("changes are pending") && drifted.summary.contains("198.51.100.66"))
        #expect(!drifted.summary.contains("simulated world"), "\(drifted.summary)")
        #expect(await site.records().contains("A www 198.51.100.66"), "it only plans")
    }
}

extension String {
    fileprivate func prefix(upToLast separator: Character) -> String {
        lastIndex(of: separator).map { String(self[..<$0]) } ?? self
    }
}
