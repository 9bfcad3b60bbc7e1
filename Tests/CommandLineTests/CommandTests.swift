import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

@Suite("Commands")
struct CommandTests {
    @Test("Every command with --json prints one document and nothing else, and with --quiet no word")
    func answersPrograms() async throws {
        let site = try Site()
        #expect(await site.run("--dry-run", "--out", "plan.json").status == 0)
        let key = "digitalocean.record/shop.example/A/erp"
        let commands: [([String], member: String)] = [
            (["--dry-run"], "changes"), (["apply", "plan.json"], "run"), ([], "run"), (["validate"], "valid"),
            (["validate", "ssot"], "valid"), (["policy", "validate"], "valid"),
            (["integrations"], "integrations"),
            (["policy", "check", "stage"], "quotas"), (["drift"], "drift"), (["findings", "--all"], ""),
            (["runs"], ""), (["show", "latest"], "id"),
            (["show", "latest", "--verify"], "verification"), (["explain", key], "decision"), (["env", "list"], ""),
            (["env", "extend", "lab", "--days", "2"], "extension_days"), (["env", "pin", "lab"], "pinned"),
            (["env", "unpin", "lab"], "pinned"), (["env", "suspend", "lab"], "suspended"),
            (["env", "resume", "lab"], "suspended"), (["sweep", "--dry-run"], "staying"), (["audit"], ""),
            (["hooks", "list"], "deliveries"), (["notices", "list"], "messages"), (["notices", "dead"], "messages"),
            (["schedules", "list"], "schedules"),
            (["audit", "verify"], "whole"), (["retention", "--dry-run"], "audit_records"), (["doctor"], ""),
            (["secrets", "status"], "secrets"),
            (["migrate"], "applied"), (["help"], "commands"),
            (["help", "env"], "commands"), (["env", "extend", "--help"], "options"), (["--version"], "version"),
        ]
        for (arguments, member) in commands {
            let result = await Program.run(arguments + ["--json"], in: site.directory.path, site.environment)
            #expect(result.status == 0, "\(arguments): \(result.story)")
            #expect(result.error.isEmpty, "\(arguments): \(result.story)")
            let json = try #require(result.json, "\(arguments): \(result.story)")
            if member.isEmpty {
                #expect(json.listValue?.isEmpty == false, "\(arguments): \(result.story)")
            } else {
                #expect(json[member] != nil, "\(arguments): \(result.story)")
            }
            guard arguments.first != "apply", arguments.first != "help",
                !arguments.contains(where: { $0.hasPrefix("--v") || $0 == "--help" })
            else { continue }
            let quiet = await Program.run(arguments + ["--quiet"], in: site.directory.path, site.environment)
            #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.error.isEmpty, "\(arguments): \(quiet.story)")
        }
        // What no document speaks of is not asked.
        let gates = await site.run("gates", "--json")
        #expect(gates.status == 0 && gates.json?["gates"]?.listValue?.isEmpty == false, "\(gates.story)")
        let sarif = await site.run("validate", "--sarif")
        #expect(sarif.status == 0 && sarif.json?["runs"]?.listValue?.count == 1, "\(sarif.story)")
        let listed = Set(commands.map { $0.0.filter { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ") })
        for name in try await Self.commandNames() where !Self.triedElsewhere.contains(name) {
            #expect(listed.contains { $0 == name || $0.hasPrefix(name + " ") }, "\(name) is not tried here")
        }
    }

    private static let triedElsewhere = [
        "run", "simulate", "gates", "approve", "approvals", "revoke", "secrets sync", "hooks show", "hooks retry",
        "notices show", "notices retry", "notices test", "drift ack", "drift mute", "drift unmute", "store backup",
        "store restore", "schedules show", "schedules run", "schedules enable",
        "access user add", "access user list", "access user revoke", "access key add", "access key list",
        "access key revoke",
    ]

    /// The names of all commands, as the program itself lists them.
    static func commandNames() async throws -> [String] {
        let result = await Program.run(["help", "--json"], in: "/")
        let commands = try #require(result.json?["commands"]?.listValue)
        return commands.compactMap { $0["command"]?.stringValue }
    }

    @Test("Colours follow --color and NO_COLOR; a pipe gets none")
    func colours() async throws {
        let site = try Site()
        #expect(await site.run("--dry-run", "--color", "always").output.contains("\u{1B}["))
        #expect(await site.run("--dry-run", "--color", "always", with: ["NO_COLOR": "1"]).output.contains("\u{1B}["))
        #expect(!(await site.run("--dry-run").output.contains("\u{1B}")))
        #expect(await site.run("show", "nope", "--color", "always").error.contains("\u{1B}[31merror"))
        #expect(await site.run("--nope", "--color", "always").error.contains("\u{1B}[31merror"))
        guard Shell.has("script") else { try Test.cancel("on no terminal: script is not installed") }
        for (variables, hasColour) in [("", true), ("NO_COLOR=1 ", false), ("TERM=dumb ", false)] {
            let command = "\(variables)\(Program.path) --bogus"
            let seen = Shell.run("env -u NO_COLOR TERM=xterm script -qec \(Shell.quote(command)) /dev/null </dev/null")
                .output
            #expect(seen.contains("USAGE-0001"), "\(seen)")
            #expect(seen.contains("\u{1B}[31m") == hasColour, "\(variables): \(seen)")
        }
    }

    @Test("--detailed-exitcode says 2 for pending changes and 0 for none")
    func tellsByExitStatus() async throws {
        let site = try Site()
        let pending = await site.run("--dry-run", "--detailed-exitcode")
        #expect(pending.status == 2, "\(pending.story)")
        #expect(pending.output.contains(", at once"), "it says when its requests may be sent: \(pending.story)")
        #expect(await site.run().status == 0)
        let settled = await site.run("--dry-run", "--detailed-exitcode")
        #expect(settled.status == 0, "\(settled.story)")
    }

    @Test("--target restricts a pass to a resource or an environment")
    func restricts() async throws {
        let site = try Site()
        let one = await site.run("--target", "digitalocean.record/shop.example/A/www")
        #expect(one.status == 0, "\(one.story)")
        #expect(await site.records() == ["A www 203.0.113.7"], "\(one.story)")
        let environment = await site.run("--dry-run", "--target", "lab", "--json")
        #expect(environment.status == 0, "\(environment.story)")
        #expect(environment.json?["targets"]?.listValue?.count == 1, "\(environment.story)")
        #expect(environment.json?["estimate"]?.objectValue != nil, "\(environment.story)")
    }

    @Test("--now shows what will have expired, and changes nothing")
    func previews() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let later = await site.run("--dry-run", "--now", "2099-01-01T00:00:00Z")
        #expect(later.status == 0, "\(later.story)")
        #expect(later.output.contains("lab"), "\(later.story)")
        #expect(later.output.contains("expired") || later.output.contains("ended"), "\(later.story)")
        let list = await site.run("env", "list", "--now", "2099-01-01T00:00:00Z")
        #expect(list.output.contains("over"), "\(list.story)")
        #expect(await site.run("env", "list").output.contains("13d"))
    }

    @Test("A saved plan is applied exactly; it is refused when it was changed, is of another commit, or was applied")
    func appliesSavedPlans() async throws {
        let site = try Site()
        #expect(await site.run("--dry-run", "--out", "plan.json").status == 0)
        let text = String(decoding: try FileSystem.read(site.directory.path("plan.json")), as: UTF8.self)
        try site.directory.write(text.replacing("203.0.113.7", "203.0.113.66"), to: "changed.json")
        let changed = await site.run("apply", "changed.json")
        #expect(changed.status == 4, "\(changed.story)")
        #expect(changed.error.contains(" PLAN-01"), "\(changed.story)")
        #expect(await site.records().isEmpty)

        try site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing("hello", "good-bye")])
        let stale = await site.run("apply", "plan.json", "--json")
        #expect(stale.status == 4, "\(stale.story)")
        #expect(stale.error.contains("refused RUN-0002: "), "\(stale.story)")
        #expect(stale.json?["run"]?["error"]?["code"]?.stringValue == "RUN-0002", "\(stale.story)")
        #expect(await site.records().isEmpty)

        #expect(await site.run("--dry-run", "--out", "plan.json").status == 0)
        let applied = await site.run("apply", "plan.json")
        #expect(applied.status == 0, "\(applied.story)")
        #expect(await site.records().contains("TXT note good-bye"), "\(applied.story)")
        let again = await site.run("apply", "plan.json")
        #expect(again.status == 4, "\(again.story)")
        #expect(again.error.contains("now nothing is to be done"), "\(again.story)")
    }

