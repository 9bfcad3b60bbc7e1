import Basics
import DesiredState
import Diff
import Drivers
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

    @Test(
        "A hook whose secret is nowhere to be had is blocked with its line, what else is wanted goes on, and nothing fails",
        arguments: ["env:NOT_SET", "file:/nowhere/at/all"])
    func unsigned(place: String) async throws {
        let files = Self.register("url: 'https://ops.example.com/h', events: [push], secret_from: '\(place)'")
        let world = try GitHubWorld()
        let result = await world.engine.converge(files)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(
            Set(SmallEngine.Convergence.lines(result.first)) == [
                "adopt github.repository/acme/odoo allowed",
                "create github.webhook/acme/odoo/https://ops.example.com/h blocked",
            ])
        for plan in [result.first, result.second] {
            let change = try #require(plan.changes.first { $0.key.kind == .gitHubHook })
            #expect(change.verdict == .blocked && change.hold == .impossible)
            let reason = change.verdictReason ?? ""
            #expect(reason.contains("`secret_from` (ssot/github/org_repos.yaml:5"), "\(reason)")
            #expect(reason.contains("names \(place)") && reason.contains("`reconcile --dry-run`"), "\(reason)")
        }
        #expect(world.writes(since: 0) == [])
        // With a value it is made; then it stays as it is, value or none.
        let filled = try GitHubWorld(resolve: { "\($0)" == place ? Secret(Self.secret) : nil })
        let made = await filled.engine.converge(files)
        #expect(made.failures.isEmpty && SmallEngine.Convergence.lines(made.second) == [], "\(made.failures)")
        let bare = try GitHubWorld()
        try bare.simulator.load(observation: Rehearsal.lines(await filled.observe()))
        let taken = await bare.engine.converge(files)
        #expect(taken.first.changes.filter { $0.key.kind == .gitHubHook }.map(\.verdict) == [.allowed])
    }

    @Test("Labels that documents want are made as they are written, those of others stay, and a second plan is empty")
    func labels() async throws {
        let world = try GitHubWorld()
        let before = world.simulator.account("github")["repositories"]?[0]?["lists"]?["labels"]?.listValue ?? []
        let files = [
            "ssot/github/org_repos.yaml": """
            org: acme
            repos:
              - name: odoo
                labels: [ours, {name: area/erp, color: "#1D76DB", description: Of the ERP}]

            """,
            "ssot/github/projects/board.yaml": """
            org: acme
            template_ref: ssot/github/projects/templates/t.yaml
            labels: [Ours]
            projection: {project_slug: s, project_number: 4, repo_scope: [odoo]}

            """,
            "ssot/github/projects/templates/t.yaml": "labels: [{name: month-end, color: \"0e8a16\"}]\n",
        ]
        let result = await world.engine.converge(files)
        #expect(result.state.diagnostics.isEmpty, "\(result.state.diagnostics)")
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(
            SmallEngine.Convergence.lines(result.first).filter { $0.contains("github.label") }.sorted() == [
                "create github.label/acme/odoo/area/erp allowed", "create github.label/acme/odoo/month-end allowed",
                "create github.label/acme/odoo/ours allowed",
            ])
        #expect(SmallEngine.Convergence.lines(result.second).filter { $0.contains("github.label") } == [])
        let labels = world.simulator.account("github")["repositories"]?[0]?["lists"]?["labels"]?.listValue ?? []
        #expect(labels.count == before.count + 3)
        let made = labels.first { $0["name"] == "area/erp" }
        #expect(made?["color"] == "1d76db" && made?["description"] == "Of the ERP", "\(labels)")
    }

    @Test("A step whose secret went away after its plan fails and says so")
    func lostSecret() async throws {
        let world = try GitHubWorld()
        let key = ResourceKey(.gitHubHook, "acme/odoo/https://ops.example.com/h")
        let wanted = Attributes([.init("events", ["push"]), .init("secret_from", "env:NOT_SET")])
        let change = ResolvedChange(
            change: PlannedChange(key: key, action: .create, reason: "test", cause: .unappliedCommit), wanted: wanted,
            current: nil)
        let step = try #require(world.driver.steps(for: change.change).first)
        guard case .failed(let fault) = await world.driver.perform(step, of: change, world.context) else {
            Issue.record("it was made")
            return
        }
        #expect(fault.code == "GH-0019" && fault.hint?.contains("env:NOT_SET") == true)
        #expect(world.writes(since: 0) == [])
    }
}
