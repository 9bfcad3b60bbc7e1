import Basics
import Formats
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Requests and answers")
struct ConnectionTests {
    @Test("A write is sent once, under a key; the message about a lost answer names it")
    func writesOnce() async throws {
        let service = FakeService { request throws(HTTPFault) in
            throw HTTPFault(.lost, code: "HTTP-0005", message: "cut off", place: "POST /reconcile")
        }
        let world = try World(service)
        let result = await world.run("reconcile")
        #expect(result.exit == .unavailable, "\(result.story)")
        #expect(service.requests.count == 1)
        let keys = service.requests[0].headers.filter { $0.name == "Idempotency-Key" }.map(\.value)
        #expect(keys == ["key-1"])
        #expect(result.error.contains("CLI-0002") && result.error.contains("--idempotency-key key-1"))
        let again = await world.run("reconcile", "--idempotency-key", "key-1")
        #expect(again.exit == .unavailable)
        #expect(service.requests[1].headers.contains(HTTPHeader("Idempotency-Key", "key-1")))
    }

    /// A proxy's page, a gateway's own object, and the service that doesn't know what became of its commit.
    @Test(
        "A write of whose answer only a proxy is left, or of which the service knows no end, names its key",
        arguments: [(504, "<html>"), (502, ""), (504, "{\"message\": \"timed out\"}"), (503, nil)] as [(Int, String?)])
    func unknownEnd(_ status: Int, _ page: String?) async throws {
        let service = FakeService { request throws(HTTPFault) in
            guard let page else {
                return FakeService.fault(
                    status, "STORE-0016", "the commit got no answer: whether it was done is not known",
                    "Look whether it was done: GET /api/v1/audit-logs.", name: "OUTCOME_UNKNOWN")
            }
            return HTTPResponse(status: status, body: Array(page.utf8))
        }
        let world = try World(service)
        let result = await world.run("reconcile")
        #expect(result.exit == .unavailable && service.requests.count == 1, "\(result.story)")
        #expect(service.requests[0].headers.contains(HTTPHeader("Idempotency-Key", "key-1")))
        #expect(result.error.contains("--idempotency-key key-1"), "\(result.story)")
        #expect(!result.error.contains("CLI-0003"))
        if page == nil {
            #expect(result.error.contains("odooops audit list. Sent again"))
            let json = await world.run("reconcile", "--json")
            #expect(json.story.contains("\"idempotency_key\": \"key-2\""), "\(json.story)")
        } else {
            #expect(result.error.contains("CLI-0002") && result.error.contains("it may have been done"))
        }
    }

    @Test("Reading is tried again where an answer was lost or a proxy stood in the way, three times at most")
    func readsAgain() async throws {
        let count = Locked(0)
        let service = FakeService { request throws(HTTPFault) in
            switch count.withLock({ count in
                count += 1
                return count
            }) {
            case 1: throw HTTPFault(.lost, code: "HTTP-0005", message: "cut off", place: nil)
            case 2: return HTTPResponse(status: 502)
            default: return FakeService.envelope([["name": "a"]])
            }
        }
        let result = await (try World(service)).run("env", "list", "--json")
        let expected: Value = [["name": "a"]]
        #expect(result.exit == .done && result.json == expected, "\(result.story)")
        #expect(service.requests.count == 3)
        let dead = FakeService { request throws(HTTPFault) in HTTPResponse(status: 502, body: Array("<html>".utf8)) }
        let lost = await (try World(dead)).run("env", "list")
        #expect(lost.exit == .failed && lost.error.contains("CLI-0003"), "\(lost.story)")
        #expect(dead.requests.count == 3)
    }

    @Test("Nobody there: the message says how to start the service, and is not asked again")
    func nobodyThere() async throws {
        let service = FakeService { request throws(HTTPFault) in
            throw HTTPFault(.notSent, code: "HTTP-0002", message: "no connection: connection refused", place: nil)
        }
        let result = await (try World(service)).run("status")
        #expect(result.exit == .unavailable && service.requests.count == 1)
        #expect(result.error.contains("CLI-0001") && result.error.contains("reconcile run"), "\(result.story)")
        let far = await (try World(service)).run("status", "--url", "https://odooops.example")
        #expect(far.error.contains("odooops context list") && !far.error.contains("Start the service"))
    }

