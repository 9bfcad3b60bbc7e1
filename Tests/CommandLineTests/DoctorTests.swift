import Basics
import Formats
import Simulator
import TestKit
import Testing

/// What is out of order, the check that has to notice, and the remedy that it has to name.
struct Ailment: Sendable, CustomTestStringConvertible {
    let check: String
    let state: String
    let remedy: String
    var status: Int32 = 1
    var environment: [String: String] = [:]
    var prepare: @Sendable (Site) async throws -> Void = { _ in }

    var testDescription: String { "\(check): \(remedy)" }

    /// A hook whose secret nothing provides; line 4 names it.
    static let hook = """
        org: acme
        repos:
          - name: odoo
            webhooks: [{url: 'https://ops.example.com/h', events: [push], secret_from: env:NOT_SET_ANYWHERE}]

        """

    static let all = [
        Ailment(
            check: "configuration", state: "failed", remedy: "such as 60s", status: 78,
            environment: ["ODOOOPS_INTERVAL": "soon"]),
        Ailment(
            check: "state directory", state: "failed", remedy: "state_dir",
            environment: ["ODOOOPS_STATE_DIR": "/proc/nowhere"]),
        Ailment(check: "store", state: "warning", remedy: "reconcile migrate", status: 0),
        Ailment(
            check: "store", state: "failed", remedy: "--store",
            prepare: { try $0.directory.write("garbage garbage garbage", to: "state/ops.sqlite") }),
        Ailment(
            check: "repository", state: "failed", remedy: "git repository", environment: ["ODOOOPS_SSOT": "/nowhere"]),
        Ailment(check: "repository", state: "failed", remedy: "--ssot", environment: ["ODOOOPS_SSOT": ""]),
        Ailment(
            check: "desired state", state: "warning", remedy: "reconcile validate", status: 0,
            prepare: { try $0.commit(["ssot/environments.yaml": "environments: ["]) }),
        Ailment(
            check: "digitalocean", state: "warning", remedy: "DIGITALOCEAN_ACCESS_TOKEN", status: 0,
            environment: ["DIGITALOCEAN_ACCESS_TOKEN": ""]),
        Ailment(
            check: "vercel", state: "warning", remedy: "Export VERCEL_TOKEN", status: 0,
            prepare: { try $0.commit(["ssot/vercel/projects.yaml": "projects: [{name: console}]\n"]) }),
        Ailment(
            check: "spaces", state: "warning", remedy: "SPACES_SECRET_ACCESS_KEY and SPACES_ACCESS_KEY_ID", status: 0,
            prepare: {
                try $0.commit([
                    "ssot/infra/digitalocean/inventory.yaml":
                        Site.inventory + "spaces: [{name: logs, region: fra1}]\n"
                ])
            }),
        Ailment(
            check: "named secrets", state: "warning", remedy: "reconcile --dry-run", status: 0,
            prepare: { try $0.commit(["ssot/github/org_repos.yaml": Ailment.hook]) }),
        Ailment(check: "digitalocean", state: "failed", remedy: "curl ", prepare: { await $0.provider.goDown() }),
        Ailment(
            check: "messages", state: "warning", remedy: "reconcile notices retry all", status: 0,
            prepare: { try await message($0, "ops", "dead", attempts: 8, "NOTICE-0002") }),
        Ailment(
            check: "messages", state: "warning", remedy: "Name the channel again in notifications.channels", status: 0,
            prepare: { try await message($0, "old", "dead", attempts: 0, "NOTICE-0004") }),
        Ailment(
            check: "channel ops", state: "warning", remedy: "reconcile notices test ops", status: 0,
            prepare: { try await message($0, "ops", "waiting", attempts: 3, "NOTICE-0003") }),
        Ailment(
            check: "hooks of GitHub", state: "failed", remedy: "hooks.github",
            environment: ["ODOOOPS_HOOKS_GITHUB": "env:NOWHERE"]),
        // What only `reconcile run` needs, and would end by.
        Ailment(
            check: "configuration", state: "failed", remedy: "10.0.0.0/8", status: 78,
            environment: ["ODOOOPS_ACCESS_TRUSTED_PROXIES": "here"]),
        Ailment(
            check: "logins", state: "failed", remedy: "openssl rand -hex 32",
            environment: ["ODOOOPS_ACCESS_SIGNING_KEY": "env:SHORT", "SHORT": "short"]),
        Ailment(
            check: "certificate", state: "failed", remedy: "namei -l /nowhere/tls.pem",
            prepare: {
                try $0.directory.write(
                    "tls: {certificate: /nowhere/tls.pem, key: 'file:/nowhere/key.pem'}", to: "reconciler.yaml")
            }),
        Ailment(
            check: "certificate", state: "failed", remedy: "openssl x509",
            prepare: {
                for name in ["tls.pem", "key.pem"] { try $0.directory.write("no PEM", to: name) }
                try $0.directory.write(
                    "tls: {certificate: tls.pem, key: 'file:\($0.directory.path("key.pem"))'}", to: "reconciler.yaml")
            }),
        Ailment(
            check: "hook that asks for a pass", state: "failed", remedy: "hook_secret",
            environment: ["ODOOOPS_HOOK_SECRET": "env:NOWHERE"]),
        Ailment(
            check: "branches", state: "warning", remedy: "git ls-remote --heads /nowhere", status: 0,
            prepare: { try $0.directory.write("application: {url: /nowhere}", to: "reconciler.yaml") }),
    ]

