import Basics
import DesiredState
import Testing

/// A section under a name nearly as its own, or under a fault of its entry: nothing of what stood there goes.
@Suite struct MisspeltSectionTests {
    private static let vercel = "ssot/vercel/projects.yaml"
    private static let repositories = "ssot/github/org_repos.yaml"
    private static let channels = "ssot/slack/channels.yaml"
    private static let template = "ssot/github/projects/templates/board.yaml"

    private static let projects = """
        schema: ssot.vercel.projects.v1
        projects:
          - name: console
            framework: nextjs
            node_version: "22"
            domains: [ops.example.com]
            variables:
              - {key: API_URL, targets: [production], type: encrypted, value_from: "env:API_URL_X"}

        """
    private static let domain = ResourceKey(.vercelDomain, "console/ops.example.com")
    private static let variable = ResourceKey(.vercelVariable, "console/production/API_URL")

    private static let listed = """
        org: acme
        repos:
          - name: odoo
            webhooks:
              - {url: "https://ops.example.com/hooks/github", events: [push], content_type: json}
            labels:
              - preview
        projects:
          - name: board

        """
    private static let hook = ResourceKey(.gitHubHook, "acme/odoo/https://ops.example.com/hooks/github")
    private static let label = ResourceKey(.gitHubLabel, "acme/odoo/preview")

    private static let board = """
        org: acme
        template_ref: ssot/github/projects/templates/board.yaml
        projection: {project_slug: board, project_number: 1, repo_scope: [odoo]}

        """

    struct Slip: CustomTestStringConvertible, Sendable {
        let file: String
        let text: String
        let from: String
        let to: String
        /// What stood there.
        let keys: [ResourceKey]
        var testDescription: String { "\(from) -> \(to)" }

        init(_ file: String, _ text: String, _ from: String, _ to: String, _ keys: ResourceKey...) {
            (self.file, self.text, self.from, self.to, self.keys) = (file, text, from, to, keys)
        }
    }

    private static let slips = [
        Slip(vercel, projects, "domains:", "domians:", domain, variable),
        Slip(vercel, projects, "variables:", "variabels:", variable, domain),
        Slip(vercel, projects, "framework:", "framwork:", domain, variable),
        Slip(vercel, projects, "framework: nextjs", "framework:", domain, variable),
        Slip(vercel, projects, "node_version: \"22\"", "node_version:", domain, variable),
        Slip(vercel, projects, "type: encrypted", "type: ", domain, variable),
        Slip(repositories, listed, "webhooks:", "webhoks:", hook, label),
        Slip(repositories, listed, "labels:", "lables:", label, hook),
        Slip(repositories, listed, "    labels:\n", "", label, hook),
        Slip(
            repositories, listed.replacing("- preview", with: "- {name: preview}"), "    labels:\n", "", label, hook),
        Slip(
            repositories,
            "org: acme\nrepos:\n  - name: odoo\n    labels:\n      - {name: preview}\n    webhooks:\n"
                + "      - {url: \"https://ops.example.com/hooks/github\", events: [push]}\n",
            "    webhooks:\n", "", label, hook),
        Slip(
            repositories, listed, "projects:", "projcts:", ResourceKey(ResourceKind("github.project"), "acme/board")),
        Slip(template, "labels: [preview]\n", "labels:", "lables:", label),
        Slip(template, "labels: [preview]\n", "labels: [preview]", "null", label),
        Slip(channels, "channels: [ops]\n", "channels:", "chanels:", ResourceKey(.slackChannel, "ops")),
        Slip(channels, "allowed_channels: [ops]\n", "allowed_", "alowed_", ResourceKey(.slackChannel, "ops")),
        Slip(
            "ssot/integrations/slack/apps.yaml", "slack_apps: {ops: {command: /ops}}\n", "slack_apps", "slak_apps",
            ResourceKey(.slackApp, "ops")),
    ]

    @Test(arguments: slips) func whatStoodThereIsNotGone(_ slip: Slip) {
        func state(_ text: String) -> DesiredState {
            var files = [slip.file: text]
            if slip.file == Self.template { files["ssot/github/projects/board.yaml"] = Self.board }
            return read(files)
        }
        let whole = state(slip.text)
        for key in slip.keys { #expect(whole.resource(key.description) != nil, "\(whole.faults)") }
        #expect(!whole.diagnostics.contains { $0.severity != .note }, "\(whole.diagnostics)")
        let slipped = state(slip.text.replacing(slip.from, with: slip.to))
        #expect(slipped.diagnostics.contains { $0.severity != .note && $0.mark?.file == slip.file }, "nobody is told")
        for key in slip.keys {
            #expect(
                slipped.resource(key.description) != nil || slipped.covers(key, of: nil),
                "\(key) goes: \(slipped.faults) \(slipped.unknown)")
        }
    }

    /// An address is the name of its hook, so that plans and messages show it.
    @Test(arguments: ["token", "secret", "key", "api_key", "x=1&access_token"])
    func anAddressWithASecretIsNoName(_ parameter: String) {
        let state = read([
            Self.repositories:
                "org: o\nrepos: [{name: a, webhooks: [{url: \"https://x.example.com/h?\(parameter)=aX9kQ2mP\", events: [push]}]}]\n"
        ])
        #expect(state.faults == ["error SSOT-0300 \(Self.repositories):2:36"])
        #expect(state.scopes == ["kind github.webhook"])
        #expect(!"\(state)".contains("aX9kQ2mP"))
    }

    @Test func anAddressWithOtherParametersIsOne() {
        let state = read([
            Self.repositories:
                "org: o\nrepos: [{name: a, webhooks: [{url: \"https://x.example.com/h?team=ops\", events: [push]}]}]\n"
        ])
        #expect(state.faults == [] && state.resource("github.webhook/o/a/https://x.example.com/h?team=ops") != nil)
    }
}
