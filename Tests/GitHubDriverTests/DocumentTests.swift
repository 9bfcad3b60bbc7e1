import Basics
import DesiredState
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
        // The specification has no 304, which is a word of HTTP.
        let lines = world.lines.filter { !$0.contains(#""status":304"#) }
        let gone = await world.engine.converge(
            ["ssot/github/org_repos.yaml": "org: acme\nrepos: [{name: odoo}]\n"], result.inventory)
        #expect(SmallEngine.Convergence.lines(gone.first) == ["delete github.webhook/acme/odoo/\(url) blocked"])
        guard hasItsOwn else { return }
        #expect(try Recordings.check(lines, name: "github-documents") == nil)
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
