import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("What people name, and what they are told of it")
struct NamingTests {
    @Test(
        "What applies is read where the operator's program reads it, unless a work tree is named",
        arguments: [
            ("policy list", ["policy", "check", "production"]),
            ("policy list .", ["policy", "check", "production", "."]),
            ("policy check dev", ["policy", "check", "dev"]), ("policy check dev .", ["policy", "check", "dev", "."]),
            ("policy validate", ["policy", "validate", "."]),
        ])
    func policyTrees(_ line: String, _ words: [String]) async throws {
        let world = try World(FakeService([:]))
        _ = await world.run(line.split(separator: " ").map(String.init) + ["--json"])
        #expect(world.operated.withLock { $0 } == [words + ["--json"]])
    }

    @Test(
        "A run is meant by its id, the beginning of it, or the digits that the console shows, where only one is",
        arguments: [
            ("latest", "latest", .done),
            ("0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11", "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11", .done),
            ("0199a1b3", "0199a1b3-0000-7a54-9d0c-000000000002", .done),
            ("7C1B9E11", "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11", .done),
            ("0199a1b", nil, .usage), ("0002", nil, .notFound), ("ffffffff", nil, .notFound),
        ] as [(String, String?, ClientExit)])
    func namesOfRuns(_ given: String, _ meant: String?, _ exit: ClientExit) async throws {
        let ids = ["0199a1b3-0000-7a54-9d0c-000000000002", "0199a1b2-7b1c-7a54-9d0c-2f2b7c1b9e11"]
        let service = FakeService { request throws(HTTPFault) in
            let route = FakeService.route(request)
            if route.hasPrefix("GET /runs?") { return FakeService.envelope(.list(ids.map { ["id": .string($0)] })) }
            return FakeService.envelope(["id": "x", "run_id": "x", "phase": "succeeded", "items": []])
        }
        for words in [["runs", "show"], ["runs", "evidence"], ["runs", "watch"], ["plan", "show"]] {
            let result = await (try World(service)).run(words + [given])
            #expect(result.exit == exit, "\(words): \(result.story)")
            if let meant { #expect(service.routes.contains { $0.contains("/\(meant)") }, "\(service.routes)") }
            if exit == .usage { #expect(ids.allSatisfy { result.error.contains($0) }, "\(result.story)") }
        }
    }

    @Test("What can be the name of nothing is asked of nobody", arguments: ["", ".", "..", "a\nb", "\u{1}"])
    func oddNames(_ name: String) async throws {
        for (words, hint) in [
            (["env", "show"], "odooops env list"), (["logs"], "odooops logs --help"),
            (["runs", "show"], "odooops runs list"),
        ] {
            let service = FakeService([:])
            let result = await (try World(service)).run(words + [name])
            #expect(result.exit == .notFound && service.routes.isEmpty, "\(words): \(result.story)")
            #expect(result.error.contains("nothing can be called") && result.error.contains(hint), "\(result.story)")
        }
    }

    @Test("What holds already is not done again", arguments: ["unpin", "resume"])
    func nothingToTakeBack(_ verb: String) async throws {
        for isHeld in [true, false] {
            let row: Value = ["name": "a", "pinned": .bool(isHeld), "suspended": .bool(isHeld)]
            let service = FakeService([
                "GET /environments/a": row, "DELETE /environments/a/pin": row, "POST /environments/a/resume": row,
            ])
            let result = await (try World(service)).run("env", verb, "a")
            #expect(result.exit == .done && result.output.contains("✓") == isHeld, "\(result.story)")
            #expect(service.requests.contains { $0.method != "GET" } == isHeld, "\(service.routes)")
        }
    }

    @Test("That it was so already is said as the service says it", arguments: ["pin", "unpin", "suspend", "resume"])
    func soAlready(_ verb: String) async throws {
        let row: Value = ["name": "a", "pinned": true, "suspended": true, "changed": false]
        let service = FakeService([
            "GET /environments/a": row, "DELETE /environments/a/pin": row, "POST /environments/a/pin": row,
            "POST /environments/a/suspend": row, "POST /environments/a/resume": row,
        ])
        let result = await (try World(service)).run("env", verb, "a")
        #expect(result.exit == .done && result.output.hasSuffix(": nothing was changed.\n"), "\(result.story)")
    }

    @Test("A key that was made before is no success: nothing was printed that opens anything")
    func lostKey() async throws {
        for words in [[], ["--json"]] {
            let world = try World(FakeService(["POST /access/keys": ["name": "ci", "key": .null]]))
            let result = await world.run(
                ["keys", "add", "ci", "--role", "viewer", "--idempotency-key", "0123456789abcdef"] + words)
            #expect(result.exit == .refused && result.error.contains("CLI-0013"), "\(result.story)")
            #expect(
                result.error.contains("odooops keys revoke ci. Then make it again: odooops keys add ci --role viewer"))
            #expect(result.output.isEmpty || result.json?["error"]?["code"] == "CLI-0013", "\(result.story)")
        }
    }

    @Test("A write whose answer was cut within its headers names its key, and reading none")
    func cutAnswer() async throws {
        let service = FakeService { _ throws(HTTPFault) in HTTPResponse(status: 201, headers: [], body: []) }
        let wrote = await (try World(service)).run("keys", "add", "ci", "--role", "viewer")
        #expect(wrote.error.contains("CLI-0003") && wrote.error.contains("--idempotency-key key-1"), "\(wrote.story)")
        let read = await (try World(service)).run("keys", "list")
        #expect(read.error.contains("CLI-0003") && !read.error.contains("--idempotency-key"), "\(read.story)")
    }

    @Test("Only a regular file is to be made one's own by chmod")
    func device() async throws {
        let result = await (try World(FakeService([:]))).run(
            "auth", "login", "--user", "ada", "--password-file", "/dev/null")
        #expect(result.exit == .configuration && result.error.contains("CLI-0007"), "\(result.story)")
        #expect(!result.error.contains("chmod"), "\(result.story)")
    }

    @Test("What the operator's program says on standard error is the error of --json")
    func operatorsFault() {
        let fault = CommandCall.fault(
            said: "error CONF-0001: it can't be opened: x\n  at /etc/x.yaml:1\n  Name another one.\n", .configuration)
        #expect(
            fault.document == [
                "code": "CONF-0001", "message": "it can't be opened: x", "place": "/etc/x.yaml:1",
                "remediation": "Name another one.",
            ])
        let plain = CommandCall.fault(said: "error USAGE-0001: there is no tier nope\n", .usage)
        #expect(plain.message == "there is no tier nope" && plain.hint == nil && plain.exit == .usage)
        #expect(CommandCall.fault(said: "", .failed).message == "no word came from reconcile")
    }

