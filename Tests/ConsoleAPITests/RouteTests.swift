import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing
import Web

@testable import ConsoleAPI

@Suite struct RouteTests {
    /// Fills the names of a path with things that are there.
    private static func path(_ route: APIRoute, _ world: APIWorld) -> String {
        let names = [
            "{environment}": "staging", "{run}": world.runID, "{delivery}": "none", "{key}": "nobody",
            "{deployment}": "none",
            "{code}": "API-0001",
            "{schedule}": "none", "{notice}": "none", "{user}": "nobody",
        ]
        let path = route.path.split(separator: "/").map { names[String($0)] ?? String($0) }.joined(separator: "/")
        guard !path.isEmpty else { return "" }
        let queries = ["explain": "?key=digitalocean.droplet/erp", "queryMetricsRange": "?figure=runs"]
        return "/\(path)\(queries[route.id] ?? "")"
    }

    private static func body(_ route: APIRoute) -> Value? {
        guard case .object(let fields, _)? = route.body else { return nil }
        let samples: [String: Value] = [
            "days": 2, "reason": "why", "key": "digitalocean.droplet/erp", "run": "latest", "name": "x",
            "password": "wrong-password", "roles": ["viewer"], "secrets": ["KEY"],
            "environments": ["staging"],
        ]
        var object = Value.Object()
        for field in fields where field.isRequired { object[field.name] = samples[field.name] ?? .null }
        return .object(object)
    }