    /// A message to people that a channel did not take; the channel `ops` is there.
    private static func message(
        _ site: Site, _ channel: String, _ state: String, attempts: Int, _ code: String
    ) async throws {
        try site.directory.write(
            "notifications: {channels: {ops: {type: slack, channel: '#ops'}}}", to: "reconciler.yaml")
        _ = await site.run("--dry-run")
        let statement = """
            insert into notice_messages (id, channel, group_key, state, created_at, available_at, attempts, error_code, reason)
            values ('01990000-0000-7000-8000-000000000001', '\(channel)', '', '\(state)', '2026-01-01T00:00:00.000000Z',
              '2026-01-01T00:00:00.000000Z', \(attempts), '\(code)', 'it said no')
            """
        let result = Shell.run("sqlite3 \(Shell.quote("\(site.state)/ops.sqlite")) \(Shell.quote(statement))")
        #expect(result.status == 0, "\(result.output)")
    }
}

@Suite("Doctor")
struct DoctorTests {
    @Test("names what is out of order with its remedy, makes the other checks all the same", arguments: Ailment.all)
    func finds(_ ailment: Ailment) async throws {
        let site = try Site()
        try await ailment.prepare(site)
        let result = await site.run("doctor", "--json", with: ailment.environment)
        #expect(result.status == ailment.status, "\(result.story)")
        let checks = try #require(result.json?.listValue)
        let check = try #require(checks.first { $0["check"]?.stringValue == ailment.check }, "\(result.story)")
        #expect(check["state"]?.stringValue == ailment.state, "\(result.story)")
        #expect(check["remedy"]?.stringValue?.contains(ailment.remedy) == true, "\(result.story)")
        #expect(check["remedy"]?.stringValue?.contains("reconcile doctor") == false, "a remedy that leads back here")
        if ailment.check != "configuration" { #expect(checks.count >= 5, "\(result.story)") }
        let text = await site.run("doctor", with: ailment.environment)
        #expect(text.output.contains(ailment.remedy), "\(text.story)")
        #expect(!text.story.contains("token-of-the-tests"))
    }

    @Test("finds nothing where all is well")
    func isContent() async throws {
        let site = try Site()
        #expect(await site.run("--dry-run").status == 0)
        let result = await site.run("doctor", "--json")
        #expect(result.json?.listValue?.allSatisfy { $0["state"]?.stringValue == "ok" } == true, "\(result.story)")
        // Those of which nothing is wanted lack nothing.
        let others = result.json?.listValue?.first { $0["check"]?.stringValue == "other providers" }?["detail"]
        #expect(
            others?.stringValue?.hasSuffix("docker, github, mailgun, plane, postgres, slack, spaces, supabase, vercel")
                == true, "\(result.story)")
        // What the provider says is left of the credential's budget.
        let budget = result.json?.listValue?.first { $0["check"]?.stringValue == "digitalocean" }?["detail"]?
            .stringValue
        #expect(budget?.contains(" of 1000000 requests left") == true, "\(result.story)")
    }

    @Test("A secret that nothing provides is told with its line, and in the plan it holds back its own change alone")
    func namedSecrets() async throws {
        let site = try Site(files: Site.files.merging(["ssot/github/org_repos.yaml": Ailment.hook]) { $1 })
        try site.provider.simulator.seed(
            "github",
            ["repositories": [["name": "acme/odoo", "branches": ["main": .string(String(repeating: "6", count: 40))]]]])
        let access = ["GITHUB_TOKEN": "token-of-the-tests", "GITHUB_API_URL": "\(site.provider.url)/github"]
        let place = "env:NOT_SET_ANYWHERE"
        for (value, isBlocked) in [(nil, true), ("a-value", false)] as [(String?, Bool)] {
            var environment = access
            environment["NOT_SET_ANYWHERE"] = value
            let doctor = await site.run("doctor", "--json", with: environment)
            let check = doctor.json?.listValue?.first { $0["check"] == "named secrets" }
            #expect(check?["state"]?.stringValue == (isBlocked ? "warning" : "ok"), "\(doctor.story)")
            if isBlocked {
                let detail = check?["detail"]?.stringValue ?? ""
                #expect(detail.contains("\(place) (ssot/github/org_repos.yaml:4"), "\(doctor.story)")
            }
            let plan = await site.run("--dry-run", "--json", with: environment)
            let changes = plan.json?["changes"]?.listValue ?? []
            let hook = changes.first { $0["key"]?.stringValue?.hasPrefix("github.webhook/") == true }
            #expect(hook?["decision"]?.stringValue == (isBlocked ? "blocked" : "allowed"), "\(plan.story)")
            let reason = hook?["decision_reason"]?.stringValue ?? ""
            #expect(
                isBlocked == (reason.contains("(ssot/github/org_repos.yaml:4") && reason.contains("names \(place)")),
                "\(plan.story)")
            #expect(reason.contains("reconcile --dry-run") == isBlocked, "\(plan.story)")
            #expect(changes.contains { $0["decision"] == "allowed" }, "\(plan.story)")
        }
    }
}
