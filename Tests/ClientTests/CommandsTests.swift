import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Commands")
struct CommandsTests {
    private static let environments: Value = [
        ["name": "feature-crm", "tier": "dev", "branch": "feature/crm", "status": "active", "host": "erp-1"],
        ["name": "old", "tier": "dev", "branch": "feature/crm", "status": "gone"],
    ]

    @Test("A tier by its alias, and an environment by its branch")
    func namesOfPeople() async throws {
        let service = FakeService([
            "GET /environments": Self.environments, "POST /environments/feature-crm/extend": ["name": "feature-crm"],
        ])
        let world = try World(service)
        _ = await world.run("env", "list", "--tier=prod")
        #expect(service.routes == ["GET /environments?tier=production&limit=50"])
        let result = await world.run("env", "extend", "feature/crm", "--days=7")
        #expect(result.exit == .done, "\(result.story)")
        #expect(service.routes.last == "POST /environments/feature-crm/extend")
        let expected: Value = ["days": 7]
        #expect(service.requests.last?.json == expected)
        let wrong = await world.run("env", "list", "--tier", "prd")
        #expect(wrong.exit == .usage)
    }

    @Test("What is gone is asked for by its branch where nothing else is of it, and shown as what doesn't run")
    func gone() async throws {
        let gone: Value = [
            ["name": "old", "tier": "dev", "branch": "feature/old", "status": "gone", "health": "unknown"]
        ]
        let service = FakeService(["GET /environments": gone, "GET /environments/old": gone[0] ?? .null])
        let world = try World(service)
        let shown = await world.run("env", "show", "feature/old")
        #expect(shown.exit == .done && shown.output.contains("nothing runs"), "\(shown.story)")
        #expect(service.routes.last == "GET /environments/old")
        let none = await (try World(FakeService(["GET /environments": []]))).run("env", "show", "feature/old")
        #expect(none.error.contains("no environment is of the branch feature/old"), "\(none.story)")
    }

