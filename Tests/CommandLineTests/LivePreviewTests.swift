import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

@Suite("A preview from the hook to its end")
struct LivePreviewTests {
    /// The service with GitHub and DigitalOcean simulated, and what people do with a pull request there.
    private struct Scene {
        static let repository = "acme/odoo"
        let site: Site
        let running: ServiceTests.Running

        init() async throws {
            var options = SimulatorOptions.quick
            options.lifecycle = .immediate
            var files = Site.files
            let policies = files[".odooops/policies.yaml"] ?? ""
            files[".odooops/policies.yaml"] =
                policies + """
                    previews: {repository: \(Self.repository), allow: [{label: preview}]}
                    github_integration: {comment_on_pr: true, update_commit_status: true}

                    """
            files["ssot/environments.yaml"]? += "tiers:\n  preview: {host: web, domain: \"{slug}.shop.example\"}\n"
            files["ssot/infra/digitalocean/inventory.yaml"]? +=
                "droplets: [{name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: []}]\n"
            site = try Site(files: files, provider: try Provider(options: options))
            try site.provider.simulator.seed(
                "github", ["repositories": [["name": .string(Self.repository), "branches": [:]]]])
            running = try await ServiceTests.Running(
                site,
                [
                    "ODOOOPS_HOOKS_GITHUB": "env:HOOK_KEY", "HOOK_KEY": "key-of-the-hooks",
                    "GITHUB_TOKEN": "token-of-github", "GITHUB_API_URL": site.provider.url + "/github",
                ])
        }

        func pull(_ members: KeyValuePairs<String, Value>) throws {
            var object = Value.Object()
            object["number"] = 7
            for member in members { object[member.key] = member.value }
            try site.provider.simulator.seed(
                "github", ["repositories": [["name": .string(Self.repository), "pulls": [.object(object)]]]])
        }

        /// Sends the event as GitHub does, signed.
        func tell(_ action: String, id: String) async -> Int? {
            let body = """
                {"action": "\(action)", "number": 7, "repository": {"full_name": "\(Self.repository)"}, \
                "pull_request": {"number": 7, "head": {"ref": "feature/points"}}}
                """
            let code = Hex.encode(hmacSHA256(key: Array("key-of-the-hooks".utf8), Array(body.utf8)))
            let headers =
                "X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: \(id)\r\nX-Hub-Signature-256: sha256=\(code)\r\n"
            return await Answer.to("POST", "/hooks/github", port: running.port, headers: headers, body: body)?.status
        }

        func items(_ list: String) -> [Value] {
            site.provider.simulator.account("github")["repositories"]?.listValue?.first?["lists"]?[list]?.listValue
                ?? []
        }

        var comments: [String] { items("comments").map { $0["body"]?.stringValue ?? "" } }
        var checks: [String] { items("statuses").map { $0["state"]?.stringValue ?? "" } }

        func hasPreview() async -> Bool { await site.records().contains { $0.hasPrefix("A pr-7 ") } }
    }

    @Test(
        "opened: made, said and checked; closed: gone; an opened that comes late, and a list of before, bring nothing")
    func life() async throws {
        let scene = try await Scene()
        let (running, story) = (scene.running, { "\(scene.running.program.story) \(scene.comments) \(scene.checks)" })
        #expect(await running.passes(1), "\(story())")
        let time = SystemTime()
        let opened = Timestamp(seconds: time.now.seconds - 60)
        try scene.pull([
            "title": "Loyalty points", "head": "feature/points", "base": "main", "labels": ["preview"],
            "head_sha": .string(String(repeating: "1", count: 40)), "state": "open",
            "created_at": .string(opened.description), "updated_at": .string(opened.description),
        ])
        #expect(await scene.tell("opened", id: "o1") == 202)
        let isUp = await eventually {
            await scene.hasPreview() && scene.comments.first?.contains("Preview `pr-7`: ready") == true
                && scene.checks.last == "success"
        }
        try #require(isUp, "\(story())")
        #expect(scene.comments.count == 1 && scene.comments[0].contains("https://pr-7.shop.example"), "\(story())")

        let closed = Timestamp(seconds: time.now.seconds - 30)
        try scene.pull([
            "state": "closed", "closed_at": .string(closed.description), "updated_at": .string(closed.description),
        ])
        #expect(await scene.tell("closed", id: "c1") == 202)
        let isGone = await eventually {
            await !scene.hasPreview() && scene.comments.first?.contains("gone: the pull request is closed") == true
        }
        try #require(isGone, "\(story())")

        // The first delivery again, one that was under way for long, and a list that a cache has kept.
        let (passes, checks) = (running.passes.count, scene.checks)
        #expect(await scene.tell("opened", id: "o1") == 200)
        try scene.pull(["state": "open", "updated_at": .string(opened.description)])
        #expect(await scene.tell("opened", id: "o2") == 202)
        #expect(await running.passes(passes + 1), "\(story())")
        #expect(await !scene.hasPreview(), "\(story())")
        #expect(scene.comments.count == 1 && scene.comments[0].contains("gone") && scene.checks == checks, "\(story())")
        running.program.send(SIGTERM)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(story())")
    }
}
