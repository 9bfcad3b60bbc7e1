import Basics
import Formats
import Simulator
import TestKit
import Testing
import Web

@Suite("Secrets that are brought to Supabase by the program")
struct SecretsSyncTests {
    static let ref = "abcdefghijklmnopqrst"
    static let value = "canary-synced-value-31"

    @Test("the envelope says what was set and what was left; the store keeps each attempt; no value is anywhere")
    func sync() async throws {
        let simulator = try Simulator(options: SimulatorOptions(limits: .generous))
        try simulator.seed("supabase", ["projects": [["ref": .string(Self.ref)]]])
        let server = try simulator.serve()
        let directory = try TemporaryDirectory()
        let environment = [
            "SUPABASE_ACCESS_TOKEN": "canary-sbp-token-77", "SLACK_VALUE": Self.value,
            "SUPABASE_API_URL": "http://127.0.0.1:\(server.port)/supabase",
            "ODOOOPS_STATE_DIR": "\(directory.path)/state",
        ]
        func run(_ arguments: [String], _ environment: [String: String]) async -> Program.Result {
            await Program.run(["secrets", "sync"] + arguments, in: directory.path, environment)
        }
        let wishes = ["--secret", "SLACK_BOT_TOKEN=env:SLACK_VALUE", "--secret", "OTHER=env:NOWHERE", "--json"]
        let first = await run(wishes + ["--record", "traffic.jsonl"], environment)
        let pushed: Value = ["ok": true, "pushed": ["SLACK_BOT_TOKEN"], "skipped": ["OTHER"]]
        #expect(first.status == 0 && first.json == pushed, "\(first.story)")
        let second = await run(wishes + ["--project", Self.ref], environment)
        let skipped: Value = ["ok": true, "pushed": [], "skipped": ["OTHER", "SLACK_BOT_TOKEN"]]
        #expect(second.status == 0 && second.json == skipped, "\(second.story)")
        let gone = await run(wishes + ["--project", String(repeating: "x", count: 20)], environment)
        #expect(gone.status == 1 && gone.json?["ok"] == false && gone.json?["code"] == 404, "\(gone.story)")
        let people = await run(["--secret", "SLACK_BOT_TOKEN=env:SLACK_VALUE"], environment)
        #expect(people.status == 0 && people.output.contains("As they should be: SLACK_BOT_TOKEN"), "\(people.story)")
        var bare = environment
        bare["SUPABASE_ACCESS_TOKEN"] = nil
        let closed = await run(wishes, bare)
        #expect(closed.status == 1 && closed.json?["ok"] == false, "\(closed.story)")
        let pasted = await run(["--secret", "A=\(Self.value)"], environment)
        #expect(pasted.status == 64 && !pasted.story.contains(Self.value), "\(pasted.story)")
        // Whatever ends it, who parses standard output finds an envelope there.
        let repeated = await run(wishes + ["--secret", "SLACK_BOT_TOKEN=env:OTHER"], environment)
        let unknown = await run(["--json", "--nonsense"], environment)
        let unnamed = await run(["--json"], environment)
        for refused in [repeated, unknown, unnamed] {
            #expect(refused.status == 64 && refused.json?["ok"] == false, "\(refused.story)")
            #expect(refused.json?["error"]?.stringValue?.contains("USAGE-0001") == true, "\(refused.story)")
        }
        var elsewhere = environment
        elsewhere["ODOOOPS_STATE_DIR"] = "/proc/nowhere"
        let unopened = await run(wishes, elsewhere)
        #expect(unopened.status == 1 && unopened.json?["ok"] == false, "\(unopened.story)")
        await server.stop(drain: .zero)

        let kept = Shell.run(
            "sqlite3 \(Shell.quote("\(directory.path)/state/ops.sqlite")) "
                + "'select target, status, pushed, skipped from secret_sync_runs order by started_at, id'")
        let nobody = String(repeating: "x", count: 20)
        let rows = [
            #"\#(Self.ref)|success|["SLACK_BOT_TOKEN"]|["OTHER"]"#,
            #"\#(Self.ref)|success|[]|["OTHER","SLACK_BOT_TOKEN"]"#, "\(nobody)|error|[]|[]",
            #"\#(Self.ref)|success|[]|["SLACK_BOT_TOKEN"]"#, "the only project|error|[]|[]",
        ]
        #expect(kept.output.split(separator: "\n").map(String.init) == rows)
        let leaks = Shell.run("grep -rlE 'canary-(synced|sbp)' \(Shell.quote(directory.path))")
        #expect(leaks.output.isEmpty, "\(leaks.output)")
    }

    /// What is set, what the command ends with, and what stands of it in the store.
    @Test(
        "An attempt whose answer was lost says what is there and which command goes on; its row says the same",
        arguments: [
            ("POST /supabase/** drop-after", 0, #"success|["SLACK_BOT_TOKEN"]||"#),
            ("POST /supabase/** 500-before", 1, "error|[]|SB-0007|looked again, not there: SLACK_BOT_TOKEN"),
        ])
    func lost(order: String, status: Int32, row: String) async throws {
        let simulator = try Simulator(options: SimulatorOptions(limits: .generous))
        try simulator.seed("supabase", ["projects": [["ref": .string(Self.ref)]]])
        let server = try simulator.serve()
        let directory = try TemporaryDirectory()
        let arguments = ["secrets", "sync", "--secret", "SLACK_BOT_TOKEN=env:SLACK_VALUE"]
        let environment = [
            "SUPABASE_ACCESS_TOKEN": "canary-sbp-token-77", "SLACK_VALUE": Self.value,
            "SUPABASE_API_URL": "http://127.0.0.1:\(server.port)/supabase",
            "ODOOOPS_STATE_DIR": "\(directory.path)/state",
        ]
        simulator.order(try FaultOrder(text: order))
        let told = await Program.run(arguments, in: directory.path, environment)
        #expect(told.status == status, "\(told.story)")
        let command = "reconcile secrets sync --project \(Self.ref) --secret SLACK_BOT_TOKEN=env:SLACK_VALUE"
        #expect(told.story.contains(command) == (status == 1), "\(told.story)")
        let settled = await Program.run(arguments + ["--project", Self.ref, "--json"], in: directory.path, environment)
        let names: Value = ["SLACK_BOT_TOKEN"]
        #expect(settled.json == ["ok": true, "pushed": status == 1 ? names : [], "skipped": status == 1 ? [] : names])
        await server.stop(drain: .zero)
        let parts = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let kept = Shell.run(
            "sqlite3 \(Shell.quote("\(directory.path)/state/ops.sqlite")) 'select status, pushed, error_code, error "
                + "from secret_sync_runs order by started_at, id limit 1'")
        #expect(kept.output.hasPrefix(parts[0...2].joined(separator: "|") + "|"), "\(kept.output)")
        #expect(kept.output.contains(parts[3]) && kept.output.contains(command) == (status == 1), "\(kept.output)")
        let leaks = Shell.run("grep -rlE 'canary-(synced|sbp)' \(Shell.quote(directory.path))")
        #expect(leaks.output.isEmpty, "\(leaks.output)")
    }
}
