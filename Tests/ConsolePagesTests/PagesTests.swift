import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

@testable import ConsolePages

/// Every page, on an empty and on a hostile store.
@Suite struct PagesTests {
    /// Every page: those without a name in their path as they are served from, and one of each of the others.
    static let routes =
        Route.pages.keys.sorted() + [
            "/environments/staging", "/metrics", "/runs/\(Stores.runID)", "/runs/latest", "/plans/\(Stores.runID)",
            "/plans/latest", "/login",
        ]
    /// Those that are about one thing, which an empty store doesn't have.
    static let particular = routes.filter {
        $0.hasPrefix("/environments/") || $0.hasPrefix("/runs/") || $0.hasPrefix("/plans/")
    }

    static func pages(_ store: Store, _ time: SimulatedTime, access: Bool = false, control: AccessControl? = nil)
        -> ConsolePages
    {
        var facts = ConsoleFacts()
        facts.settings = [ConsoleFacts.Setting("This service", "store", planted)]
        facts.secrets = [ConsoleFacts.Presence(planted, reference: "env:X", isPresent: false)]
        let metrics = Metrics()
        metrics.declare("test_total", .counter, planted)
        metrics.add("test_total", 1, ["name": planted])
        let local = access ? AccessControl(store: store, settings: AccessSettings(isLoopback: true), time: time) : nil
        return ConsolePages(
            access: control ?? local,
            store: store, evidence: EvidenceStore(directory: "/nonexistent"), facts: facts, metrics: metrics, time: time
        )
    }

