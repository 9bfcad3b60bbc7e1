import Basics
import Formats
import Testing
import Web

@testable import Simulator

/// Each fault does what it says: whether the effect happened, and what arrived.
@Suite struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        /// The status that the caller sees; 0: the connection was dropped.
        let status: Int
        let hasEffect: Bool
        var testDescription: String { kind }
    }

    @Test(arguments: [
        Case(kind: "429", status: 429, hasEffect: false), Case(kind: "429=17", status: 429, hasEffect: false),
        Case(kind: "500-before", status: 500, hasEffect: false), Case(kind: "500-after", status: 500, hasEffect: true),
        Case(kind: "drop-before", status: 0, hasEffect: false), Case(kind: "drop-after", status: 0, hasEffect: true),
        Case(kind: "timeout-before=30", status: 504, hasEffect: false),
        Case(kind: "timeout-after=30", status: 201, hasEffect: true),
        Case(kind: "slow=2", status: 201, hasEffect: true),
        Case(kind: "html=502", status: 502, hasEffect: false), Case(kind: "html=200", status: 200, hasEffect: false),
        Case(kind: "truncated-json", status: 201, hasEffect: true),
        Case(kind: "broken-transfer", status: 201, hasEffect: true),
    ])
    func aWriteIsHitOnce(_ item: Case) async throws {
        let (client, _) = try makeClient()
        client.simulator.order(try FaultOrder(text: "POST /v2/tags \(item.kind)"))
        let body: Value = json(#"{"name": "ops"}"#)
        #expect(await client.get("/v2/tags").status == 200, "another request passes")
        let hit = await client.post("/v2/tags", body)
        #expect((hit.fault == .drop ? 0 : hit.status) == item.status)
        let delays = ["timeout-before=30": 30, "timeout-after=30": 30, "slow=2": 2]
        #expect(hit.delay == .seconds(delays[item.kind] ?? 0))
        #expect(hit.header("retry-after") == (item.kind == "429=17" ? "17" : nil))
        #expect(
            (hit.header("content-type") == "text/html" || hit.header("Content-Type") == "text/html")
                == item.kind.hasPrefix("html"))
        if item.kind == "truncated-json" { #expect(hit.body == .null && hit.text.hasPrefix("{\"tag\"")) }
        if item.kind == "broken-transfer" { #expect(hit.fault == .truncate(after: hit.bytes.count / 2)) }
        let list = await client.get("/v2/tags")
        #expect(list["meta"]["total"]?.intValue == (item.hasEffect ? 1 : 0))
        #expect(client.simulator.pendingOrders.isEmpty)
        let log = client.simulator.requestLog
        #expect(log.map(\.status) == [200, item.status, 200])
        #expect(log[1].fault == (item.kind == "html=200" ? "html=200" : item.kind))
        #expect(await client.post("/v2/tags", body).status == 201)
    }

    @Test func anEffectCanComeAfterTheCallerHasGoneAway() async throws {
        let (client, time) = try makeClient()
        client.simulator.order(FaultOrder("POST", "/v2/droplets", .lateEffect(.seconds(4))))
        #expect(await client.post("/v2/droplets", droplet("late")).fault == .drop)
        #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == 0)
        time.advance(by: .seconds(4))
        #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == 1)
    }

    @Test func aNewThingCanBeMissingForAWhile() async throws {
        let (client, _) = try makeClient()
        client.simulator.order(FaultOrder("POST", "/v2/droplets", .notFoundAfterCreate(reads: 2)))
        let id = await client.post("/v2/droplets", droplet("new"))["droplet"]["id"]?.intValue ?? 0
        for status in [404, 404, 200] { #expect(await client.get("/v2/droplets/\(id)").status == status) }
    }

    @Test func aStaleReadMissesTheLastWrites() async throws {
        let (client, time) = try makeClient()
        for name in ["a", "b", "c"] { _ = await client.post("/v2/droplets", droplet(name)) }
        client.simulator.order(FaultOrder("GET", "/v2/droplets", .staleRead(writes: 2), times: 2))
        for total in [1, 1, 3] { #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == Int64(total)) }
        // What was written long ago is never missing.
        time.advance(by: .seconds(61))
        client.simulator.order(FaultOrder("GET", "/v2/droplets", .staleRead(writes: 2)))
        #expect(await client.get("/v2/droplets")["meta"]["total"]?.intValue == 3)
    }

    @Test(arguments: [(1, 21, 44), (-1, 19, 46)])
    func laterPagesCanShift(by: Int, first: Int, total: Int) async throws {
        let (client, _) = try makeClient()
        let ids = client.simulator.seedDroplets(count: 45)
        client.simulator.order(FaultOrder("GET", "/v2/droplets", .shiftedPages(by: by), times: 2))
        let one = await client.get("/v2/droplets")
        #expect(one["droplets"][0]?["id"]?.intValue == Int64(ids[0]))
        #expect(one["meta"]["total"]?.intValue == 45)
        let two = await client.get("/v2/droplets?page=2")
        #expect(two["droplets"][0]?["id"]?.intValue == Int64(ids[first]))
        #expect(two["meta"]["total"]?.intValue == Int64(total))
    }

    @Test func anActionCanEndInError() async throws {
        let (client, time) = try makeClient { $0.lifecycle = .timed(.seconds(5)) }
        client.simulator.order(FaultOrder("POST", "/v2/droplets", .actionErrors))
        let made = await client.post("/v2/droplets", droplet("never"))
        let action = made["links"]["actions"]?[0]?["id"]?.intValue ?? 0
        time.advance(by: .seconds(5))
        #expect(await client.get("/v2/actions/\(action)")["action"]["status"]?.stringValue == "errored")
        #expect(await client.get("/v2/droplets/\(made["droplet"]["id"]?.intValue ?? 0)").status == 404)

        let id = client.simulator.seedDroplets(count: 1)[0]
        client.simulator.order(FaultOrder("POST", "/v2/droplets/*/actions", .actionErrors))
        _ = await client.post("/v2/droplets/\(id)/actions", json(#"{"type": "power_off"}"#))
        time.advance(by: .seconds(5))
        let droplet = await client.get("/v2/droplets/\(id)")
        #expect(droplet["droplet"]["status"]?.stringValue == "active")
        #expect(droplet["droplet"]["locked"]?.boolValue == false)
    }

    @Test(arguments: [
        ("GET", "/v2/droplets", "GET", "/v2/droplets", true), ("*", "**", "PUT", "/v2/a/b", true),
        ("get", "/v2/*", "GET", "/v2/droplets", true), ("GET", "/v2/*", "GET", "/v2/droplets/1", false),
        ("GET", "/v2/**", "GET", "/v2/droplets/1", true), ("POST", "/v2/droplets", "GET", "/v2/droplets", false),
        ("GET", "/v2/dropl*s", "GET", "/v2/droplets", true), ("GET", "/v2/d*x", "GET", "/v2/droplets", false),
        ("GET", "**/actions", "GET", "/v2/droplets/7/actions", true), ("GET", "", "GET", "/v2", false),
    ])
    func ordersMatchByMethodAndGlob(method: String, glob: String, asked: String, path: String, matches: Bool)
        async throws
    {
        let (client, _) = try makeClient()
        client.simulator.order(FaultOrder(method, glob, .dropBefore))
        #expect((await client.send(asked, path).fault == .drop) == matches)
    }

    @Test func ordersAreReadAndWrittenAsText() throws {
        for text in [
            "POST /v2/droplets drop-after x2", "GET ** 429=30 x1 +3", "* /v2/tags timeout-before=1.5 x1",
            "GET /v2/droplets stale-read=2 x3", "GET /v2/droplets shifted-pages=-1 x1",
            "GET ** slow-body=2 x1",
        ] {
            #expect(try FaultOrder(text: text).text == text)
            #expect(try FaultOrder(.string(text)) == FaultOrder(text: text))
        }
        #expect(
            try FaultOrder(json(#"{"method": "POST", "path": "/v2/tags", "kind": "500-after", "times": 3}"#))
                == FaultOrder("POST", "/v2/tags", .serverErrorAfter, times: 3))
        for text in [
            "", "POST", "POST /v2/tags nothing", "POST /v2/tags 429=abc", "POST /v2/tags 429 y3",
            "POST /v2/tags slow=nan", "POST /v2/tags 429 x0",
        ] {
            let fault = #expect(throws: SimulatorFault.self) { try FaultOrder(text: text) }
            #expect(fault?.code == "SIM-0002")
        }
    }

    /// What would wait for ever, and what is said of it.
    @Test(arguments: [
        ("PSOT /v2/droplets drop-after", "nobody asks by PSOT", "did you mean POST?"),
        ("POST /v2/droplet drop-after", "serves no path like /v2/droplet", "did you mean /v2/droplets?"),
        ("POST /v2/droplets/7/action drop-after", "serves no path", "did you mean /v2/droplets/7/actions?"),
        ("POST /digitalocean/v2/droplets drop-after", "serves no path", "did you mean /v2/droplets?"),
        ("GET /v1/projects/*/secrets 429", "serves no path", "did you mean /supabase/v1/projects/*/secrets?"),
        ("GET /githb/repos/** 429", "serves no path", "did you mean /github/repos/**?"),
        ("GET /plane/**/states 429", "serves no path", "did you mean /plane/**/states/?"),
        ("GET /v2/droplets?page=2 429", "serves no path", "did you mean /v2/droplets?"),
        ("GET /azure/vms 429", "serves no path", "docs/simulator.md"),
        (
            "PATCH /v2/droplets/* 500-after", "not asked by PATCH, only by GET, POST, DELETE",
            "did you mean GET /v2/droplets/*?"
        ),
        ("POST /v2/tags soft-failure", "soft-failure has no meaning there", "which provider knows which fault"),
        ("POST /supabase/** queued", "queued has no meaning there", "docs/simulator.md"),
        ("POST /v2/droplets stale-read=1", "stale-read=1 has no meaning there", "reads or writes"),
        ("GET /v2/droplets 404-after-create", "has no meaning there", "reads or writes"),
        ("GET /v2/droplets late-effect", "has no meaning there", "reads or writes"),
        ("* /github/** 412", "412 has no meaning there", "docs/simulator.md"),
    ])
    func anOrderThatNothingCanAnswerToIsRefused(_ text: String, _ why: String, _ hint: String) async throws {
        let (client, _) = try makeClient()
        let fault = #expect(throws: SimulatorFault.self) { try FaultOrder(text: text) }
        #expect(fault?.code == "SIM-0005" && fault?.message.contains(why) == true, "\(fault?.message ?? "-")")
        #expect(fault?.hint?.contains(hint) == true, "\(fault?.hint ?? "-")")
        let words = text.split(separator: " ").map { Value.string(String($0)) }
        let order = Value.members(["method": words[0], "path": words[1], "kind": words[2]])
        let answer = await client.post("/_simulator/faults", order)
        #expect(answer.status == 400 && answer["code"].stringValue == "SIM-0005", "\(answer.text)")
        #expect(answer["message"].stringValue?.contains(hint) == true, "\(answer.text)")
        #expect(client.simulator.pendingOrders.isEmpty)
    }

    /// Two globs meet where some path answers to both.
    @Test(arguments: [
        ("**", true), ("*", false), ("/v2/**/actions", true), ("**/records/*", true), ("/v2/*/*/actions", true),
        ("/v2/drop*", true), ("/v2/*x", false), ("/v2/*/*/*/*/*/*", false), ("/github/**/protection", true),
        ("/github/repos/a/b/branches/release/1.0/protection", true), ("/spaces/bucket/any/key.txt", true),
        ("/supabase/v1/*", true), ("/supabase/v2/*", false), ("", false), ("/v2/droplets**", true),
    ])
    func aGlobMeetsWhatIsServed(_ glob: String, _ isServed: Bool) {
        #expect(ServedPath.all.contains { $0.meets(glob) } == isServed)
    }

    /// By the provider's prefix and by its host; what nobody serves is named by no order.
    @Test(arguments: [
        ("GET", "/v2/droplets/7", "do.test", true), ("GET", "/digitalocean/v2/droplets/7", "127.0.0.1", true),
        ("GET", "/v2/droplets/7/kernels", "do.test", false), ("PATCH", "/v2/droplets/7", "do.test", false),
        ("GET", "/repos/a/b/branches/release/1.0/protection", "github.test", true),
        ("GET", "/github/repos/a/b/branches/release/1.0/protection", "127.0.0.1", true),
        ("PUT", "/repos/a/b/branches/release/1.0", "github.test", false), ("GET", "/", "spaces.test", true),
        ("PUT", "/bucket/any/key.txt", "spaces.test", true), ("POST", "/bucket", "spaces.test", false),
        ("GET", "/api/v1/workspaces/acme/projects/", "plane.test", true), ("GET", "/v2", "do.test", false),
    ])
    func anOrderCanNameWhatIsServed(_ method: String, _ path: String, _ host: String, _ isServed: Bool) throws {
        let (client, _) = try makeClient()
        let request = WebRequest(method: method, path: path, headers: [("Host", host)])
        #expect(client.simulator.canOrder(faultOf: request) == isServed)
    }

    @Test func skippingAndRepeating() async throws {
        let (client, _) = try makeClient()
        client.simulator.order(try FaultOrder(text: "GET /v2/account 500-before x2 +1"))
        var statuses: [Int] = []
        for _ in 0..<5 { statuses.append(await client.get("/v2/account").status) }
        #expect(statuses == [200, 500, 500, 200, 200])
    }

    @Test(arguments: UInt64(0)..<8)
    func aSeedDecidesWhatIsHit(seed: UInt64) async throws {
        func run(_ seed: UInt64) async throws -> [String] {
            let (client, _) = try makeClient { $0.faults = .random(seed: seed, rate: 0.3) }
            for number in 0..<100 {
                _ =
                    number % 3 == 0
                    ? await client.post("/v2/droplets", droplet("d\(number)")) : await client.get("/v2/droplets")
            }
            return client.simulator.requestLog.map { $0.fault ?? "-" }
        }
        let first = try await run(seed)
        #expect(try await run(seed) == first)
        #expect(try await run(seed + 100) != first)
        #expect((15...45).contains(first.filter { $0 != "-" }.count))
    }

    /// What nobody reads would do nothing, and the test that ordered it would pass for that.
    @Test(arguments: [
        ("faults", #"{"seed": 1, "rate": 2}"#, "SIM-0002"), ("faults", #"{"seed": 1}"#, "SIM-0002"),
        ("faults", #"{"rate": 0.1, "kind": "html"}"#, "SIM-0002"),
        ("faults", #"{"rate": 0.1, "seed": -1}"#, "SIM-0002"),
        ("faults", #"{"kind": "html", "time": 2}"#, "SIM-0002"),
        ("faults", #"{"kind": "html", "times": "2"}"#, "SIM-0002"),
        ("faults", #"{"kind": "html", "path": 7}"#, "SIM-0002"), ("faults", "7", "SIM-0002"),
        ("faults", #"[{"kind": "html"}, {"kind": "nonsense"}]"#, "SIM-0002"),
        ("world", #"{"droplet": []}"#, "SIM-0003"), ("world", #"{"droplet_count": 1, "tag": []}"#, "SIM-0003"),
        ("time", #"{"advance": 10}"#, "SIM-0003"),
        ("accounts/plane", #"{"workspaces": {"acme": []}}"#, "SIM-0003"),
        ("accounts/plane", #"{"workspaces": {"acme": {"project": []}}}"#, "SIM-0003"),
        ("accounts/supabase", #"{"project": []}"#, "SIM-0003"), ("accounts/github", #"{"repos": []}"#, "SIM-0003"),
        ("accounts/slack", #"{"channel": []}"#, "SIM-0003"), ("accounts/vercel", "[]", "SIM-0003"),
        ("accounts/mailgun", #"{"domains": [], "events": []}"#, "SIM-0003"),
        ("accounts/spaces", #"{"buckets": [], "objects": {}}"#, "SIM-0003"),
    ])
    func anOrderWithWhatNobodyReadsIsRefused(_ place: String, _ body: String, _ code: String) async throws {
        let (client, _) = try makeClient()
        let world = client.simulator.snapshot()
        let answer = await client.post("/_simulator/\(place)", json(body))
        #expect(answer.status == 400 && answer["code"].stringValue == code, "\(answer.text)")
        #expect(client.simulator.pendingOrders.isEmpty && client.simulator.snapshot() == world)
        #expect(await client.get("/v2/account").status == 200)
    }

    @Test func aNewAccountIsFurnishedWhereThatIsAskedFor() throws {
        var options = SimulatorOptions(limits: .generous)
        func variables(_ simulator: Simulator) -> [String: String] {
            Dictionary(
                simulator.environment(at: "http://here").map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        }
        let bare = variables(try Simulator(options: options))
        #expect(bare["SUPABASE_PROJECT_ID"] == nil && bare["PLANE_WORKSPACE"] == "simulated")
        options.isFurnished = true
        let simulator = try Simulator(options: options)
        let reference = simulator.account("supabase")["projects"]?[0]?["ref"]?.stringValue
        #expect(reference?.utf8.count == 20 && variables(simulator)["SUPABASE_PROJECT_ID"] == reference)
        try simulator.seed("plane", ["workspaces": ["acme": ["projects": [["identifier": "OPS", "name": "Ops"]]]]])
        #expect(variables(simulator)["PLANE_WORKSPACE"] == "acme")
        // Of several nobody can say which is meant.
        try simulator.seed("supabase", ["projects": [["name": "second"]]])
        try simulator.seed("plane", ["workspaces": ["b": ["projects": [["identifier": "B", "name": "B"]]]]])
        #expect(variables(simulator)["SUPABASE_PROJECT_ID"] == nil && variables(simulator)["PLANE_WORKSPACE"] == nil)
    }

    @Test func theControlEndpointOrdersListsAndForgets() async throws {
        let (client, _) = try makeClient()
        let made = await client.post(
            "/_simulator/faults", json(#"["GET /v2/account 429=5", {"method": "*", "kind": "html"}]"#))
        #expect(made["orders"].listValue?.count == 2)
        #expect(await client.post("/_simulator/faults", json(#""nonsense""#)).status == 400)
        #expect(await client.get("/v2/account").status == 429)
        #expect(await client.get("/_simulator/faults")["orders"].listValue?.count == 1)
        #expect(await client.delete("/_simulator/faults")["orders"].listValue == [])
        #expect(await client.get("/v2/account").status == 200)
        let log = await client.get("/_simulator/requests")
        #expect(log.body.listValue?.compactMap { $0["status"]?.intValue } == [429, 200])
        #expect(log.body[0]?["fault"]?.stringValue == "429=5")
        #expect(await client.post("/_simulator/world", json(#"{"droplet_count": 3}"#))["droplets"].intValue == 3)
        #expect(await client.get("/_simulator/nothing").status == 404)
        _ = await client.post("/v2/droplets", droplet("x"))
        #expect(
            await client.post("/_simulator/time", json(#"{"advance_seconds": 10}"#))["now"].stringValue
                == "\(start + .seconds(10))")
        let list = await client.get("/v2/droplets")
        #expect(list["droplets"].listValue?.allSatisfy { $0["status"]?.stringValue == "active" } == true)
    }
}
