import Basics
import Formats
import Glibc
import TestKit
import Testing

@Suite("Schedules at the running service")
struct LiveScheduleTests {
    private static let chores = """
        version: "1.0"
        schema: ssot.maintenance.schedules.v1
        chores:
          - {id: mark, name: Mark, cron: "0 3 * * *", runner: marker, outputs: [x], alert_on_failure: true}
          - {id: look, name: Look, cron: "0 4 * * *", runner: scan, outputs: [x], alert_on_failure: true}
          - {id: long, name: Long, cron: "0 5 * * *", runner: sleeper, outputs: [x], alert_on_failure: true}
          - {id: lost, name: Lost, cron: "0 6 * * *", runner: nobody, outputs: [x], alert_on_failure: true}

        """

    private static func state(_ id: String, at site: Site) async -> [String] {
        let shown = await site.run("schedules", "show", id, "--json")
        return shown.json?["slots"]?.listValue?.map {
            ($0["state"]?.stringValue ?? "") + ($0["error_code"]?.stringValue.map { " \($0)" } ?? "")
        } ?? []
    }

    @Test("where no service is there, nobody is told that one runs it within seconds")
    func unserved() async throws {
        var files = Site.files
        files["ssot/maintenance/schedules.yaml"] = Self.chores
        let site = try Site(files: files)
        try site.directory.write(
            "schedules: {runners: {marker: {type: pass}}, defaults: {time_zone: Europe/Berlin}}\n",
            to: "reconciler.yaml")
        let asked = await site.run("schedules", "run", "mark")
        #expect(asked.status == 0 && asked.output.contains("start `reconcile run`"), "\(asked.story)")
        #expect(!asked.output.contains("within seconds"), "\(asked.story)")
    }

    @Test("nor that it sends a message or works on a delivery that is tried again")
    func unservedRetries() async throws {
        let site = try Site()
        _ = await site.run("--dry-run")
        let messages = (1...2).map {
            "('01990000-0000-7000-8000-00000000000\($0)', 'ops', '', 'dead', '2026-01-01T00:00:00.000000Z', "
                + "'2026-01-01T00:00:00.000000Z', 8)"
        }
        let statement = """
            insert into notice_messages (id, channel, group_key, state, created_at, available_at, attempts)
            values \(messages.joined(separator: ", "));
            insert into webhook_deliveries (id, provider, delivery_id, event, body_sha256, body_bytes, state, received_at,
              available_at)
            values ('01990000-0000-7000-8000-000000000003', 'github', 'd1', 'push', '\(String(repeating: "0", count: 64))', 1, 'dead',
              '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')
            """
        let made = Shell.run("sqlite3 \(Shell.quote("\(site.state)/ops.sqlite")) \(Shell.quote(statement))")
        #expect(made.status == 0, "\(made.output)")
        for (words, deed) in [
            (["notices", "retry", "all"], "2 messages wait for a service"),
            (["notices", "retry", "latest"], "which sends it"), (["hooks", "retry", "latest"], "which works on it"),
        ] {
            let asked = await site.run(words[0], words[1], words[2])
            #expect(asked.status == 0 && asked.output.contains(deed), "\(asked.story)")
            #expect(asked.output.contains("start `reconcile run`"), "\(asked.story)")
            #expect(!asked.output.contains("within seconds"), "\(asked.story)")
        }
    }

    @Test(
        "a command and a pass run once each when a person asks; one that runs as the service stops is told as unknown")
    func serves() async throws {
        var files = Site.files
        files["ssot/maintenance/schedules.yaml"] = Self.chores
        let site = try Site(files: files)
        let marks = site.directory.path("marks")
        try site.directory.write(
            """
            schedules:
              runners:
                marker: {type: command, command: [/bin/sh, -c, "echo $ODOOOPS_JOB $SECRET >>\(marks)"]}
                sleeper: {type: command, command: [/bin/sleep, "300"]}
                scan: {type: pass}
              defaults: {time_zone: Europe/Berlin}

            """, to: "reconciler.yaml")
        let running = try await ServiceTests.Running(site, ["SECRET": "s3cr3t"])
        #expect(await running.passes(1), "\(running.program.story)")
        for id in ["mark", "look", "long"] {
            let asked = await site.run("schedules", "run", id)
            #expect(asked.status == 0 && asked.output.contains("within seconds"), "\(asked.story)")
        }
        #expect(await site.run("schedules", "run", "lost").error.contains("nobody is the runner nobody"))
        #expect(await running.passes(2), "\(running.program.story)")
        let isDone = await eventually { await Self.state("mark", at: site) == ["succeeded"] }
        #expect(isDone, "\(running.program.story)")
        #expect((try? FileSystem.read(marks)).map { String(decoding: $0, as: UTF8.self) } == "mark\n", "and no secret")
        #expect(await eventually { await Self.state("look", at: site) == ["succeeded"] }, "\(running.program.story)")
        #expect(await Self.state("long", at: site) == ["running"])
        let list = await site.run("schedules", "list", "--json")
        let states = list.json?["schedules"]?.listValue?.map { $0["state"]?.stringValue }
        #expect(states == ["active", "active", "blocked", "active"], "\(list.story)")
        // 04:00 in Berlin is 02:00 or 03:00 in UTC, and both are said with their zone.
        let look = list.json?["schedules"]?.listValue?.first { $0["id"] == "look" }
        let (utc, local) = (look?["next_slot"]?.stringValue ?? "", look?["next_slot_local"]?.stringValue ?? "")
        #expect(local.dropFirst(10).hasPrefix("T04:00:00+0") && Timestamp(local) == Timestamp(utc), "\(list.story)")
        let table = await site.run("schedules", "list")
        #expect(table.output.contains("NEXT (UTC)") && table.output.contains("LOCAL TIME"), "\(table.story)")
        for text in [utc, local] {
            #expect(table.output.contains("\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"), "\(table.story)")
        }
        let (enabled, unknown) = (
            await site.run("schedules", "enable", "mark"), await site.run("schedules", "enable", "mrk")
        )
        #expect(enabled.status == 64 && enabled.error.contains("mark is not disabled"), "\(enabled.story)")
        #expect(unknown.status == 64 && unknown.error.contains("Did you mean mark?"), "\(unknown.story)")
        let shown = await site.run("schedules", "show", "look")
        #expect(shown.output.contains(" UTC (") && shown.output.contains(" 04:00 +0"), "\(shown.story)")

        running.program.send(SIGTERM)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(running.program.story)")
        #expect(await Self.state("long", at: site) == ["failed JOB-0003"])
        #expect(await site.run("audit", "--json").json?.listValue?.count { $0["action"] == "schedules.run" } == 3)
    }
}