    static func get(_ pages: ConsolePages, _ path: String, _ headers: [(String, String)] = []) async throws
        -> WebResponse
    {
        let parts = path.split(separator: "?", maxSplits: 1)
        let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
            let pieces = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: pieces[0], value: pieces.count > 1 ? pieces[1] : "")
        }
        let request = WebRequest(
            method: "GET", path: String(parts[0]), query: query,
            headers: [("Host", "localhost"), ("Accept", "text/html")] + headers)
        return try #require(await pages.answer(request), "\(path) is a page")
    }

    static func html(_ pages: ConsolePages, _ path: String) async throws -> String {
        String(decoding: try await get(pages, path).body, as: UTF8.self)
    }

    @Test(arguments: [false, true])
    func everyPageStands(isFull: Bool) async throws {
        let (store, time) = try await isFull ? Stores.full() : Stores.empty()
        let pages = Self.pages(store, time)
        for route in Self.routes {
            let response = try await Self.get(pages, route)
            let html = String(decoding: response.body, as: UTF8.self)
            let isMissing = !isFull && Self.particular.contains(route)
            #expect(response.status == (isMissing ? 404 : 200), "\(route)")
            for mark in [
                "<html lang=\"en\"", "<main id=\"main\"", "<nav class=\"side\"", "<h1>", "class=\"skip\"", "<title>",
                "<footer class=\"foot\"", "name=\"viewport\"",
            ] { #expect(html.contains(mark), "\(route) has \(mark)") }
            #expect(html.components("<h1>") == 1, "\(route) has one heading")
            #expect(!html.contains("<script>"), "\(route): a text became an element")
            #expect(!html.contains("hunter"), "\(route): a sensitive value is shown")
            #expect(!html.contains(" style="), "\(route): a style inside the page")
            #expect(!html.contains("src=\"http"), "\(route): something from elsewhere")
            #expect(response.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
            #expect(response.header("Content-Type") == "text/html; charset=utf-8")
            let ids = html.ids
            #expect(Set(ids).count == ids.count, "\(route): an id stands twice")
            let weight = response.body.count + Asset.stylesheet.size + Asset.script.size + Asset.icon.size
            #expect(weight <= 50 * 1_024, "\(route) weighs \(weight)")
        }
        await store.close()
    }

    @Test func hostileTextIsShownAsText() async throws {
        let (store, time) = try await Stores.full()
        let pages = Self.pages(store, time)
        // Where a branch, a value of YAML, a message or a subject must be seen, and is.
        for route in [
            "/", "/environments", "/environments/staging", "/drift", "/runs", "/runs/\(Stores.runID)",
            "/plans/\(Stores.runID)", "/audit", "/logs", "/builds", "/observability", "/settings", "/advisor",
            "/metrics", "/modules",
        ] {
            let html = String(decoding: try await Self.get(pages, route).body, as: UTF8.self)
            #expect(html.contains("&lt;script&gt;"), "\(route)")
        }
        await store.close()
    }

    @Test func driftStandsSideBySideWithItsLine() async throws {
        let (store, time) = try await Stores.full()
        let html = String(decoding: try await Self.get(Self.pages(store, time), "/drift").body, as: UTF8.self)
        for text in ["There now", "Wanted by git", ":12", "changed elsewhere", "reconcile drift ack", "(not shown)"] {
            #expect(html.contains(text), "\(text)")
        }
        await store.close()
    }

    @Test func theChainOfTheAuditLogIsCheckedWhenAsked() async throws {
        let (store, time) = try await Stores.full()
        let pages = Self.pages(store, time)
        let plain = String(decoding: try await Self.get(pages, "/audit").body, as: UTF8.self)
        #expect(!plain.contains("slipped in</p>"))
        let checked = String(decoding: try await Self.get(pages, "/audit?check=chain").body, as: UTF8.self)
        #expect(checked.contains("Nothing was changed, removed or slipped in"))
        await store.close()
    }

    @Test(
        "Where nobody has looked, also after a pass that failed before it could, no page says that there is nothing",
        arguments: [false, true])
    func nobodyHavingLookedIsNotNothing(hasFailed: Bool) async throws {
        let (store, time) = try await Stores.empty()
        if hasFailed {
            var run = RunRecord(
                id: Stores.runID, trigger: .manual, phase: .failed, isDryRun: false, startedAt: testNow)
            try await store.beginRun(run)
            run.error = ["code": "GIT-0001"]
            try await store.updateRun(run)
        }
        for route in [
            "/", "/drift", "/advisor", "/backups", "/deployments", "/platform/digitalocean", "/environments",
        ] {
            let html = String(decoding: try await Self.get(Self.pages(store, time), route).body, as: UTF8.self)
            #expect(html.contains("Nobody has looked yet"), "\(route)")
            for claim in [
                "No drift", "Nothing found", "Nothing was deployed", "No environment yet", "There is no ",
                "Nothing ends by itself", "Nobody is waited for",
            ] { #expect(!html.contains(claim), "\(route) says \(claim)") }
        }
        for (route, tiles) in [
            ("/", ["Environments", "Active nodes", "Open drift"]),
            ("/platform/digitalocean", ["Droplets", "Databases", "Firewalls"]),
        ] {
            let html = String(decoding: try await Self.get(Self.pages(store, time), route).body, as: UTF8.self)
            for tile in tiles {
                let value = html.range(after: "<span class=\"label\">\(tile)</span>", until: "</span>")
                #expect(value.hasSuffix("–"), "\(route), \(tile): \(value)")
            }
        }
        await store.close()
    }

    @Test("A line of the log is words, no JSON")
    func linesAreWords() async throws {
        let (store, time) = try await Stores.empty()
        try await store.beginRun(
            RunRecord(id: Stores.runID, trigger: .manual, phase: .planned, isDryRun: true, startedAt: testNow))
        try await store.appendEvents([
            RunEvent(
                runID: Stores.runID, type: "finished", payload: ["phase": "awaiting_approval", "steps": 2], at: testNow)
        ])
        let html = String(decoding: try await Self.get(Self.pages(store, time), "/logs").body, as: UTF8.self)
        #expect(html.contains("finished steps 2 awaiting approval") && !html.contains("{&quot;phase"))
        await store.close()
    }

    @Test("The advisor's page names whose findings it shows, and says how many it leaves out", arguments: [100, 101])
    func advisorSaysWhatItShows(count: Int) async throws {
        let (store, time) = try await Stores.empty()
        _ = try await store.recordFindings(
            (0..<count).map { index in
                Finding(
                    FindingIdentity(environment: "global", kind: "drift", key: "k\(index)"), evidence: [:],
                    suggestedAction: "look")
            }, at: testNow, isUnknown: { _ in false })
        let html = String(decoding: try await Self.get(Self.pages(store, time), "/advisor").body, as: UTF8.self)
        #expect(html.contains("Findings of convergence") && html.contains("Rules are known after a pass"))
        #expect(html.contains("100 of 101 shown") == (count == 101))
        #expect(!html.contains("global") && html.contains("shared"))
        await store.close()
    }

    @Test("What was approved waits for nobody any more, and does again when the approval ends")
    func approvedChangesWaitForNobody() async throws {
        let (store, time) = try await Stores.full()
        let pages = Self.pages(store, time)
        func overview() async throws -> String { String(decoding: try await Self.get(pages, "/").body, as: UTF8.self) }
        let command = "reconcile approve \(Stores.runID)"
        #expect(try await overview().contains(command))
        let changes = try await store.plan(ofRun: Stores.runID)?["changes"]?.listValue ?? []
        let keys = changes.compactMap { $0["key"]?.stringValue.flatMap { ResourceKey($0) } }
        #expect(keys.count == 1)
        _ = try await store.grant(
            keys.map {
                ApprovalRecord(
                    runID: Stores.runID, key: $0, action: "replace", change: Digest(of: "c"), approvedBy: "ada",
                    createdAt: testNow, expiresAt: testNow + .hours(1))
            })
        let approved = try await overview()
        #expect(!approved.contains(command) && approved.contains("1 approved"))
        #expect(!approved.contains("waiting for a yes") && !approved.contains("Nobody is waited for"))
        time.advance(by: .hours(1))
        #expect(try await overview().contains(command))
        await store.close()
    }

    @Test(
        "A replacement is none of the updates, nor an adoption one of what is made",
        arguments: ["/", "/runs", "/plans"])
    func actionsAreCountedApart(route: String) async throws {
        let (store, time) = try await Stores.empty()
        let summary: Value = [
            "create": 1, "update": 2, "replace": 3, "delete": 4, "adopt": 5, "forget": 6, "blocked": 7,
        ]
        var run = RunRecord(
            id: Stores.runID, trigger: .manual, phase: .succeeded, isDryRun: false, startedAt: testNow)
        run.metadata = ["summary": summary]
        try await store.beginRun(run)
        try await store.updateRun(run)
        try await store.savePlan(
            runID: Stores.runID, fingerprint: Digest(of: "p"), document: ["changes": [], "summary": summary])
        let path = route == "/plans" ? "/plans/latest" : route
        let html = String(decoding: try await Self.get(Self.pages(store, time), path).body, as: UTF8.self)
        if route == "/plans" {
            for (label, count) in [
                ("create", 1), ("update", 2), ("replace", 3), ("delete", 4), ("adopt", 5), ("forget", 6),
            ] {
                let tile = html.range(after: ">To \(label)</span>", until: "</div>")
                #expect(tile.contains(">\(count)</span>"), "\(label): \(tile)")
            }
        } else {
            for text in ["+ 1<", "~ 2<", "−/+ 3<", "− 4<", "← 5<", "→ 6<", "held 7<"] {
                #expect(html.contains(text), "\(route) has \(text)")
            }
        }
        await store.close()
    }

    @Test("Where access is given, the lines for a scraper bring a key; where not, none is asked for")
    func scrapersAreTold() async throws {
        for isGiven in [false, true] {
            let (store, time) = try await Stores.empty()
            let control = AccessControl(store: store, settings: AccessSettings(isLoopback: true), time: time)
            var headers: [(String, String)] = []
            if isGiven {
                let added = try await control.addKey(
                    "ada", grants: [Grant(.owner)], scopes: nil, lasting: nil, by: "test")
                headers = [("Authorization", "Bearer \(added.key.reveal { $0 })")]
            }
            let answer = try await Self.get(Self.pages(store, time, control: control), "/metrics", headers)
            let html = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 200 && html.contains("scrape_configs"), "\(answer.status)")
            for text in ["credentials_file:", "--scope metrics:read", "Authorization: Bearer"] {
                #expect(html.contains(text) == isGiven, "\(text)")
            }
            await store.close()
        }
    }

    @Test func metricsAreForScrapersToo() async throws {
        let (store, time) = try await Stores.empty()
        let pages = Self.pages(store, time)
        for accept in ["*/*", "text/plain", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"] {
            let request = WebRequest(method: "GET", path: "/metrics", headers: [("Accept", accept)])
            #expect(await pages.answer(request) == nil, "\(accept): the exposition format is another's answer")
        }
        #expect(try await Self.get(pages, "/metrics").status == 200)
        await store.close()
    }

    @Test(arguments: [
        ("/theme/dark?back=/runs", 303, "/runs"), ("/theme/dark?back=//evil.example", 303, "/"),
        ("/theme/dark?back=https://evil.example", 303, "/"), ("/theme/dark?back=/\\evil.example", 303, "/"),
        ("/theme/pink", 404, nil), ("/assets/other.css", 404, nil), ("/runs/x", 404, nil), ("/plans/..%2f", 404, nil),
        ("/runs/\(Stores.runID)/evidence/..", 404, nil), ("/runs/\(Stores.runID)/evidence", 404, nil),
        ("/environments/nobody", 404, nil), ("/runbooks/none", 404, nil), ("/nope", 404, nil), ("/a/b/<c>", 404, nil),
    ])
    func oddPaths(path: String, status: Int, location: String?) async throws {
        let (store, time) = try await Stores.full()
        let response = try await Self.get(Self.pages(store, time), path)
        #expect(response.status == status)
        #expect(response.header("Location") == location)
        if path == "/nope" {
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.contains("There is nothing at /nope") && text.contains("<main"))
        }
        await store.close()
    }

    @Test func pagesAreOnlyRead() async throws {
        let (store, time) = try await Stores.empty()
        let pages = Self.pages(store, time)
        for route in Self.routes where route != "/login" {
            let request = WebRequest(method: "POST", path: route, headers: [("Accept", "text/html")])
            #expect(await pages.answer(request)?.status == 405, "\(route)")
        }
        for (route, allowed) in [("/login", "GET, HEAD, POST"), ("/logout", "POST"), ("/", "GET, HEAD")] {
            let answer = await pages.answer(WebRequest(method: "PUT", path: route, headers: [("Accept", "text/html")]))
            #expect(answer?.status == 405 && answer?.headers.contains { $0 == ("Allow", allowed) } == true, "\(route)")
        }
        #expect(await pages.answer(WebRequest(method: "GET", path: "/nothing")) == nil)
        // What programs ask for is answered elsewhere, also to a browser.
        for path in ["/healthz", "/readyz", "/hooks/github", "/api/v1/nothing"] {
            let request = WebRequest(method: "GET", path: path, headers: [("Accept", "text/html")])
            #expect(await pages.answer(request) == nil, "\(path)")
        }
        await store.close()
    }

    /// Forms of other sites neither sign anybody in nor out, and a wrong password gives no cookie.
    @Test func formsOfOtherSitesAreRefused() async throws {
        let (store, time) = try await Stores.full()
        let pages = Self.pages(store, time, access: true)
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: true), time: time)
        _ = try await access.putUser("ada", password: Secret("correct horse battery"), grants: [Grant(.owner)], by: "t")
        func post(_ path: String, _ form: String, _ headers: [(String, String)] = []) async throws -> WebResponse {
            let request = WebRequest(
                method: "POST", path: path, headers: [("Host", "localhost"), ("Accept", "text/html")] + headers,
                body: Array(form.utf8))
            return try #require(await pages.answer(request))
        }
        let form = "name=ada&password=correct+horse+battery&back=%2Fruns"
        for headers in [
            [("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")], [("Origin", "null")],
        ] {
            let refused = try await post("/login", form, headers)
            #expect(refused.status == 403 && refused.header("Set-Cookie") == nil, "\(headers)")
        }
        let wrong = try await post("/login", "name=ada&password=wrong&back=%2Fruns")
        #expect(wrong.status == 401 && wrong.header("Set-Cookie") == nil)
        // As a browser sends it: a policy that keeps even our own pages' address from us would make the origin null.
        let own = [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")]
        let login = try await post("/login", form, own)
        #expect(login.status == 303 && login.header("Location") == "/runs")
        #expect(login.header("Referrer-Policy") == "same-origin")
        let cookie = try #require(login.header("Set-Cookie")).prefix { $0 != ";" }
        for fields in ["", "csrf_token=0000"] {
            #expect(try await post("/logout", fields, [("Cookie", "\(cookie)")]).status == 403)
        }
        #expect(try await Self.get(pages, "/runs", [("Cookie", "\(cookie)")]).status == 200, "the session goes on")
        await store.close()
    }

    @Test func whoeverWasGivenNothingIsSentToTheLogin() async throws {
        let (store, time) = try await Stores.full()
        let pages = Self.pages(store, time, access: true)
        #expect(try await Self.get(pages, "/").status == 200, "this machine reads as long as nobody was given access")
        let foreign = WebRequest(
            method: "GET", path: "/runs", headers: [("Host", "evil.example"), ("Accept", "text/html")],
            peer: "127.0.0.1")
        #expect(await pages.answer(foreign)?.status != 200, "another name for this machine is not believed")
        let far = WebRequest(method: "GET", path: "/runs", headers: [("Host", "localhost")], peer: "198.51.100.7")
        for route in Self.routes where route != "/login" {
            let request = WebRequest(
                method: "GET", path: route, headers: [("Host", "localhost"), ("Accept", "text/html")], peer: far.peer)
            let response = await pages.answer(request)
            #expect(response?.status == 303, "\(route)")
            #expect(response?.header("Location")?.hasPrefix("/login?back=") == true, "\(route)")
        }
        let feed = WebRequest(method: "GET", path: "/events", headers: [("Host", "localhost")], peer: far.peer)
        #expect(await pages.answer(feed)?.status == 401)
        await store.close()
    }
}

extension WebResponse {
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension String {
    func components(_ part: String) -> Int {
        var (count, rest) = (0, self[...])
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }

    /// The ids of all elements.
    var ids: [String] {
        var (all, rest): ([String], Substring) = ([], self[...])
        while let range = rest.firstRange(of: " id=\"") {
            rest = rest[range.upperBound...]
            all.append(String(rest.prefix { $0 != "\"" }))
        }
        return all
    }
}
