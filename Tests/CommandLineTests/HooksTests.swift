import Basics
import Formats
import Glibc
import TestKit
import Testing

@Suite("Hooks of providers at the running service")
struct HooksTests {
    private static let key = "key-of-the-hooks"

    private func post(
        _ running: ServiceTests.Running, _ event: String, id: String, _ body: String, key: String = HooksTests.key
    ) async -> Answer? {
        let code = Hex.encode(hmacSHA256(key: Array(key.utf8), Array(body.utf8)))
        let headers =
            "X-GitHub-Event: \(event)\r\nX-GitHub-Delivery: \(id)\r\nX-Hub-Signature-256: sha256=\(code)\r\n"
        return await Answer.to("POST", "/hooks/github", port: running.port, headers: headers, body: body)
    }

    @Test("A push begins a pass, an issue becomes a row, both outlive a kill; commands tell what came and try again")
    func serves() async throws {
        let site = try Site()
        let secret = ["ODOOOPS_HOOKS_GITHUB": "env:HOOK_KEY", "HOOK_KEY": Self.key, "VERCEL_WEBHOOK_SECRET": "v"]
        let running = try await ServiceTests.Running(site, secret)
        #expect(await running.passes(1), "\(running.program.story)")
        let push = #"{"repository": {"full_name": "acme/odoo"}, "ref": "refs/heads/main"}"#
        #expect(await post(running, "push", id: "p1", push, key: "another")?.status == 401)
        #expect(await post(running, "push", id: "p1", push)?.status == 202)
        #expect(await running.passes(2), "\(running.program.story)")
        #expect(running.passes.last?["trigger"]?.stringValue == "webhook")
        #expect(await post(running, "push", id: "p1", push)?.status == 200)
        #expect(await Answer.to("POST", "/hooks/plane", port: running.port)?.status == 404)
        let issue = """
            {"action": "opened", "repository": {"full_name": "acme/odoo"}, "issue": {"number": 7, "title": "Mail", \
            "state": "open", "updated_at": "2026-03-01T00:00:00Z"}}
            """
        #expect(await post(running, "issues", id: "i1", issue)?.status == 202)
        #expect(await post(running, "issues", id: "i2", #"{"action": "opened"}"#)?.status == 202)
        running.program.send(SIGKILL)
        #expect(await running.program.end(within: .seconds(60)) != nil)

        // The next one ends what was begun.
        let again = try await ServiceTests.Running(site, secret)
        let isDone = await eventually {
            let list = await site.run("hooks", "list", "--json")
            let states = list.json?["deliveries"]?.listValue?.compactMap { $0["state"]?.stringValue } ?? []
            return states == ["dead", "processed", "processed"]
        }
        #expect(isDone, "\(again.program.story)")
        let metrics = try #require(await again.get("/metrics"))
        #expect(metrics.body.contains("reconciler_hook_queue_depth{provider=\"github\"}"), "\(metrics.body)")
        let served = await site.run("hooks", "list", "--state", "dead", "--json")
        let asked = await site.run("hooks", "retry", served.json?["deliveries"]?[0]?["id"]?.stringValue ?? "")
        #expect(asked.status == 0 && asked.output.contains("within seconds"), "\(asked.story)")
        let isDead = await eventually {
            await site.run("hooks", "list", "--json").json?["dead"]?.intValue == 1
        }
        #expect(isDead, "the service has tried it again: \(again.program.story)")
        again.program.send(SIGTERM)
        #expect(await again.program.end(within: .seconds(60))?.status == 0, "\(again.program.story)")

        let dead = await site.run("hooks", "list", "--state", "dead", "--json")
        #expect(dead.json?["dead"]?.intValue == 1, "\(dead.story)")
        let id = try #require(dead.json?["deliveries"]?[0]?["id"]?.stringValue)
        let text = await site.run("hooks", "list")
        #expect(text.output.contains("HOOK") == false && text.output.contains("issues.opened"), "\(text.story)")
        #expect(await site.run("hooks", "show", id).output.contains("HOOK-0001"))
        #expect(await site.run("hooks", "show", "p1", "--json").json?["event"]?.stringValue == "push")
        let doctor = await site.run("doctor", "--json", with: secret)
        let check = doctor.json?.listValue?.first { $0["check"]?.stringValue == "deliveries" }
        #expect(check?["state"]?.stringValue == "warning", "\(doctor.story)")
        let unserved = await site.run("hooks", "retry", id)
        #expect(unserved.status == 0 && unserved.output.contains("start `reconcile run`"), "\(unserved.story)")
        #expect(!unserved.output.contains("within seconds"), "\(unserved.story)")
        #expect(await site.run("hooks", "retry", "p1").status == 64, "what is done is not done again")
        #expect(await site.run("hooks", "show", "nothing").status == 64)
        #expect(await site.run("audit", "--json").json?[0]?["action"]?.stringValue == "hooks.retry")
        #expect(!again.program.story.contains(Self.key) && !running.program.story.contains(Self.key))
    }
}