    @Test(
        "Why an environment stands as it does tells of its pin, by whom and until when; of one that has ended nothing")
    func explainedPin() async throws {
        for (until, isHeld) in [("2999-01-01T09:00:00Z", true), ("2001-01-01T09:00:00Z", false)] {
            let row: Value = [
                "name": "a", "pinned": true, "pinned_by": "ada", "pinned_until": .string(until), "pin_reason": "demo",
            ]
            let service = FakeService([
                "GET /environments/a": row, "GET /explanations": ["key": "a", "type": "environment"],
                "GET /drift": [], "GET /findings": [], "GET /upcoming": [],
            ])
            let result = await (try World(service)).run("env", "explain", "a")
            #expect(result.output.contains("yes, by ada, until 2999-01-01 09:00: demo") == isHeld, "\(result.story)")
        }
    }

    @Test("A run that is watched is shown with its own time, and with how many of its changes it has begun")
    func progress() async throws {
        let steps: [Value] = [
            ["key": "a", "state": "done", "title": "make a"], ["key": "a", "state": "done", "title": "wait for a"],
            ["key": "b", "state": "intended", "title": "make b"],
        ]
        let polls = Locked(0)
        let service = FakeService { request throws(HTTPFault) in
            let isOver = polls.withLock { count in
                count += 1
                return count > 3
            }
            return FakeService.envelope([
                "id": "r1", "phase": isOver ? "succeeded" : "applying", "steps": .list(steps),
                "started_at": .string((World.now - .seconds(250)).description), "completed_at": .null,
                "metadata": ["summary": ["create": 430, "update": 1, "noop": 7, "blocked": 3]],
            ])
        }
        let shown = await (try World(service, terminal: true, columns: 200)).run("runs", "watch", "latest")
        #expect(
            shown.error.contains("run r1 applying, change 2 of 431, 2 steps done, 4m 10s, make b"), "\(shown.story)")
    }

    @Test(
        "The version is said beside other options",
        arguments: [["--url", "https://a.example"], ["--json"], ["--quiet"]])
    func versions(_ options: [String]) async throws {
        for words in [options + ["--version"], ["--version"] + options] {
            let result = await (try World(FakeService([:]))).run(words)
            #expect(result.exit == .done && result.output.contains(ClientCommands.version), "\(words): \(result.story)")
        }
    }

    @Test(
        "A filter by an environment that isn't there is passed on as the service says it",
        arguments: ["drift", "alerts"])
    func unknownEnvironment(_ list: String) async throws {
        let service = FakeService { _ throws(HTTPFault) in
            FakeService.fault(
                404, "API-0007", "there is no environment prodution",
                "Did you mean production? List them: GET /api/v1/environments")
        }
        let result = await (try World(service)).run(list, "list", "--environment", "prodution")
        #expect(result.exit == .notFound && result.output.isEmpty, "\(result.story)")
        #expect(result.error.contains("Did you mean production? List them: odooops env list"), "\(result.story)")
    }
}