    private static let environment = "environments:\n  live: {tier: production, branch: main, host: host"
    /// A production environment with an address, which goes only by an approval.
    private static let live = [
        "ssot/infra/digitalocean/inventory.yaml": Site.inventory
            + "droplets: [{name: host, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}]\n",
        "ssot/environments.yaml": environment + ", domain: live.shop.example}\n",
    ]

    @Test("What needs an approval waits with exit status 4, and goes through by its key and by no other")
    func approves() async throws {
        let site = try Site()
        try site.commit(Self.live)
        let first = await site.run()
        #expect(first.status == 0, "\(first.story)")
        let record = "digitalocean.record/shop.example/A/live"
        #expect(await site.records().contains { $0.hasPrefix("A live ") }, "\(first.story)")

        try site.commit(["ssot/environments.yaml": Self.environment + "}\n"])
        let waiting = await site.run()
        #expect(waiting.status == 4, "\(waiting.story)")
        #expect(waiting.error.contains("refused RUN-0012: 1 change needs an approval"), "\(waiting.story)")
        #expect(waiting.error.contains("reconcile approve ") && waiting.error.contains("--key \(record)"))
        #expect(await site.run("runs").output.contains("awaiting_approval"))
        #expect(await site.records().contains { $0.hasPrefix("A live ") })

        #expect(await site.run("--dry-run", "--out", "plan.json").status == 0)
        let wrong = await site.run("apply", "plan.json", "--approve", record + "e")
        #expect(wrong.status == 64, "\(wrong.story)")
        #expect(wrong.error.contains("Did you mean \(record)?"), "\(wrong.story)")
        #expect(await site.run("apply", "plan.json").status == 4)
        // Nobody approved anything so far, and each word of those who do is a line of the audit log.
        #expect(await site.run("audit", "--json").json?.listValue?.isEmpty == true)
        let approved = await site.run("apply", "plan.json", "--approve", record, "--actor", "ann")
        #expect(approved.status == 0, "\(approved.story)")
        let audit = await site.run("audit", "--json")
        let line = audit.json?.listValue?.first
        #expect(
            line?["action"] == "change.approve" && line?["actor"] == "ann" && line?["target"] == .string(record),
            "\(audit.story)")
        let plan = try JSON.parse(try FileSystem.read(site.directory.path("plan.json")))
        #expect(plan["fingerprint"] != nil && line?["detail"]?["plan"] == plan["fingerprint"], "\(audit.story)")
        #expect(await site.run("audit", "verify").status == 0)
        #expect(!(await site.records().contains { $0.hasPrefix("A live ") }), "\(approved.story)")
    }

    @Test("A stored approval lets the next pass do what waited; taken back it lets nothing")
    func storesApprovals() async throws {
        let site = try Site()
        try site.commit(Self.live)
        #expect(await site.run("approvals").output.contains("Nothing was approved yet"))
        #expect(await site.run().status == 0)
        let nothing = await site.run("approve", "latest")
        #expect(nothing.status == 64 && nothing.error.contains("waits for an approval"), "\(nothing.story)")
        try site.commit(["ssot/environments.yaml": Self.environment + "}\n"])
        #expect(await site.run().status == 4)
        let record = "digitalocean.record/shop.example/A/live"
        let wrong = await site.run("approve", "latest", "--key", record + "e")
        #expect(wrong.status == 64 && wrong.error.contains("Did you mean \(record)?"), "\(wrong.story)")

        let unseen = await site.run("approve", "latest", "--reason", "good-bye")
        #expect(unseen.status == 64 && unseen.error.contains("--key"), "\(unseen.story)")
        #expect(await site.run("approvals").output.contains("Nothing was approved yet"))
        let run = try #require(await site.run("runs", "--json").json?[0]?["id"]?.stringValue)
        let granted = await site.run("approve", run, "--reason", "good-bye", "--for", "2h")
        #expect(granted.status == 0 && granted.output.contains("delete \(record)"), "\(granted.story)")
        let revoked = await site.run("revoke", record, "--json")
        #expect(revoked.status == 0 && revoked.json?["revoked"]?.intValue == 1, "\(revoked.story)")
        #expect(await site.run("revoke", record).status == 64)
        #expect(await site.run().status == 4)
        #expect(await site.records().contains { $0.hasPrefix("A live ") })

        // Which run `latest` was is said.
        let latest = try #require(await site.run("runs", "--json").json?[0]?["id"]?.stringValue)
        let named = await site.run("approve", "latest", "--key", record)
        #expect(named.output.contains("run \(latest) left waiting"), "\(named.story)")
        let again = await site.run("approve", "latest", "--key", record, "--json")
        #expect(again.json?[0]?["standing"]?.stringValue == "standing", "\(again.story)")
        let done = await site.run()
        #expect(done.status == 0, "\(done.story)")
        #expect(!(await site.records().contains { $0.hasPrefix("A live ") }), "\(done.story)")
        let listed = await site.run("approvals", "--json").json?.listValue ?? []
        #expect(listed.compactMap { $0["standing"]?.stringValue } == ["used", "revoked", "revoked"])
        #expect(await site.run("approvals").output.contains("good-bye"))
    }

    @Test("Ctrl-C lets the running step end, records it, and the next pass goes on where this one stopped")
    func stopsBetweenSteps() async throws {
        var options = SimulatorOptions.quick
        options.latency = .milliseconds(150)
        let site = try Site(provider: try Provider(options: options))
        let records = (1...30).map { "      - {type: A, name: host\($0), data: 203.0.113.\($0), ttl: 1800}\n" }.joined()
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory + records])
        let pass = try BackgroundProgram([], in: site.directory.path, site.environment)
        pass.send(SIGINT, atFirstWriteTo: site.provider)
        let end = await pass.end(within: .seconds(60))
        #expect(end?.status == 1, "\(pass.story)")
        #expect(pass.errorOutput.contains("error RUN-0011: stopped on request"), "\(pass.story)")
        let shown = await site.run("show", "latest", "--json")
        #expect(shown.json?["phase"]?.stringValue == "canceled", "\(shown.story)")
        let steps = shown.json?["steps"]?.listValue ?? []
        #expect(steps.allSatisfy { $0["state"]?.stringValue == "done" }, "every step that began was recorded")
        let done = await site.records().count
        #expect(done < 33 && steps.count { $0["key"]?.stringValue?.contains(".record/") == true } == done, "\(done)")
        let rest = await site.run()
        #expect(rest.status == 0, "\(rest.story)")
        #expect(await site.records().count == 33)
    }

    @Test("A reader that goes away does not make the program crash")
    func survivesAClosedPipe() async throws {
        let site = try Site()
        let variables = site.environment.map { "\($0.key)=\(Shell.quote($0.value))" }.joined(separator: " ")
        let line = "cd \(site.directory.path); \(variables) \(Program.path)"
        let seen = Shell.run("bash -c \(Shell.quote("\(line) --dry-run | head -1; echo \"${PIPESTATUS[0]}\""))").output
        #expect(seen.hasSuffix("\n0\n"), "\(seen)")
        let shut = Shell.run("bash -c \(Shell.quote("\(line) --dry-run >&- 2>&-; echo $?"))").output
        #expect(shut == "0\n", "\(shut)")
    }

    @Test("The simulator serves until it is told to stop")
    func simulates() async throws {
        let place = try TemporaryDirectory()
        let simulator = try BackgroundProgram(
            ["simulate", "--listen", "127.0.0.1:0", "--port-file", "port", "--json"], in: place.path, [:])
        #expect(await eventually { FileSystem.exists(place.path("port")) }, "\(simulator.story)")
        let port =
            UInt16(
                String(decoding: try FileSystem.read(place.path("port")), as: UTF8.self).filter(\.isNumber)) ?? 0
        let answer = await Answer.to("GET", "/v2/account", port: port, headers: "Authorization: Bearer any\r\n")
        #expect(answer?.status == 200)
        #expect((try? JSON.parse(Array(simulator.output.utf8)))?["url"] == .string("http://127.0.0.1:\(port)"))
        // Every line that is offered to a shell leads to a provider that answers.
        let offered = await Answer.to("GET", "/_simulator/environment", port: port, headers: "")?.body ?? ""
        let addresses = offered.split(separator: "\n").filter { $0.contains("_URL=") }
        #expect(addresses.count == (try? JSON.parse(Array(simulator.output.utf8)))?["providers"]?.listValue?.count)
        for line in addresses where line.hasPrefix("export VERCEL") || line.hasPrefix("export GITHUB") {
            let mount = line.split(separator: "/").last ?? ""
            let refused = await Answer.to("GET", "/\(mount)/v9/projects", port: port, headers: "")
            #expect([401, 403].contains(refused?.status), "\(line)")
        }
        simulator.send(SIGTERM)
        let end = await simulator.end()
        #expect(end?.status == 0, "\(String(describing: end)) \(simulator.story)")
    }
}
