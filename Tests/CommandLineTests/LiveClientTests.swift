import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

/// `odooops` against `reconcile run`: both as they were built, speaking over a socket.
@Suite("The people's client and the service") struct LiveClientTests {
    private static let live = "environments:\n  live: {tier: production, branch: main, host: host"
    private static let password = "correct horse battery"
    private static let record = "digitalocean.record/shop.example/A/live"

    /// A service that has made its first pass, and a person who may do everything and has not logged in.
    private func begin() async throws -> Person {
        let site = try Site()
        try site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory
                + "droplets: [{name: host, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}]\n",
            "ssot/environments.yaml": Self.live + ", domain: live.shop.example}\n",
        ])
        let running = try await ServiceTests.Running(site)
        try #require(await running.passes(1), "\(running.program.story)")
        let person = Person(of: running)
        let added = await site.run(
            "access", "user", "add", "ada", "--role", "owner", "--password-file", try person.secret(Self.password))
        try #require(added.status == 0, "\(added.story)")
        return person
    }

    private func logIn(_ person: Person) async throws {
        let login = await person.run(
            "auth", "login", "--user", "ada", "--password-file", try person.secret(Self.password))
        try #require(login.status == 0 && login.output.contains("Logged in"), "\(login.story)")
    }

    // MARK: Who asks

    @Test("Who has not logged in changes nothing; a wrong password and a token whose time is over open nothing")
    func logins() async throws {
        let person = try await begin()
        #expect((await person.run("env", "list")).status == 77)
        let anonymous = await person.run("reconcile")
        #expect(anonymous.status == 77 && anonymous.error.contains("odooops auth login"), "\(anonymous.story)")

        let wrong = await person.run(
            "auth", "login", "--user", "ada", "--password-file", try person.secret("correct horse batterz"), "--json")
        #expect(wrong.status == 77 && wrong.error.contains("ACCESS-0006: the name or the password"), "\(wrong.story)")
        #expect(wrong.json?["error"]?["code"] == "ACCESS-0006", "\(wrong.story)")
        let piped = await person.run(
            "auth", "login", "--user", "ada", "--password-file", "-", input: Self.password + "\n")
        #expect(piped.status == 0, "\(piped.story)")
        #expect((await person.run("auth", "whoami", "--json")).json?["name"] == "ada")

        // The same token, but its time is over: the service says so, whatever the client believes.
        let token = (await person.run("auth", "token")).output.filter { !$0.isWhitespace }
        let parts = token.split(separator: ".").map(String.init)
        try #require(parts.count == 3)
        let claims = String(decoding: try #require(Self.decode(parts[1])), as: UTF8.self)
        let end = try #require((try? JSON.parse(claims))?["exp"]?.intValue)
        let late = Self.encode(Array(claims.replacing("\(end)", with: "\(end - 86_400)").utf8))
        let key = try FileSystem.read(person.site.state + "/access.key")
        let signed = "\(parts[0]).\(late)"
        let expired = "\(signed).\(Self.encode(hmacSHA256(key: key, Array(signed.utf8))))"
        let refused = await person.run("auth", "whoami", with: ["ODOOOPS_TOKEN": expired])
        #expect(refused.status == 77 && refused.error.contains("ACCESS-0002"), "\(refused.story)")
        #expect(refused.error.contains("odooops auth login") && !refused.story.contains(expired), "\(refused.story)")
        let changed = await person.run("auth", "whoami", with: ["ODOOOPS_TOKEN": token.dropLast(2) + "xx"])
        #expect(changed.status == 77, "\(changed.story)")

        let path = person.site.directory.path("config/odooops/credentials.json")
        #expect(FileSystem.isPrivate(path))
        chmod(path, 0o644)
        let open = await person.run("env", "list")
        #expect(open.status == 78 && open.error.contains("chmod 600"), "\(open.story)")
        chmod(path, 0o600)
        #expect((await person.run("auth", "logout")).status == 0)
        #expect((await person.run("reconcile")).status == 77)
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Base64.decode(plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" }
    }

    // MARK: The main way

    @Test("Login, environments, plan, drift, a confirmed approval, and a pass that is watched to its end")
    func mainWay() async throws {
        let person = try await begin()
        let site = person.site
        try await logIn(person)
        let listed = await person.run("env", "list")
        #expect(listed.output.contains("live") && listed.output.contains("production"), "\(listed.story)")

        // What would be deleted of production waits, and is shown as such.
        try site.commit(["ssot/environments.yaml": Self.live + "}\n"])
        let waiting = await person.run("reconcile", "--wait")
        #expect(waiting.status == 4 && waiting.error.contains("odooops approve "), "\(waiting.story)")
        let plan = await person.run("plan", "show", "latest")
        #expect(plan.output.contains("Environment live") && plan.output.contains("-   \(Self.record)"), "\(plan.story)")
        #expect(
            plan.output.contains("! needs approval") && plan.output.contains("1 waiting for an approval"),
            "\(plan.story)")
        #expect((await person.run("plan", "list", "--approval", "waiting")).output.contains("1 of 1 wait"))
        #expect((await person.run("status")).output.contains("1 change waits for a person: odooops plan show "))
        let drift = await person.run("drift", "list", "--cause", "unapplied_commit")
        #expect(drift.output.contains(Self.record), "\(drift.story)")

        let unconfirmed = await person.run("approve", "latest", "--key", Self.record, "--reason", "it's gone")
        #expect(unconfirmed.status == 4 && unconfirmed.error.contains("CLI-0005"), "\(unconfirmed.story)")
        // The command that it suggests approves no more than this one would have, and of no other run.
        #expect(
            unconfirmed.error.contains("--key \(Self.record) --reason 'it'\\''s gone' --confirm")
                && !unconfirmed.error.contains("approve latest"), "\(unconfirmed.story)")
        let mistyped = await person.onTerminal("approve latest", typing: "yes\n")
        #expect(mistyped.status == 4 && mistyped.output.contains("Type "), "\(mistyped.story)")
        #expect((await person.run("approvals", "list")).output.contains("Nobody has approved"))
        let typed = await person.onTerminal("approve latest --reason moved", typing: Self.record + "\n")
        #expect(typed.status == 0 && typed.output.contains("standing"), "\(typed.story)")
        let status = await person.run("status")
        #expect(
            status.output.contains("What waited is approved") && !status.output.contains("waits"), "\(status.story)")

        // Slow enough to be looked at while it works.
        site.provider.simulator.order(FaultOrder("DELETE", "/v2/domains/*/records/*", .slow(.milliseconds(1_200))))
        let watched = await person.onTerminal("reconcile --wait --color never")
        #expect(watched.status == 0 && watched.output.contains("phase     succeeded"), "\(watched.story)")
        #expect(watched.output.contains("applying, change 1 of 1, 0 steps done"), "\(watched.story)")
        #expect(!(await site.records()).contains { $0.hasPrefix("A live ") })
        #expect((await person.run("drift", "list")).output == "Nothing differs from git.\n")
        #expect((await person.run("plan", "list", "--approval", "waiting")).output == "No plan stands so.\n")
        #expect((await person.run("plan", "list")).output.contains("superseded"))
        let log = await person.run("audit", "list", "--user", "ada")
        #expect(log.output.contains("reconcile.now") && log.output.contains("from=127.0.0.1"), "\(log.story)")
        #expect((await person.run("audit", "verify")).status == 0)
    }

    // MARK: For programs

    @Test("With --json each command prints one document, also where it fails; the statuses tell what happened")
    func programs() async throws {
        let person = try await begin()
        try await logIn(person)
        let reading = [
            "status", "status --all", "env list", "env show live", "env explain production", "preview list",
            "explain \(Self.record)", "drift list", "alerts list", "notices list", "gates list", "integrations list",
            "providers list",
            "inventory list", "schedules list", "schedules upcoming", "runs list", "runs show latest",
            "runs events latest",
            "runs evidence latest", "runs watch latest", "plan list", "plan show latest", "approvals list",
            "audit list",
            "audit verify", "logs", "logs live", "metrics --metric reconciler_drift", "metrics live", "webhooks list",
            "keys list",
            "auth whoami",
            "context list", "version --all", "api GET /openapi.json", "env pin live --reason x", "env unpin live",
            "env suspend live", "env resume live", "keys add ci --role viewer@live", "keys revoke ci --confirm",
        ]
        for line in reading {
            let result = await person.run(line.split(separator: " ").map(String.init) + ["--json"])
            #expect(result.status == 0 && result.json != nil && result.error.isEmpty, "\(line)\n\(result.story)")
        }
        let failing: [(String, Int32)] = [
            ("env show nowhere", 66), ("env lsit", 64), ("env extend live --days 0", 64),
            ("drift ack x --reason y", 64), ("drift show x", 66), ("logs nowhere", 66),
            ("keys add ci --role king", 64), ("runs show nothing", 66), ("api GET /nothing", 66),
            ("approve latest", 5), ("keys revoke ci", 4), ("rollback live", 69),
            ("status --url ftp://x", 78), ("status --context nowhere", 78), ("status --url http://127.0.0.1:1", 69),
        ]
        for (line, status) in failing {
            // A context is looked for only where the environment names no address.
            let more = line.contains("nowhere") && line.hasPrefix("status") ? ["ODOOOPS_URL": ""] : [:]
            let result = await person.run(line.split(separator: " ").map(String.init) + ["--json"], with: more)
            #expect(result.status == status, "odooops \(line)\n\(result.story)")
            #expect(result.json?["error"]?["code"]?.stringValue != nil, "odooops \(line)\n\(result.story)")
            #expect(result.error.contains("\n  "), "what mends it? odooops \(line)\n\(result.story)")
            #expect(!result.error.contains("GET /api") && !result.error.contains("reconcile env"), "\(result.story)")
        }

        // Longer than somebody is willing to wait, then a pass that fails, then no service at all.
        let site = person.site
        let inventory = "ssot/infra/digitalocean/inventory.yaml"
        try site.commit([inventory: Site.inventory.replacing("hello", with: "slow")])
        site.provider.simulator.order(FaultOrder("*", "/v2/domains/*/records/*", .slow(.seconds(2))))
        #expect((await person.run("reconcile", "--wait", "--wait-for", "1s")).status == 75)
        let running = try #require(person.running)
        #expect(await running.passes(2), "\(running.program.story)")
        try site.commit([inventory: Site.inventory.replacing("hello", with: "bad")])
        site.provider.simulator.order(FaultOrder("*", "/v2/domains/*/records/*", .html(status: 400), times: 20))
        let failed = await person.run("reconcile", "--wait", "--json")
        #expect(failed.status == 1 && failed.json?["phase"] == "failed", "\(failed.story)")
        #expect(failed.error.contains("odooops runs show"), "\(failed.story)")
        running.program.send(SIGTERM)
        #expect((await running.program.end(within: .seconds(60)))?.status == 0)
        let gone = await person.run("status")
        #expect(gone.status == 69 && gone.error.contains("reconcile run"), "\(gone.story)")
    }
}