    /// Every route for every role: allowed is never 401 or 403, not allowed is nothing else.
    @Test func eachRouteAsksForItsRole() async throws {
        let world = try await APIWorld()
        try await world.fill()
        var asked = 0
        for route in world.api.routes {
            let path = Self.path(route, world)
            let nobody = try await world.send(route.method, path, body: Self.body(route))
            if route.permission == nil {
                #expect(nobody.status != 403, "\(route.id)")
                let ownLogin = ["logIn", "logOut", "changePassword"]
                #expect(nobody.status != 401 || ownLogin.contains(route.id), "\(route.id)")
                continue
            }
            #expect(nobody.status == 401, "\(route.id) answers somebody without a key")
            #expect(nobody.headers["WWW-Authenticate"] != nil)
            let forged = try await world.send(route.method, path, as: "odops_" + String(repeating: "0", count: 64))
            #expect(forged.status == 401 && forged.code == "ACCESS-0002", "\(route.id)")
            for role in Role.allCases {
                let answer = try await world.send(route.method, path, as: role.rawValue, body: Self.body(route))
                let mayPass = role >= (route.permission?.minimumRole ?? .owner)
                let isRefused = answer.status == 401 || answer.status == 403
                #expect(isRefused == !mayPass, "\(role) at \(route.id): \(answer.status)")
                if isRefused { #expect(answer.code == "ACCESS-0003" && answer.data == .null) }
                asked += 1
            }
            let local = try await world.send(route.method, path, as: "developer@staging", body: Self.body(route))
            let isRefused = local.status == 403
            let mayPass =
                route.permission?.minimumRole ?? .owner <= .developer && route.place != .project
            #expect(isRefused == !mayPass, "a developer at staging at \(route.id): \(local.status)")
        }
        #expect(asked >= 4 * 30)
        // At the other environment they may nothing.
        let other = try await world.send("POST", "/environments/feature-a/pin", as: "developer@staging", body: [:])
        #expect(other.status == 403)
        let list = try await world.send("GET", "/environments", as: "developer@staging")
        #expect(list.data.listValue?.compactMap { $0["name"]?.stringValue } == ["staging"])
    }

    /// Those that need what only a pass leaves behind: `ExampleAnswersTests` asks them after real ones.
    private static let ofPasses: Set<String> = [
        "explain", "getPlan", "listPlans", "queryMetrics", "getDeployment", "listBackups",
        "getSweep",
    ]

    /// What a route says of itself is what it answers: no member that the document doesn't know, and none left out.
    @Test func eachAnswerHasTheFormThatTheDocumentPromises() async throws {
        let world = try await APIWorld()
        try await world.fillEveryList()
        let delivery = try #require(try await world.store.deliveryPage(limit: 1).rows.first?.id)
        var (members, found): (Set<String>, Set<String>) = ([], [])
        for route in world.api.routes where !route.isBare {
            let path = Self.path(route, world)
                .replacing("/deliveries/none", with: "/deliveries/\(delivery)")
                .replacing("/keys/nobody", with: "/keys/viewer")
            let answer = try await world.send(route.method, path, as: "owner", body: Self.body(route))
            if !route.isWrite, !Self.ofPasses.contains(route.id) {
                #expect(answer.status == 200, "\(route.id): \(answer.body)")
                if let rows = answer.data.listValue { #expect(!rows.isEmpty, "\(route.id) proves something") }
            }
            #expect(answer.status < 500 || answer.code == "API-0012", "\(route.id): \(answer.status) \(answer.body)")
            #expect(answer.body.objectValue?.members.map(\.name) == ["data", "meta", "errors"], "\(route.id)")
            #expect(answer.headers["Content-Type"]?.hasPrefix("application/json") == true)
            #expect(answer.headers["Content-Security-Policy"] == SecurityHeaders.dataPolicy)
            members.formUnion(LeftOut.members(of: route.answer, in: route.id))
            guard answer.status < 300 else {
                #expect(answer.data == .null && answer.error != nil && answer.code != nil)
                continue
            }
            #expect(answer.status == route.status, "\(route.id)")
            #expect(route.answer.problem(answer.data, at: route.id) == nil)
            found.formUnion(LeftOut.found(in: answer.data, route.answer, at: route.id))
            if route.isPaged { #expect(answer.body["meta"]?["next_cursor"] != nil, "\(route.id)") }
        }
        // What no answer here has proves nothing of its form: each of these is seen by another test.
        #expect(members.subtracting(found).filter { !Self.isSeenElsewhere($0) }.sorted() == [])
    }

    /// By `FullAnswerTests`, by the tests of who sees a part, and by `ExampleAnswersTests` after real passes.
    private static func isSeenElsewhere(_ member: String) -> Bool {
        let full = ["Plan", "Change", "AttributeChange", "PlannedDrift", "EnvironmentOutlook", "Diagnostic"]
        let real = ["Run", "RunSummary", "RunMetadata", "Evidence"]
        return (full + real).contains { member.hasPrefix("\($0).") } || member.hasSuffix(".only_environments")
            || [
                "ExplainedAttribute.before", "PruneCandidate.needs_approval", "Status.loop", "Status.loop.last_fault",
                "Status.shards", "Status.unknown_because",
            ].contains(member)
    }

    @Test func theOpenAPIDocumentHoldsEveryRouteOnce() async throws {
        let world = try await APIWorld()
        let document = try await world.send("GET", "/openapi.json").body
        #expect(document["openapi"] == "3.1.0")
        var operations: [String] = []
        for path in document["paths"]?.objectValue?.members ?? [] {
            for method in path.value.objectValue?.members ?? [] {
                operations.append(method.value["operationId"]?.stringValue ?? "")
            }
        }
        #expect(operations.sorted() == world.api.routes.map(\.id).sorted())
        #expect(Set(operations).count == operations.count)
    }

    /// `UPDATE_GOLDENS=1` writes the list in docs/api.md anew.
    @Test func theManualShowsEachRouteWithAnExample() async throws {
        let path = "\(Places.packageRoot)/docs/api.md"
        let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
        let head = text[..<(try #require(text.firstRange(of: "# Routes\n")).upperBound)]
        let wanted = head + APIDocument.routes(try await APIWorld(withKeys: false).api.routes)
        if ProcessEnvironment.variables()["UPDATE_GOLDENS"] == "1" { try FileSystem.write(wanted.utf8, to: path) }
        #expect(
            String(decoding: try FileSystem.read(path), as: UTF8.self) == String(wanted), "UPDATE_GOLDENS=1 writes it")
        for route in try await APIWorld(withKeys: false).api.routes {
            let example = APIDocument.example(of: route)
            #expect(example.hasPrefix("curl ") && !example.contains("{}\"") && !example.contains("null"), "\(route.id)")
        }
    }

    @Test func whatAnErrorNamesAsItsPageIsThere() async throws {
        let world = try await APIWorld()
        let refused = try await world.send("GET", "/nothing", as: "owner")
        let docs = try #require(refused.body["errors"]?.listValue?.first?["docs"]?.stringValue)
        #expect(docs == "/api/v1/errors/API-0001")
        // To whoever asks: also to those who were refused for who they are.
        for (code, status) in [("API-0001", 200), ("NONE-0001", 404), ("..%2FAPI-0001", 404), ("api-0001", 404)] {
            let page = try await world.send("GET", "/errors/\(code)")
            #expect(page.status == status, "\(code): \(page.status)")
            #expect(status != 200 || page.body["data"]?["text"] == "# API-0001: a page\n")
        }
    }

    @Test func theLinkToAPageIsWholeWhereTheServiceKnowsItsAddress() async throws {
        let page = "/api/v1/errors/API-0001"
        func docs(_ world: APIWorld, _ headers: [(String, String)], _ peer: String) async throws -> String? {
            try await world.send("GET", "/nothing", as: "owner", headers: headers, peer: peer)
                .body["errors"]?[0]?["docs"]?.stringValue
        }
        let world = try await APIWorld()
        let known = try await APIWorld(address: "https://ops.example.com")
        for (headers, peer, link) in [
            ([], "127.0.0.1", "http://127.0.0.1:8080" + page),
            ([("Host", "localhost")], "::1", "http://localhost" + page),
            ([("Host", "[::1]:8443")], "::1", "http://[::1]:8443" + page),
            // What others call the service is no address to send anybody to.
            ([("Host", "evil.example")], "127.0.0.1", page),
            ([("Host", "localhost:80@evil.example")], "::1", "http://localhost" + page),
            ([("X-Forwarded-Host", "evil.example")], "127.0.0.1", page), ([], "192.0.2.7", page),
        ] as [([(String, String)], String, String)] {
            #expect(try await docs(world, headers, peer) == link, "\(headers) \(peer)")
            #expect(try await docs(known, headers, peer) == "https://ops.example.com" + page)
        }
        let refused = try #require(
            known.api.refusal(ofTarget: "/api/v1/nothing", status: 431, reason: "too long"))
        #expect(
            String(decoding: refused.body, as: UTF8.self).contains("https://ops.example.com/api/v1/errors/API-0014"))
    }

    @Test func aHeaderIsNoQuery() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let refused = try await world.send(
            "POST", "/environments/staging/pin", as: "owner", body: [:], headers: [("Idempotency-Key", "short")])
        #expect(refused.status == 400 && refused.code == "API-0003")
        let message = refused.body["errors"]?[0]?["message"]?.stringValue
        #expect(message == "the header Idempotency-Key has to have 16 to 64 letters, digits, - and _")
        // That no page is at hand is not that there is no such code.
        let missing = try await world.send("GET", "/errors/STORE-0001")
        #expect(missing.body["errors"]?[0]?["message"] == "no page about STORE-0001 is installed with this service")
    }

    @Test("What nobody has looked at is told from what was found clean, and plans are listed with who has to say yes")
    func plansAndLooks() async throws {
        let world = try await APIWorld()
        func get(_ path: String) async throws -> Value { try await world.send("GET", path, as: "viewer").data }
        let before = try await get("/status")
        #expect(before["looked_at"] == .null && before["plan"] == .null && before["drift"] == [:])
        try await world.fill()
        let key = "digitalocean.droplet/erp"
        try await world.store.savePlan(
            runID: world.runID, fingerprint: Digest(of: "p"),
            document: [
                "run_id": .string(world.runID), "changes": [["key": .string(key), "decision": "needs_approval"]],
            ])
        #expect(try await get("/status")["unknown_because"] == nil)
        var doubted = EnvironmentRow(slug: "unread", tier: .dev, createdAt: APIWorld.now)
        doubted.weigh(doubt: "FMT-0002 at ssot/environments.yaml:66:1: a value is missing here")
        _ = try await world.store.saveEnvironments([doubted])
        let status = try await get("/status")
        #expect(status["environments"]?["unknown"] == 1)
        #expect(status["unknown_because"] == ["FMT-0002 at ssot/environments.yaml:66:1: a value is missing here"])
        #expect(status["looked_at"]?.stringValue == APIWorld.now.description)
        #expect(status["plan"]?["approval"] == "waiting" && status["plan"]?["needed"] == 1)
        let rows = try await get("/plans")
        #expect(rows[0]?["run"]?.stringValue == world.runID && rows[0]?["latest"] == true)
        #expect(rows[0]?["phase"] == "succeeded" && rows[0]?["approval"] == "waiting", "\(rows)")
        let plan = try #require(world.api.routes.first { $0.id == "listPlans" })
        #expect(plan.answer.problem(rows, at: "data") == nil)
        #expect(try await get("/plans?approval=approved") == [])
        _ = try await world.store.grant([
            ApprovalRecord(
                runID: world.runID, key: try #require(ResourceKey(key)), action: "delete", change: Digest(of: "c"),
                approvedBy: "ann", createdAt: APIWorld.now, expiresAt: APIWorld.now + .hours(1))
        ])
        #expect(try await get("/plans?approval=waiting") == [])
        #expect(try await get("/plans?approval=approved")[0]?["approved"] == 1)
        #expect(try await get("/status")["plan"]?["approval"] == "approved")
        world.time.advance(by: .hours(1))
        #expect(try await get("/status")["plan"]?["approval"] == "waiting", "an approval ends")
        #expect((try await world.send("GET", "/plans?approval=maybe", as: "viewer")).status == 400)
    }

    @Test("What runs changed for environments is listed in parts, each sees what is theirs, and one is found by its id")
    func deployments() async throws {
        let world = try await APIWorld()
        try await world.fill()
        for (index, environment) in ["staging", "feature-a", nil].enumerated() {
            var entry = JournalEntry(
                runID: world.runID, stepID: "s\(index)",
                key: try #require(ResourceKey("digitalocean.droplet/d\(index)")),
                action: .create, operation: "create", title: "create", environment: environment, input: [:],
                intendedAt: APIWorld.now + .seconds(index))
            try await world.store.intend(entry)
            guard index != 1 else { continue }
            entry.state = index == 0 ? .done : .failed
            entry.output = [:]
            entry.finishedAt = APIWorld.now + .seconds(index + 1)
            try await world.store.settle(entry)
        }
        func names(_ answer: APIWorld.Answer) -> [String] {
            (answer.data.listValue ?? []).map { $0["environment"]?.stringValue ?? "shared" }
        }
        let all = try await world.send("GET", "/deployments", as: "viewer")
        #expect(names(all) == ["shared", "feature-a", "staging"], "\(all.body)")
        #expect(all.data.listValue?.map { $0["state"]?.stringValue } == ["failed", "unsettled", "success"])
        let first = try await world.send("GET", "/deployments?limit=1", as: "viewer")
        let cursor = try #require(first.body["meta"]?["next_cursor"]?.stringValue)
        let rest = try await world.send("GET", "/deployments?limit=2&cursor=\(cursor)", as: "viewer")
        #expect(names(first) + names(rest) == names(all) && rest.body["meta"]?["next_cursor"] == .null)
        #expect(names(try await world.send("GET", "/deployments", as: "developer@staging")) == ["staging"])
        #expect(names(try await world.send("GET", "/deployments?environment=feature-a", as: "viewer")) == ["feature-a"])
        for role in ["viewer", "developer@staging"] {
            let own = try await world.send("GET", "/environments/staging/deployments", as: role)
            #expect(names(own) == ["staging"], "\(own.body)")
        }
        let others = try await world.send("GET", "/environments/feature-a/deployments", as: "developer@staging")
        #expect(others.status == 403, "\(others.body)")
        let id = try #require(all.data[1]?["id"]?.stringValue)
        #expect(try await world.send("GET", "/deployments/\(id)", as: "viewer").data == all.data[1])
        #expect(try await world.send("GET", "/deployments/\(id)", as: "developer@staging").status == 404)
    }

    @Test("That nobody has looked at backups is told from that there are none")
    func backups() async throws {
        let answer = try await APIWorld().send("GET", "/backups", as: "viewer")
        #expect(answer.status == 404 && answer.code == "API-0007", "\(answer.body)")
        #expect(answer.body["errors"]?[0]?["message"] == "nobody has looked yet at what providers hold")
        let world = try await APIWorld()
        try await world.fill()
        try await world.store.beginSchedules(["backup/staging", "backup/feature-a", "sweep"])
        for role in ["viewer", "developer@staging"] {
            let own = try await world.send("GET", "/databases/staging/backups", as: role)
            #expect(own.status == 200 && own.data["held"] == .null, "\(own.body)")
            #expect(own.data["schedules"]?.listValue?.map { $0["id"] } == ["backup/staging"], "\(own.body)")
        }
        #expect(try await world.send("GET", "/databases/feature-a/backups", as: "developer@staging").status == 403)
        #expect(try await world.send("GET", "/databases/none/backups", as: "viewer").status == 404)
    }

    @Test("Of a name that nothing has it is said who was probably meant, or where the names are")
    func namesThatNothingHas() async throws {
        let world = try await APIWorld()
        try await world.fill()
        func remedy(_ path: String, as role: String = "viewer") async throws -> String {
            let answer = try await world.send("GET", path, as: role)
            #expect(answer.status == 404, "\(path): \(answer.body)")
            return answer.remedy
        }
        #expect(try await remedy("/environments/stagin") == "Did you mean staging? List them: GET /api/v1/environments")
        #expect(try await remedy("/environments/other-name") == "List them: GET /api/v1/environments")
        #expect(try await remedy("/runs/nope") == "List them: GET /api/v1/runs")
        #expect(try await remedy("/plans/nope", as: "developer@staging") == "List them: GET /api/v1/runs")
        let far = try await world.send("GET", "/environments/feature-b", as: "developer@staging")
        #expect(far.status == 403 && !JSON.write(far.body).contains("feature-a"), "nobody learns of another's")
    }

    @Test("Who asks for a figure of an environment that nobody keeps learns which is kept, and where others are")
    func figuresOfEnvironments() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let path = "/environments/staging/metrics"
        #expect(try await world.send("GET", "\(path)?metric=steps&range=1h", as: "viewer").status == 200)
        let refused = try await world.send("GET", "\(path)?metric=cpu&range=1h", as: "viewer")
        let message = refused.body["errors"]?[0]?["message"]?.stringValue ?? ""
        #expect(refused.status == 400 && message.contains("have Prometheus scrape"), "\(refused.body)")
    }

