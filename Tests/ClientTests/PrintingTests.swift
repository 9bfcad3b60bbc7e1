import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("What is printed")
struct PrintingTests {
    private static let rows: Value = [
        [
            "name": "feature-with-a-rather-long-name", "tier": "production", "status": "active",
            "branch": "feature/with/a/rather/long/name", "host": "erp-with-a-long-name.example", "database": "odoo",
        ],
        ["name": "b", "tier": "dev", "status": "expired", "branch": "b"],
    ]

    @Test(
        "A table fits the terminal, cuts what matters least first, and is whole where nobody looks",
        arguments: [20, 40, 80, 120, 300])
    func tablesFit(_ columns: Int) async throws {
        let service = FakeService(["GET /environments": Self.rows])
        for color in ["always", "never"] {
            let shown = await (try World(service, terminal: true, columns: columns)).run(
                "env", "list", "--color", color)
            for line in shown.output.split(separator: "\n") {
                #expect(Paint.width(String(line)) <= columns, "\(line)")
            }
            #expect(shown.output.contains("NAME"))
            if columns >= 80 { #expect(shown.output.contains("feature-with-a-rather-long-name"), "\(shown.story)") }
        }
        let piped = await (try World(service, columns: columns)).run("env", "list")
        #expect(piped.output.contains("erp-with-a-long-name.example") && !piped.output.contains("…"))
    }

    @Test("At 80 columns a list shows what it is for: whole ids, phases and times, and what differs")
    func eighty() async throws {
        let id = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11"
        let service = FakeService([
            "GET /runs": [
                [
                    "id": .string(id), "phase": "awaiting_approval", "trigger": "schedule",
                    "started_at": "2026-11-21T17:06:00Z", "completed_at": "2026-11-21T17:07:00Z",
                    "revision": .string(String(repeating: "a", count: 40)), "error": .null,
                ]
            ],
            "GET /drift": [
                [
                    "key": "digitalocean.record/brightwater.example/A/erp", "cause": "external_change",
                    "environment": "production", "first_seen": "2026-11-21T17:06:00Z", "run_id": .string(id),
                    "detail": [
                        "summary": "data differs",
                        "attributes": [["path": "data", "before": "198.51.100.66", "after": "198.18.159.1"]],
                    ],
                ]
            ],
        ])
        let runs = await (try World(service, terminal: true, columns: 80)).run("runs", "list", "--color", "never")
        for text in [id, "awaiting_approval", "2026-11-21 17:06"] {
            #expect(runs.output.contains(text), "\(runs.story)")
        }
        let drift = await (try World(service, terminal: true, columns: 80)).run("drift", "list", "--color", "never")
        // The cause goes before half of what differs does.
        for text in ["digitalocean.record/", "2026-11-21 17:06", "data: 198.51.100.66, not 198.18.159.1"] {
            #expect(drift.output.contains(text), "\(drift.story)")
        }
        let wide = await (try World(service, terminal: true, columns: 200)).run("drift", "list", "--color", "never")
        #expect(
            wide.output.contains("data: 198.51.100.66, not 198.18.159.1") && wide.output.contains("external_change"))
        for line in (runs.output + drift.output).split(separator: "\n") { #expect(Paint.width(String(line)) <= 80) }
    }

    @Test("At 80 columns a schedule keeps its name and why it doesn't run, and drops what says less")
    func schedules() async throws {
        let service = FakeService([
            "GET /schedules": [
                [
                    "id": "backup/production", "state": "blocked", "next_slot": "2026-11-21T18:00:00Z",
                    "next_slot_local": "2026-11-21T19:00:00+01:00",
                    "last_state": .null, "cron": "0 */6 * * *", "time_zone": "Europe/Brussels", "runner": "odoo.backup",
                    "reason": "nobody can make backups of Odoo yet",
                ]
            ]
        ])
        let shown = await (try World(service, terminal: true, columns: 80)).run("schedules", "--color", "never")
        // The zone of the time is said also where there is no room for the local one.
        for text in ["backup/production ", "blocked", "NEXT (UTC)", "2026-11-21 18:00", "nobody can make backups"] {
            #expect(shown.output.contains(text), "\(shown.story)")
        }
        for text in ["ZONE", "RUNNER", "CRON"] { #expect(!shown.output.contains(text), "\(shown.story)") }
        for line in shown.output.split(separator: "\n") { #expect(Paint.width(String(line)) <= 80) }
        let wide = await (try World(service, terminal: true, columns: 160)).run("schedules", "--color", "never")
        for text in ["Europe/Brussels", "odoo.backup", "0 */6 * * *", "LOCAL TIME", "2026-11-21 19:00 +01:00"] {
            #expect(wide.output.contains(text), "\(wide.story)")
        }
    }

    @Test(
        "Why something is not as it should be is shown to its end, on a terminal of any width",
        arguments: [60, 80, 200])
    func reasonsAreWhole(_ columns: Int) async throws {
        let why =
            "the provider is not asked: nobody has said a key; export SPACES_KEY, or name one as providers.spaces.key"
        let change: Value = [
            "key": "spaces.bucket/files", "action": "read", "decision": "blocked", "reason": "its state is unknown",
            "decision_reason": .string(why), "environment": .null, "source": .null, "attributes": [],
        ]
        let service = FakeService([
            "GET /gates": [
                "run": "r", "at": "2026-11-21T18:00:00Z", "summary": ["not_asked": 1],
                "gates": [["gate": "domains", "verdict": "not_asked", "why": .string(why)]],
            ],
            "GET /plans/latest": ["run_id": "r", "revision": "abc", "changes": [change], "summary": ["unknown": 1]],
        ])
        for words in [["gates"], ["plan", "show", "latest"]] {
            let shown = await (try World(service, terminal: true, columns: columns)).run(words + ["--color", "never"])
            let text = shown.output.split(whereSeparator: \.isWhitespace).joined()
            for part in ["nobodyhassaidakey", "SPACES_KEY", "providers.spaces.key"] {
                #expect(text.contains(part), "\(part): \(shown.story)")
            }
            for line in shown.output.split(separator: "\n") { #expect(Paint.width(String(line)) <= columns, "\(line)") }
        }
        #expect((await (try World(service)).run("gates")).output.contains("1 not asked"))
    }

    private static let standing: Value = [
        "environments": ["active": 3], "suspended": 0, "drift": [:], "findings": [:],
        "looked_at": "2026-11-21T17:06:00Z", "plan": .null,
    ]

    @Test(
        "The status says none only where somebody has looked, and that something waits only where a yes is missing",
        arguments: [
            ([("looked_at", Value.null)], ["nobody has looked yet"], ["none\n", "waits"]),
            ([], ["drift         none", "alerts        none", "last look     2026-11-21 17:06"], ["nobody", "waits"]),
            ([("suspended", 1)], ["3 active; 1 of them suspended"], ["unknown"]),
            (
                [
                    ("environments", ["unknown": 3]),
                    ("unknown_because", ["FMT-0002 at ssot/environments.yaml:66:1: a value is missing", "other"]),
                ],
                [
                    "3 unknown",
                    "isn't known: FMT-0002 at ssot/environments.yaml:66:1: a value is missing, and 1 reason more",
                ], ["active"]
            ),
            (
                [("plan", ["run": "r1", "approval": "waiting", "needed": 3, "approved": 1, "used": 0])],
                ["2 changes wait for a person: odooops plan show r1"], ["approved"]
            ),
            (
                [("plan", ["run": "r1", "approval": "approved", "needed": 3, "approved": 3, "used": 0])],
                ["What waited is approved"], ["wait for a person"]
            ),
            ([("plan", ["run": "r1", "approval": "unneeded", "needed": 0, "approved": 0])], ["active"], ["person"]),
        ] as [([(String, Value)], [String], [String])])
    func status(_ changes: [(String, Value)], _ shown: [String], _ hidden: [String]) async throws {
        var object = Self.standing.objectValue ?? [:]
        for (name, value) in changes { object[name] = value }
        let result = await (try World(FakeService(["GET /status": .object(object)]))).run("status")
        for text in shown { #expect(result.output.contains(text), "\(result.story)") }
        for text in hidden { #expect(!result.output.contains(text), "\(result.story)") }
    }

    @Test("That nothing differs is said only where somebody has looked", arguments: [true, false])
    func unlooked(_ hasLooked: Bool) async throws {
        var object = Self.standing.objectValue ?? [:]
        if !hasLooked { object["looked_at"] = .null }
        let result = await (try World(FakeService(["GET /status": .object(object), "GET /drift": []]))).run(
            "drift", "list")
        #expect(result.output.contains("Nothing differs from git.") == hasLooked, "\(result.story)")
        #expect(result.output.contains("Nobody has looked yet") == !hasLooked, "\(result.story)")
    }

    @Test("That nothing differs isn't said while something could not be compared, nor by `status`")
    func uncompared() async throws {
        var object = Self.standing.objectValue ?? [:]
        object["not_compared"] = 4
        let world = try World(FakeService(["GET /status": .object(object), "GET /drift": []]))
        let list = await world.run("drift", "list")
        #expect(
            list.output
                == "Nothing of what was seen differs from git, but 4 resources could not be compared. "
                + "Which, and why: odooops plan show latest\n", "\(list.story)")
        let filtered = await world.run("drift", "list", "--cause", "expired")
        #expect(filtered.output.hasPrefix("Nothing such differs. But 4 resources could not"), "\(filtered.story)")
        let status = await world.run("status")
        #expect(
            status.output.contains("not compared") && status.output.contains("4 resources; which, and why:"),
            "\(status.story)")
    }

    @Test("A run that did what it could shows the code of what it could not see")
    func runWithRemark() async throws {
        let run: Value = [
            "id": "01990000-0000-7000-8000-000000000001", "phase": "succeeded", "trigger": "schedule",
            "started_at": "2026-11-21T17:06:00Z", "completed_at": "2026-11-21T17:06:04Z", "revision": .null,
            "dry_run": false, "metadata": [:],
            "error": [
                "code": "RUN-0010", "message": "not everything could be observed", "hint": "Run: reconcile doctor",
            ],
        ]
        let result = await (try World(FakeService(["GET /runs": [run]]))).run("runs", "list")
        #expect(result.output.contains("RUN-0010"), "\(result.story)")
    }

    @Test("Plans, integrations and providers are three lists, each from its own route")
    func lists() async throws {
        let id = "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11"
        func plan(_ approval: String, _ needed: Int, _ approved: Int) -> Value {
            [
                "run": .string(id), "approval": .string(approval), "needed": .int(Int64(needed)),
                "approved": .int(Int64(approved)), "planned_at": "2026-11-21T17:06:00Z",
                "summary": ["update": 1, "replace": 1, "blocked": 1],
            ]
        }
        let service = FakeService([
            "GET /plans": [
                plan("waiting", 3, 1), plan("approved", 3, 3), plan("superseded", 1, 0), plan("unneeded", 0, 0),
            ],
            "GET /integrations": [
                [
                    "id": "chat", "name": "Team chat", "status": "setup_required", "baseline_allowed": true,
                    "category": "messaging", "required_secrets": ["SLACK_BOT_TOKEN"],
                ]
            ],
            "GET /providers": [["provider": "slack", "driver": .null, "hooks": true]],
            "GET /modules": [
                [
                    "environment": "production", "module": "queue_job", "standing": "not_allowed", "state": "installed",
                    "version": "19.0.2.0.1", "wave": .null,
                ]
            ],
            "GET /modules/summary": [
                [
                    "environment": "production", "outcome": "modules", "wanted": 24,
                    "counts": ["installed": 17, "missing": 5], "problem": .null,
                ],
                ["environment": "lab", "outcome": "unknown", "wanted": .null, "counts": ["missing": 0]],
            ],
        ])
        let cases: [([String], String, [String])] = [
            (
                ["plan", "list", "--approval", "waiting"], "GET /plans?approval=waiting&limit=50",
                [id, "2 of 3 wait ", "3 approved", "superseded", "none needed", "2026-11-21 17:06"]
            ),
            (
                ["integrations", "--baseline", "true"], "GET /integrations?baseline=true",
                ["chat", "setup_required", "yes", "SLACK_BOT_TOKEN"]
            ),
            (["providers"], "GET /providers", ["slack", "no: not configured"]),
            (
                ["modules", "--standing", "not_allowed"], "GET /modules?standing=not_allowed&limit=50",
                ["production", "queue_job", "not allowed", "installed"]
            ),
            (
                ["modules", "summary"], "GET /modules/summary?limit=50",
                ["production", "yes", "24", "17", "5", "not yet"]
            ),
        ]
        for (words, route, texts) in cases {
            let shown = await (try World(service, terminal: true, columns: 80)).run(words + ["--color", "never"])
            #expect(service.routes.last == route)
            for text in texts { #expect(shown.output.contains(text), "\(shown.story)") }
            for line in shown.output.split(separator: "\n") { #expect(Paint.width(String(line)) <= 80, "\(line)") }
        }
    }

    @Test("An option may stand before the command that it is for")
    func optionsBefore() async throws {
        let service = FakeService(["GET /environments": Self.rows])
        for words in [["--json", "env"], ["--timeout", "9s", "env", "list"], ["--color=never", "env", "ls"]] {
            let shown = await (try World(service)).run(words)
            #expect(shown.exit == .done, "\(words): \(shown.story)")
        }
    }

    @Test("The least important column is cut first, and a cut cell keeps its colours whole")
    func order() {
        var table = Table(columns: [.init("A", importance: 2), .init("B", importance: 1), .init("C", importance: 3)])
        let red = Paint(isOn: true).red("cccccccccccc")
        table.add(cells: ["aaaaaaaaaaaa", "bbbbbbbbbbbb", red])
        let paint = Paint(isOn: false)
        #expect(table.text(paint, width: 40) == table.text(paint))
        #expect(table.text(paint, width: 38).contains("aaaaaaaaaaaa  bbbbbbbbb…  "))
        let narrow = table.text(paint, width: 32)
        #expect(narrow.contains("aaaaaaa") && narrow.contains("bbbbbbb…") && narrow.contains(red), "\(narrow)")
        #expect(Table.cut(red, to: 5) == "\u{1B}[31mcccc…\u{1B}[0m")
        #expect(Table.cut("abc", to: 3) == "abc")
    }

    @Test("A line of the log says what it is about, whoever tells it")
    func logLines() async throws {
        func line(_ service: String, _ type: String, _ message: String, _ payload: Value = .null) -> Value {
            [
                "id": .string(type), "at": "2026-02-01T00:00:00Z", "service": .string(service), "level": "info",
                "type": .string(type), "message": .string(message), "payload": payload,
            ]
        }
        let service = FakeService([
            "GET /logs": [
                line("notices", "schedule.blocked", "schedule.blocked backup/production"),
                line("audit", "access.token", "ada: access.token laptop"),
                line("hooks", "push", "github push processed"),
                line(
                    "reconciler", "step", "step create dns.record/a done",
                    ["key": "dns.record/a", "title": "create", "state": "done"]),
            ]
        ])
        let shown = await (try World(service)).run("logs").output
        for text in [
            "schedule.blocked  backup/production", "access.token  ada: access.token laptop",
            "push  github push processed", "step  done  create  dns.record/a",
        ] { #expect(shown.contains(text), "\(shown)") }
    }

    @Test("A status of some environments says so, and says nothing of runs")
    func statusOfSome() async throws {
        let data: Value = [
            "environments": ["active": 1], "drift": [:], "findings": [:], "looked_at": "2026-11-21T17:06:00Z",
            "only_environments": ["staging"],
        ]
        let shown = await (try World(FakeService(["GET /status": data]))).run("status")
        #expect(shown.exit == .done && shown.output.contains("staging alone"), "\(shown.story)")
        #expect(!shown.output.contains("last run") && !shown.output.contains("hooks waiting"), "\(shown.story)")
    }

    @Test("The log of an environment is asked for by name, branch or tier, and one that isn't there is said")
    func logsOfAnEnvironment() async throws {
        let service = FakeService([
            "GET /environments": [["name": "erp", "status": "active", "branch": "main", "tier": "production"]],
            "GET /environments/erp": ["name": "erp"], "GET /logs": [],
        ])
        for target in ["erp", "main/x", "production"] {
            let world = try World(service)
            let result = await world.run("logs", target, "--level", "error", "--service", "hooks", "--type", "step")
            #expect(result.exit == .done && result.error.contains("containers"), "\(target): \(result.story)")
            let asked = service.routes.last ?? ""
            for part in ["environment=erp", "level=error", "service=hooks", "type=step"] {
                #expect(asked.contains(part), "\(target): \(asked)")
            }
        }
        let wrong = await (try World(service)).run("logs", "nowhere")
        #expect(wrong.exit == .notFound, "\(wrong.story)")
    }

    @Test("NO_COLOR and a pipe mean no colours; --color says otherwise")
    func colors() async throws {
        let service = FakeService(["GET /environments": Self.rows])
        let onTerminal = await (try World(service, terminal: true)).run("env", "list")
        #expect(onTerminal.output.contains("\u{1B}["))
        let unwanted = await (try World(service, terminal: true, environment: ["NO_COLOR": "1"])).run("env", "list")
        #expect(!unwanted.output.contains("\u{1B}["))
        let piped = await (try World(service)).run("env", "list")
        #expect(!piped.output.contains("\u{1B}["))
        let forced = await (try World(service)).run("env", "list", "--color", "always")
        #expect(forced.output.contains("\u{1B}["))
    }
}
