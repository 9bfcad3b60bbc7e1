import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

@testable import GitHubDriver

/// From the register of repositories to the provider, and nothing left to do.
@Suite("What the documents want of GitHub") struct DocumentTests {
    private static let secret = "canary-hook-of-its-own-5b"

    private static func register(_ hook: String) -> [String: String] {
        ["ssot/github/org_repos.yaml": "org: acme\nrepos:\n  - name: odoo\n    webhooks:\n      - {\(hook)}\n"]
    }

    @Test(
        "A hook is made with the secret that is meant, a second plan is empty, and it doesn't go at once",
        arguments: [false, true])
    func hook(hasItsOwn: Bool) async throws {
        let secret = hasItsOwn ? Self.secret : GitHubWorld.hookSecret
        let reference = hasItsOwn ? ", secret_from: env:OWN_HOOK" : ""
        let world = try GitHubWorld(resolve: { "\($0)" == "env:OWN_HOOK" ? Secret(Self.secret) : nil })
        let url = "https://ops.example.com/hooks/github"
        let text = "url: '\(url)', events: [push, issues], content_type: json\(reference)"
        let result = await world.engine.converge(Self.register(text))
        #expect(result.state.diagnostics.isEmpty, "\(result.state.diagnostics)")
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(
            SmallEngine.Convergence.lines(result.first) == [
                "adopt github.repository/acme/odoo allowed", "create github.webhook/acme/odoo/\(url) allowed",
            ])
        #expect(SmallEngine.Convergence.lines(result.second) == [])
        let hook = world.simulator.account("github")["repositories"]?[0]?["lists"]?["hooks"]?[0]
        // A failure must not print it.
        let isMeant = hook?["config"]?["secret"]?.stringValue == secret
        #expect(isMeant)
        #expect(hook?["events"] == ["push", "issues"] || hook?["events"] == ["issues", "push"])
        // Neither what was recorded nor the plan tells it.
        #expect(!world.lines.contains { $0.contains(secret) })
        #expect(world.lines.contains { $0.contains("/hooks") })
        let lines = try GitHubWorld.withoutUnchanged(world.lines)
        let gone = await world.engine.converge(
            ["ssot/github/org_repos.yaml": "org: acme\nrepos: [{name: odoo}]\n"], result.inventory)
        #expect(SmallEngine.Convergence.lines(gone.first) == ["delete github.webhook/acme/odoo/\(url) blocked"])
        guard hasItsOwn else { return }
        #expect(try Recordings.check(lines, name: "github-documents") == nil)
    }

    @Test("A hook that would have no secret is blocked in each plan with what to do, and nothing fails")
    func secretless() async throws {
        let url = "https://ops.example.com/hooks/github"
        let files = Self.register("url: '\(url)', events: [push]")
        let world = try GitHubWorld(hookSecret: nil)
        let result = await world.engine.converge(files)
        #expect(result.failures.isEmpty, "\(result.failures)")
        for plan in [result.first, result.second] {
            let change = try #require(plan.changes.first { $0.key.kind == .gitHubHook })
            #expect(change.action == .create && change.verdict == .blocked && change.hold == .impossible)
            #expect(change.verdictReason?.contains("set GITHUB_WEBHOOK_SECRET, or write `secret_from`") == true)
            #expect(plan.summary.create == 0)
        }
        #expect(world.writes(since: 0) == [])
        // One that stands there already is taken over: its secret stays as it is.
        let seeded = try GitHubWorld()
        let made = await seeded.engine.converge(files)
        #expect(made.failures.isEmpty)
        let bare = try GitHubWorld(hookSecret: nil)
        try bare.simulator.load(observation: Rehearsal.lines(await seeded.observe()))
        let taken = await bare.engine.converge(files)
        #expect(taken.first.changes.filter { $0.key.kind == .gitHubHook }.map(\.verdict) == [.allowed])
    }

    @Test("A hook whose secret is nowhere to be had is not made")
    func unsigned() async throws {
        let world = try GitHubWorld()
        let result = await world.engine.converge(
            Self.register("url: 'https://ops.example.com/h', events: [push], secret_from: env:NOT_SET"))
        #expect(result.failures.count == 1 && result.failures.first?.contains("GH-0019") == true, "\(result.failures)")
        #expect(world.writes(since: 0) == [])
    }
}