    private static let cases: [(Int, String, ClientExit, String)] = [
        (401, "ACCESS-0001", .forbidden, "odooops auth login"), (403, "ACCESS-0003", .forbidden, "ask ada"),
        (404, "API-0007", .notFound, "ask ada"), (409, "STORE-0024", .refused, "ask ada"),
        (429, "ACCESS-0005", .later, "ask ada"), (422, "API-0008", .usage, "ask ada"),
        (500, "STORE-0001", .failed, "ask ada"), (503, "API-0012", .unavailable, "ask ada"),
    ]

    @Test("Each status of HTTP leads to its exit status, with the service's words", arguments: cases)
    func statuses(status: Int, code: String, exit: ClientExit, hint: String) async throws {
        let service = FakeService { request throws(HTTPFault) in
            FakeService.fault(status, code, "it can't be", "To begin with, ask ada")
        }
        let result = await (try World(service)).run("env", "list")
        #expect(result.exit == exit, "\(result.story)")
        #expect(result.error.contains("\(code): it can't be") && result.error.contains(hint))
        // Too many requests is the one of these that waiting mends.
        #expect(service.requests.count == (status == 429 ? 3 : 1))
        let json = await (try World(service)).run("env", "list", "--json")
        #expect(json.json?["error"]?["code"]?.stringValue == code)
    }

    @Test("The login that is asked for is at the service that was asked, and how to go on asking it is said")
    func loginsAtTheSameService() async throws {
        let service = FakeService { request throws(HTTPFault) in
            FakeService.fault(401, "ACCESS-0001", "this needs a login", nil)
        }
        let far = "https://odooops.example"
        for (words, hint) in [
            (["status"], "odooops auth login;"), (["status", "--url", far], "odooops auth login --url \(far);"),
            (["auth", "token", "--url", far], "odooops auth login --url \(far)\n"),
        ] {
            let result = await (try World(service)).run(words)
            #expect(result.exit == .forbidden && result.error.contains(hint), "\(result.story)")
        }
        let taking = FakeService(["GET /auth/whoami": ["name": "ada"]])
        let world = try World(taking, typed: ["k", "k", "k"])
        func logIn(_ more: String...) async -> String {
            await world.run(["auth", "login", "--key-file", "-"] + more).error
        }
        #expect(await logIn().isEmpty)
        #expect(await logIn("--url", far).contains("odooops context add NAME --url \(far)"))
        _ = await world.run("context", "add", "far", "--url", far)
        #expect(await logIn("--url", far).isEmpty, "it is asked anyway")
        let other = try World(service)
        _ = await other.run("context", "add", "near", "--url", ServiceAddress.standard)
        _ = await other.run("context", "add", "far", "--url", far)
        #expect((await other.run("status", "--context", "far")).error.contains("odooops auth login --context far;"))
    }

    @Test("A remedy that names a route is said as the command")
    func remediesNameCommands() async throws {
        let service = FakeService { request throws(HTTPFault) in
            FakeService.fault(404, "API-0007", "there is no run x", "List them: GET /api/v1/runs")
        }
        let result = await (try World(service)).run("runs", "show", "x")
        #expect(result.error.contains("List them: odooops runs list"), "\(result.story)")
    }