    @Test func whatDiffersIsGivenByKey() async throws {
        let world = try await APIWorld()
        for key in ["digitalocean.droplet/none", "no key at all"] {
            let answer = try await world.send("GET", "/drift?key=\(key)", as: "owner")
            #expect(answer.status == 200 && answer.body["data"] == [], "\(key): \(answer.status)")
        }
    }

    @Test func nothingIsHiddenBehindAnEmptyAnswer() async throws {
        let world = try await APIWorld()
        for (method, path, status, error) in [
            ("GET", "/nothing", 404, "ROUTE_NOT_FOUND"), ("PUT", "/environments", 405, "METHOD_NOT_ALLOWED"),
            ("TRACE", "/runs", 405, "METHOD_NOT_ALLOWED"), ("GET", "/environments/none", 404, "NOT_FOUND"),
            ("GET", "/runs?limit=0", 400, "INVALID_PARAMETER"), ("GET", "/runs?limit=201", 400, "INVALID_PARAMETER"),
            ("GET", "/runs?limit=x", 400, "INVALID_PARAMETER"), ("GET", "/runs?cursor=x", 400, "INVALID_PARAMETER"),
            ("GET", "/runs?limit=1&limit=2", 400, "INVALID_PARAMETER"),
            ("GET", "/runs?lmit=1", 400, "INVALID_PARAMETER"),
            ("GET", "/runs/../../etc/passwd", 404, "ROUTE_NOT_FOUND"), ("GET", "/runs/xyz", 404, "NOT_FOUND"),
            ("GET", "/environments/%00", 404, "NOT_FOUND"), ("GET", "/runs?since=yesterday", 400, "INVALID_PARAMETER"),
        ] {
            let answer = try await world.send(method, path, as: "owner")
            #expect(answer.status == status && answer.error == error, "\(method) \(path): \(answer.status)")
            #expect(answer.body["meta"]?["request_id"]?.stringValue?.isEmpty == false)
            if status == 405 { #expect(answer.headers["Allow"]?.contains("GET") == true) }
        }
    }
}