    @Test("What nothing wants any more is said to be so, with when it goes and what keeps it")
    func unwanted() async throws {
        let row: Value = [
            "name": "crm", "tier": "dev", "status": "active", "sync": "unknown", "pinned": false,
            "unwanted_since": "2026-05-28T08:00:00Z", "goes_at": "2999-01-01T09:00:00Z", "expires_at": .null,
            "keep": "reconcile env pin crm --until 7d --reason \"why\"",
        ]
        let service = FakeService([
            "GET /environments": [row], "GET /environments/crm": row, "DELETE /environments/crm/pin": row,
        ])
        let list = await (try World(service)).run("env", "list")
        #expect(list.output.contains("unwanted") && list.output.contains("goes 2999-01-01 09:00"), "\(list.story)")
        #expect(!list.output.contains("active"))
        let shown = await (try World(service)).run("env", "show", "crm")
        #expect(
            shown.output.contains("More time: odooops env pin crm --until 7d") && !shown.output.contains("active"),
            "\(shown.story)")
        var pinned = row.objectValue ?? [:]
        pinned["pinned"] = true
        let world = try World(
            FakeService(["GET /environments/crm": .object(pinned), "DELETE /environments/crm/pin": row]))
        let loose = await world.run("env", "unpin", "crm")
        #expect(loose.output.contains("nothing wants it: the next pass deletes it, or marks it"), "\(loose.story)")
    }

    @Test(
        "What is let loose is told with what comes of it", arguments: ["unpin", "resume"],
        [
            ([:], ["is kept no more": false, "nothing wants it": false, "its time was over": false]),
            (
                ["unwanted_since": "2026-05-28T08:00:00Z"],
                [", and nothing wants it: the next pass deletes it, or marks it": true]
            ),
            (
                ["unwanted_since": "2026-05-28T08:00:00Z", "suspended": true],
                [", and nothing wants it: it goes when it is reconciled again. Keep it: odooops env pin a": true]
            ),
            (
                ["unwanted_since": "2026-05-28T08:00:00Z", "pinned": true, "pinned_until": "2999-01-01T09:00:00Z"],
                [", and nothing wants it: only its pin keeps it until 2999-01-01 09:00.": true, "Keep it": false]
            ),
            (
                [
                    "expires_at": "2020-01-01T08:00:00Z", "goes_at": "2999-01-01T09:00:00Z",
                    "keep": "reconcile env extend a --days 20",
                ],
                [
                    ": its time was over 2020-01-01 08:00, so it goes, at 2999-01-01 09:00 at the earliest. Keep it: odooops env extend a --days 20":
                        true
                ]
            ),
        ] as [(Value, [String: Bool])])
    func loosened(_ verb: String, _ answer: (members: Value, texts: [String: Bool])) async throws {
        var row = answer.members.objectValue ?? [:]
        row["name"] = "a"
        let result = await
            (try World(
                FakeService([
                    "GET /environments/a": ["name": "a", "pinned": true, "suspended": true],
                    "DELETE /environments/a/pin": .object(row), "POST /environments/a/resume": .object(row),
                ]))).run("env", verb, "a")
        #expect(result.exit == .done, "\(result.story)")
        for (text, isThere) in answer.texts { #expect(result.output.contains(text) == isThere, "\(result.story)") }
    }

    @Test(
        "More days are told with the end that they give, or with when they count",
        arguments: [
            (["expires_at": "2026-12-24T08:00:00Z"], "a has until 2026-12-24 08:00"),
            ([:], "a has 7 days more; the next pass says until when."),
            (["suspended": true], "a has 7 days more, which count when it is resumed: odooops env resume a"),
            (
                ["suspended": true, "suspended_until": "2026-12-24T08:00:00Z", "expires_at": "2026-12-20T08:00:00Z"],
                "which count when it is resumed at 2026-12-24 08:00"
            ),
            (["pinned": true], "a has 7 days more, which count when its pin ends: odooops env unpin a"),
            (
                [
                    "expires_at": "2020-01-01T08:00:00Z", "goes_at": "2999-01-01T09:00:00Z", "status": "expiring",
                    "keep": "reconcile env extend a --days 20",
                ],
                "a has 7 days more, until 2020-01-01 08:00, which has passed: it still goes, at 2999-01-01 09:00 at the earliest. Keep it: odooops env extend a --days 20"
            ),
        ] as [(Value, String)])
    func extended(_ members: Value, _ text: String) async throws {
        var row = members.objectValue ?? [:]
        row["name"] = "a"
        let result = await (try World(FakeService(["POST /environments/a/extend": .object(row)])))
            .run("env", "extend", "a", "--days", "7")
        #expect(result.exit == .done && result.output.contains(text), "\(result.story)")
        #expect(!result.output.contains("until -"), "\(result.story)")
    }

    @Test(
        "What the service can't do yet is known by name, with what to do meanwhile", arguments: ClientCommands.absences)
    func absences(_ absence: ClientCommands.Absence) async throws {
        let world = try World(FakeService([:]))
        var words = absence.name.split(separator: " ").map(String.init)
        words += absence.positionals.map { _ in "production" }
        words += absence.options.map { option in option.1 == nil ? "--\(option.0)" : "--\(option.0)=x" }
        let result = await world.run(words)
        #expect(result.exit == .unavailable, "\(result.story)")
        #expect(result.error.contains("CLI-0004") && result.error.contains("Meanwhile: "))
        #expect(world.service.requests.isEmpty)
    }

    @Test("The lines of the product description are all known")
    func linesOfTheDescription() async throws {
        let lines = [
            "env create feature/reports --tier=dev", "env list --tier=prod", "env destroy feature/reports --confirm",
            "deploy staging --sha=abc123 --wait", "rollback production", "promote staging production --confirm",
            "db clone production --to=staging --anonymize", "db backup production --description=x",
            "db restore production --backup=b --to=staging", "db migrate staging --dry-run",
            "db backups production --limit=20", "logs production --follow",
            "metrics production --metric=cpu --range=1h", "env extend a --days=7", "preview create --pr=123",
            "audit logs --user=john@example.com --since=2026-02-01", "alerts list --severity=critical", "status --all",
            "env get a", "env update a --workers=4", "env snapshot a --share", "test run integration --env=a",
            "test results --env=a", "deployment list production --limit=10", "deployment get abc123",
        ]
        for line in lines {
            let world = try World(FakeService(["GET /status": [:], "GET /environments": []]))
            let result = await world.run(line.split(separator: " ").map(String.init))
            #expect(!result.error.contains("USAGE"), "odooops \(line)\n\(result.story)")
        }
    }

    @Test("What no service can do yet is said with a command that can be typed as it stands")
    func absences() async throws {
        let result = await (try World(FakeService([:]))).run("env", "destroy", "feature/crm", "--confirm")
        #expect(result.exit == .unavailable, "\(result.story)")
        #expect(result.error.contains("odooops env explain feature/crm") && !result.error.contains("TARGET"))
        #expect(
            (await (try World(FakeService([:]))).run("env", "destroy")).error.contains("odooops env explain TARGET"))
        let context = await (try World(FakeService([:]))).run("context", "use", "work")
        #expect(context.error.contains("odooops context add work --url URL"), "\(context.story)")
    }

    @Test("Only environments of pull requests are previews, whatever else is of their tier")
    func previews() async throws {
        let service = FakeService([
            "GET /environments": [["name": "pr-7"], ["name": "pr-x"], ["name": "feature-crm"], ["name": "pr-07"]]
        ])
        let world = try World(service)
        let result = await world.run("preview", "list", "--json")
        #expect(
            (try JSON.parse(result.output)).listValue?.map { $0["name"]?.stringValue } == ["pr-7"], "\(result.story)")
        #expect(service.routes == ["GET /environments?tier=preview&limit=200"])
    }

    @Test("Backups are shown with when they are due, and that nobody has looked is said")
    func backups() async throws {
        let due: Value = ["id": "backup/production", "environment": "production", "state": "active"]
        let chore: Value = ["id": "sweep", "environment": .null, "state": "active"]
        let held: Value = ["key": "digitalocean.snapshot/nightly", "count": 1, "created_at": "2026-01-01T00:00:00Z"]
        for rows in [nil, [held]] as [[Value]?] {
            var table: [String: Value] = ["GET /schedules": [due, chore]]
            if let rows { table["GET /backups"] = .list(rows) }
            let service = FakeService { [table] request throws(HTTPFault) in
                let path = String(FakeService.route(request).prefix { $0 != "?" })
                return table[path].map { FakeService.envelope($0) }
                    ?? FakeService.fault(404, "API-0007", "nobody has looked yet", nil)
            }
            let result = await (try World(service)).run("db", "backups")
            #expect(result.exit == .done && result.output.contains("backup/production"), "\(result.story)")
            #expect(!result.output.contains("sweep"))
            #expect(result.output.contains("nightly") == (rows != nil))
            #expect(result.output.contains("Nobody has looked yet") == (rows == nil))
        }
    }

    @Test("Backups of one environment are its own, and whoever may read that one alone gets them")
    func backupsOfOne() async throws {
        let held: Value = ["key": "digitalocean.database_backup/pg", "count": 7, "created_at": "2026-01-01T00:00:00Z"]
        let due: Value = ["id": "backup/feature-crm", "environment": "feature-crm", "state": "active"]
        for rows in [.null, [], [held]] as [Value] {
            let service = FakeService([
                "GET /environments": Self.environments,
                "GET /databases/feature-crm/backups": ["schedules": [due], "held": rows],
            ])
            let world = try World(service)
            let result = await world.run("db", "backups", "feature/crm")
            #expect(result.exit == .done && result.output.contains("backup/feature-crm"), "\(result.story)")
            #expect(result.output.contains("Nobody has looked yet") == rows.isNull, "\(result.story)")
            #expect(result.output.contains("database_backup/pg") == (rows == [held]), "\(result.story)")
            #expect(!service.routes.contains("GET /schedules") && !service.routes.contains("GET /backups"))
            #expect((await world.run("db", "backups", "nowhere")).exit == .notFound)
        }
    }

    @Test("Deployments of one environment are asked for by its name, and one that isn't there is not found")
    func deployments() async throws {
        let row: Value = ["id": "d1", "environment": .null, "state": "success", "steps": 2]
        let service = FakeService([
            "GET /environments": Self.environments, "GET /environments/feature-crm": ["name": "feature-crm"],
            "GET /deployments": [row],
        ])
        let world = try World(service)
        let result = await world.run("deployment", "list", "feature/crm", "--limit=10")
        #expect(result.exit == .done && result.output.contains("shared"), "\(result.story)")
        #expect(result.error.contains("latest 500 runs"))
        #expect(service.routes.last == "GET /deployments?environment=feature-crm&limit=10")
        #expect((await world.run("deployment", "list", "nowhere")).exit == .notFound)
    }

    @Test("What the service gave up is listed, and brought back by its id")
    func ordersOfPeople() async throws {
        let dead: Value = ["id": "m1", "channel": "ops", "state": "dead", "reason": "refused"]
        let service = FakeService([
            "GET /notices": [dead], "POST /notices/m1/retry": ["id": "m1", "state": "waiting"],
            "POST /schedules/backup%2Fproduction/run": ["id": "s1", "schedule": "backup/production"],
            "POST /schedules/sweep/enable": ["schedule": "sweep", "enabled": true],
        ])
        let world = try World(service)
        #expect((await world.run("notices", "dead")).output.contains("refused"))
        for line in [
            ["notices", "retry", "m1"], ["schedules", "run", "backup/production"], ["schedules", "enable", "sweep"],
        ] {
            let result = await world.run(line)
            #expect(result.exit == .done, "\(result.story)")
        }
        #expect(
            service.routes == [
                "GET /notices?state=dead&limit=50", "POST /notices/m1/retry",
                "POST /schedules/backup%2Fproduction/run", "POST /schedules/sweep/enable",
            ])
    }

    @Test("A word that is nearly a command is said")
    func nearlyACommand() async throws {
        let world = try World(FakeService([:]))
        let result = await world.run("env", "lsit")
        #expect(result.exit == .usage && result.error.contains("Did you mean: odooops env list"), "\(result.story)")
        let other = await world.run("reconcil")
        #expect(other.error.contains("Did you mean: odooops reconcile"), "\(other.story)")
    }

    @Test("Policies are read by the operator's program, with the words that were given")
    func policies() async throws {
        let world = try World(FakeService([:]))
        let result = await world.run("policy", "check", "staging", "--json")
        #expect(world.operated.withLock { $0 } == [["policy", "check", "staging", "--json"]])
        #expect(result.exit == .unavailable && world.service.requests.isEmpty)
    }

    @Test("A raw request goes as it is written")
    func raw() async throws {
        let service = FakeService(["GET /runs?phase=failed": [["id": "1"]], "POST /reconcile": ["accepted": true]])
        let world = try World(service)
        let read = await world.run("api", "get", "/api/v1/runs?phase=failed")
        let rows: Value = [["id": "1"]]
        #expect(read.json == rows, "\(read.story)")
        let wrote = await world.run("api", "POST", "reconcile", "--data", #"{"reason": "x"}"#)
        #expect(wrote.exit == .done, "\(wrote.story)")
        let expected: Value = ["reason": "x"]
        #expect(service.requests.last?.json == expected)
        #expect((await world.run("api", "POST", "reconcile", "--data", "{")).exit == .usage)
        #expect((await world.run("api", "TRACE", "/")).exit == .usage)
    }

    @Test("Statuses of the audit log")
    func audit() async throws {
        for isWhole in [true, false] {
            let service = FakeService([
                "GET /audit-logs/verification": ["whole": .bool(isWhole), "lines": 3, "head": "abc", "faults": []]
            ])
            let result = await (try World(service)).run("audit", "verify")
            #expect(result.exit == (isWhole ? .done : .failed), "\(result.story)")
        }
    }
}