    @Test("What the service says of the operator's program is said of this one, where it can the same")
    func remediesOfTheOperator() async throws {
        for (theirs, ours) in [
            ("reconcile explain a/b", "odooops explain a/b"),
            ("Resume it with: reconcile env resume x", "Resume it with: odooops env resume x"),
            ("reconcile approve 01 --key a; then reconcile runs", "odooops approve 01 --key a; then odooops runs list"),
            ("reconcile drift ack k, or reconcile drift", "odooops drift ack k, or odooops drift list"),
            ("reconcile hooks list --state dead", "odooops webhooks list --state dead"),
            ("reconcile show 01", "odooops runs show 01"), ("reconcile showing", "reconcile showing"),
            ("reconcile access user add ada --role viewer", "odooops users add ada --role viewer"),
            ("reconcile store backup x.db", "reconcile store backup x.db"),
            (
                "An owner gives a role: reconcile access user add NAME --role ROLE, or reconcile access key add NAME --role ROLE",
                "An owner gives a role: odooops users change NAME --role ROLE, or odooops keys add NAME --role ROLE"
            ),
            ("reconcile access key revoke ci", "odooops keys revoke ci"),
            ("See: reconcile schedules show backup/a.b, then wait", "See: odooops schedules list, then wait"),
            ("reconcile schedules show x.", "odooops schedules list."),
            ("reconcile schedules show", "odooops schedules list"),
            ("reconcile schedules enable x", "odooops schedules enable x"),
            ("has come: reconcile sweep --dry-run", "has come: odooops sweep --dry-run"),
            ("odooops reconcile --wait", "odooops reconcile --wait"), ("they reconcile runs", "they odooops runs list"),
        ] { #expect(Remedy.here(theirs) == ours) }
        let finding: Value = [
            "status": "open", "kind": "drift", "key": "a/b", "env": "x", "suggested_action": "reconcile explain a/b",
        ]
        let service = FakeService(["GET /findings": [finding]])
        let shown = await (try World(service)).run("alerts", "list")
        #expect(shown.output.contains("odooops explain a/b") && !shown.output.contains("reconcile "), "\(shown.story)")
        let json = await (try World(service)).run("alerts", "list", "--json")
        #expect(json.output.contains("reconcile explain a/b"), "a program gets what the service wrote")
    }

    @Test("What mends a refusal is a command that this program takes, and that mends it")
    func remediesThatMend() async throws {
        let owner = "Make the first owner: reconcile access user add NAME --role owner --password-file FILE"
        for (words, status, code, remedy, shown) in [
            (["reconcile"], 401, "ACCESS-0007", owner, owner),
            (["auth", "login", "--user", "me", "--password-file", "-"], 401, "ACCESS-0007", owner, owner),
            (
                ["users", "add", "vic", "--role", "viewer"], 409, "API-0017",
                "Change what they may: PUT /api/v1/access/users/vic",
                "Change what they may: odooops users change vic --role ROLE"
            ),
            (
                ["schedules", "run", "x"], 409, "API-0017", "See what it needs: reconcile schedules show x",
                "See what it needs: odooops schedules list"
            ),
        ] {
            let service = FakeService { request throws(HTTPFault) in
                FakeService.fault(status, code, "it can't be", remedy)
            }
            let result = await (try World(service, typed: ["correct horse"])).run(words)
            #expect(result.error.contains(shown + "\n"), "\(result.story)")
            #expect(!result.error.contains("auth login"), "\(result.story)")
        }
        let sweep: Value = [
            "ending": [["environment": "crm", "phase": "held", "reason": "resume it: reconcile env resume crm"]],
            "targets": [],
        ]
        let explained: Value = [
            "key": "crm", "state": "suspended", "reason": "resume it: reconcile env resume crm",
            "resources": [
                ["key": "a/b", "action": "noop", "decision": "blocked", "reason": "so: reconcile env resume crm"]
            ],
        ]
        let service = FakeService([
            "GET /sweep": sweep, "GET /environments/crm": ["name": "crm"], "GET /explanations": explained,
            "GET /drift": [], "GET /findings": [], "GET /upcoming": [],
        ])
        for words in [["sweep", "--dry-run"], ["env", "explain", "crm"]] {
            let result = await (try World(service)).run(words)
            #expect(result.output.contains("odooops env resume crm"), "\(result.story)")
            #expect(!result.output.contains("reconcile env"), "\(result.story)")
        }
    }

    @Test("Lists are asked for in parts until there are enough, and say when there is more")
    func parts() async throws {
        let service = FakeService { request throws(HTTPFault) in
            let isSecond = request.url.contains("cursor=r2")
            return FakeService.envelope(
                [["id": isSecond ? "3" : "1"], ["id": isSecond ? "4" : "2"]],
                meta: ["next_cursor": isSecond ? "r4" : "r2"])
        }
        let world = try World(service)
        let result = await world.run("runs", "list", "--limit", "3", "--json")
        let expected: Value = [["id": "1"], ["id": "2"], ["id": "3"]]
        #expect(result.json == expected, "\(result.story)")
        #expect(service.routes == ["GET /runs?limit=3", "GET /runs?limit=1&cursor=r2"])
        #expect(result.error.contains("--all"))
    }

    @Test("What a service sends can't move the cursor or change the colours")
    func controlCharacters() async throws {
        let service = FakeService(["GET /environments": [["name": "a\u{1B}[2Jb\nc", "tier": "dev"]]])
        let result = await (try World(service)).run("env", "list")
        #expect(!result.output.contains("\u{1B}") && result.output.contains("a\\u{1b}[2Jb c"), "\(result.story)")
        let turned = FakeService(["GET /environments": [["name": "a", "tier": "dev", "branch": "fix/\u{202E}xat"]]])
        #expect((await (try World(turned)).run("env", "list")).output.contains("fix/\\u{202e}xat"))
        let fault = FakeService { request throws(HTTPFault) in FakeService.fault(500, "X-1", "a\u{1B}[2Jb", nil) }
        #expect(!(await (try World(fault)).run("env", "list")).error.contains("\u{1B}"))
    }
}
