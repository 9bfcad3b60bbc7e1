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

    private func body(_ request: HTTPRequest?) -> Value? { request.flatMap { try? JSON.parse($0.body) } }

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
        #expect(body(service.requests.last) == expected)
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

    // MARK: Deciding

    private static let plan: Value = [
        "run_id": "r1",
        "changes": [
            ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"],
            ["key": "do.droplet/new", "action": "create", "decision": "needs_approval"],
            ["key": "do.droplet/free", "action": "update", "decision": "allowed"],
        ],
    ]

    private func deciding() -> FakeService { FakeService(["GET /plans/r1": Self.plan, "POST /approvals": []]) }

    @Test("An approval of what deletes needs a confirmation, and approves exactly what was shown")
    func confirmation() async throws {
        let unasked = try World(deciding())
        let refused = await unasked.run("approve", "r1")
        #expect(refused.exit == .refused && refused.error.contains("odooops approve r1 --confirm"), "\(refused.story)")
        #expect(unasked.service.routes == ["GET /plans/r1"])
        let confirmed = try World(deciding())
        #expect((await confirmed.run("approve", "r1", "--confirm", "--for", "2h", "--reason", "moved")).exit == .done)
        let expected: Value = [
            "run": "r1", "keys": ["do.droplet/old", "do.droplet/new"], "reason": "moved", "minutes": 120,
        ]
        #expect(body(confirmed.service.requests.last) == expected)
        // Whatever waits for a person can't be taken back, also where it makes or changes something.
        let overwrites = await (try World(deciding())).run("approve", "r1", "--key", "do.droplet/new")
        #expect(
            overwrites.exit == .refused
                && overwrites.error.contains("odooops approve r1 --key do.droplet/new --confirm"),
            "\(overwrites.story)")
        let wrong = await (try World(deciding())).run("approve", "r1", "--key", "do.droplet/free")
        #expect(wrong.exit == .notFound, "\(wrong.story)")
        let idle = FakeService(["GET /plans/r1": ["run_id": "r1", "changes": []]])
        let nothing = await (try World(idle)).run("approve", "r1")
        #expect(nothing.exit == .nothing && nothing.error.contains("odooops plan show r1"), "\(nothing.story)")
    }

    @Test("An approval that ends before a window opens says so, and promises no next pass")
    func closedWindow() async throws {
        let change: Value = [
            "key": "do.droplet/old", "action": "delete", "decision": "needs_approval", "hold": "approval",
            "blocked_until": "2099-01-01T22:00:00Z",
            "held_at": ["file": ".odooops/policies.yaml", "line": 54, "column": 5],
        ]
        let approval: Value = ["key": "do.droplet/old", "expires_at": "2098-12-31T00:00:00Z"]
        let service = FakeService([
            "GET /plans/r1": ["run_id": "r1", "changes": [change]], "POST /approvals": [approval],
        ])
        let result = await (try World(service)).run("approve", "r1", "--confirm")
        #expect(result.exit == .done, "\(result.story)")
        #expect(
            result.output.contains(
                "do.droplet/old: not before 2099-01-01 22:00 UTC (.odooops/policies.yaml:54), and the approval ends before"
            ),
            "\(result.story)")
        #expect(!result.output.contains("next pass"), "\(result.story)")
    }

    @Test("What a plan rests on is approved by its name alone, and what is the latest run only in view of it")
    func departures() async throws {
        let care: Value = [
            "key": "source.care/ssot", "action": "update", "decision": "needs_approval",
            "reason": "environment erp is dev now, and was production",
        ]
        let old: Value = ["key": "do.droplet/old", "action": "delete", "decision": "needs_approval"]
        func service(_ changes: [Value]) -> FakeService {
            let plan: Value = ["run_id": "r1", "changes": .list(changes)]
            return FakeService(["GET /plans/r1": plan, "GET /plans/latest": plan, "POST /approvals": []])
        }
        let both = try World(service([care, old]))
        let rest = await both.run("approve", "r1", "--confirm")
        #expect(
            rest.exit == .done && rest.output.contains("odooops approve r1 --key source.care/ssot"), "\(rest.story)")
        #expect(body(both.service.requests.last)?["keys"] == ["do.droplet/old"])

        let alone = try World(service([care]))
        let unnamed = await alone.run("approve", "r1", "--confirm")
        #expect(
            unnamed.exit == .refused && unnamed.error.contains("odooops approve r1 --key source.care/ssot"),
            "\(unnamed.story)")
        let unasked = await alone.run("approve", "r1", "--key", "source.care/ssot")
        #expect(unasked.exit == .refused && unasked.error.contains("erp is dev now"), "\(unasked.story)")
        #expect(!alone.service.routes.contains("POST /approvals"))
        #expect((await alone.run("approve", "latest", "--key", "source.care/ssot", "--confirm")).exit == .done)

        let latest = try World(service([old]))
        let unseen = await latest.run("approve", "latest", "--confirm")
        #expect(unseen.exit == .refused && unseen.error.contains("odooops approve r1 --confirm"), "\(unseen.story)")
        #expect(!unseen.error.contains("--confirm --confirm") && latest.service.routes == ["GET /plans/latest"])
    }

    @Test("On a terminal the name is typed, and another name is no confirmation", arguments: ["do.droplet/old", "yes"])
    func typedName(_ typed: String) async throws {
        let world = try World(deciding(), terminal: true, typed: [typed])
        let result = await world.run("approve", "r1", "--color", "never")
        #expect(result.error.contains("Type do.droplet/old to go on"), "\(result.story)")
        #expect((result.exit == .done) == (typed == "do.droplet/old"))
        #expect(world.service.routes.contains("POST /approvals") == (typed == "do.droplet/old"))
    }

    // MARK: Waiting

    private static let ends: [(String, ClientExit)] = [
        ("succeeded", .done), ("planned", .done), ("failed", .failed), ("canceled", .failed),
        ("awaiting_approval", .refused),
    ]

    @Test("A pass that is waited for is watched to its end", arguments: ends)
    func waiting(_ phase: String, _ exit: ClientExit) async throws {
        let polls = Locked(0)
        let service = FakeService { request throws(HTTPFault) in
            switch FakeService.route(request) {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1":
                let isNew = polls.withLock { count in
                    count += 1
                    return count > 3
                }
                return FakeService.envelope([["id": isNew ? "new" : "old", "phase": "succeeded"]])
            default:
                let now = polls.withLock { count in
                    count += 1
                    return count > 6 ? phase : "applying"
                }
                return FakeService.envelope(["id": "new", "phase": .string(now), "steps": []])
            }
        }
        let world = try World(service, terminal: true)
        let result = await world.run("reconcile", "--wait", "--color", "never")
        #expect(result.exit == exit, "\(result.story)")
        #expect(result.error.contains("run new applying"))
        #expect(result.output.contains("new"))
        #expect(!service.routes.contains("GET /runs/old"))
    }

    /// A run of one of three services, each with a shard.
    private static func part(_ id: String, _ held: [Int64], _ phase: String) -> Value {
        [
            "id": .string(id), "phase": .string(phase), "dry_run": .bool(id == "try"), "steps": [],
            "metadata": ["shards": ["held": .list(held.map { .int($0) }), "of": 3]],
        ]
    }

    @Test("Where services share the work, the run of each is waited for, and the worst decides", arguments: ends)
    func waitingForParts(_ phase: String, _ exit: ClientExit) async throws {
        let polls = Locked(0)
        let runs = [
            Self.part("d", [2], phase), Self.part("try", [2], "failed"), Self.part("c", [], "failed"),
            Self.part("b", [0], "succeeded"), Self.part("a", [1], "succeeded"), Self.part("old", [2], "failed"),
        ]
        let service = FakeService { request throws(HTTPFault) in
            let route = FakeService.route(request)
            switch route {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1":
                let isNew = polls.withLock { count in
                    count += 1
                    return count > 1
                }
                return FakeService.envelope([isNew ? runs[4] : runs[5]])
            case "GET /runs?limit=50":
                // The last of them begins later.
                let isWhole = polls.withLock { count in
                    count += 1
                    return count > 4
                }
                return FakeService.envelope(.list(isWhole ? runs : Array(runs.dropFirst(2))))
            default:
                let run = runs.first { route.hasSuffix("/\($0["id"]?.stringValue ?? "")") }
                return FakeService.envelope(run ?? .null)
            }
        }
        let result = await (try World(service, terminal: true)).run("reconcile", "--wait", "--json")
        #expect(result.exit == exit, "\(result.story)")
        #expect(result.error.contains("waiting for who looks after shard 2"), "\(result.story)")
        let document = try JSON.parse(Array(result.output.utf8))
        #expect(document["id"] == "b")
        #expect(document["parts"]?.listValue?.compactMap { $0["id"]?.stringValue } == ["a", "d"])
        #expect(!service.routes.contains("GET /runs/try") && !service.routes.contains("GET /runs/old"))
    }

    @Test("Waiting ends when its time is over")
    func waitingEnds() async throws {
        let service = FakeService(["GET /runs": [], "POST /reconcile": ["accepted": true]])
        let result = await (try World(service)).run("reconcile", "--wait", "--wait-for", "5s")
        #expect(result.exit == .later && result.error.contains("CLI-0011"), "\(result.story)")
        #expect(service.routes.count == 13, "one look before, one order, one look each half second")
    }

    @Test("All that is waited for one after the other has one end", arguments: 0..<3)
    func waitingEndsOnce(_ stage: Int) async throws {
        // The pass begins after three seconds, its first part ends after three more, and that of shard 0 begins late.
        let time = Locked<SimulatedTime?>(nil)
        let service = FakeService { request throws(HTTPFault) in
            let route = FakeService.route(request)
            let gone = (time.withLock { $0?.now } ?? World.now) - World.now
            let first = Self.part("a", [1, 2], gone >= .seconds(6) ? "succeeded" : "applying")
            switch route {
            case "POST /reconcile": return FakeService.envelope(["accepted": true], status: 202)
            case "GET /runs?limit=1", "GET /runs?limit=50":
                return FakeService.envelope(gone >= .seconds(3) ? [first] : [])
            default: return FakeService.envelope(first)
            }
        }
        let world = try World(service)
        time.withLock { $0 = world.time }
        let limit = [2, 4, 8][stage]
        let result = await world.run("reconcile", "--wait", "--wait-for", "\(limit)s")
        #expect(result.exit == .later && result.error.contains("CLI-0011"), "\(result.story)")
        let missed = ["no pass began", "run a did not end", "no pass looked at shard 0"][stage]
        #expect(result.error.contains("\(missed) within \(limit)s"), "\(result.story)")
        #expect(world.time.now - World.now == .seconds(limit))
    }

    @Test("A time that can't be is refused before a pass is asked for")
    func wrongWaiting() async throws {
        let service = FakeService(["GET /runs": [], "POST /reconcile": ["accepted": true]])
        let result = await (try World(service)).run("reconcile", "--wait", "--wait-for", "soon")
        #expect(result.exit == .usage && service.routes.isEmpty, "\(result.story)")
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
        #expect(body(service.requests.last) == expected)
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
