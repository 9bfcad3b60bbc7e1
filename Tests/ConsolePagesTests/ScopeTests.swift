import Basics
import ConsoleAPI
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Store
import Testing
import Web

@testable import ConsolePages

/// A key sees of a page what it sees of the API.
@Suite struct ScopeTests {
    /// Each page, with the route of the API that gives the same.
    private static let pages: [(page: String, route: String)] = [
        ("/", "/runs"), ("/environments", "/environments"), ("/environments/staging", "/environments/staging"),
        ("/runs", "/runs"), ("/runs/latest", "/runs/latest"), ("/plans/latest", "/runs/latest"), ("/drift", "/drift"),
        ("/audit", "/audit-logs"), ("/metrics", "/metrics"), ("/observability", "/runs"), ("/logs", "/runs"),
        ("/integrations", "/integrations"), ("/maintenance", "/runs"), ("/settings", "/runs"),
        ("/database", "/runs"), ("/advisor", "/findings"), ("/modules", "/modules"),
    ]
    private static let audited = "who-changed-something"

    @Test(arguments: Permission.allCases) func aKeyWithOneScopeSeesWhatTheAPIGivesIt(scope: Permission) async throws {
        let (store, time) = try await Stores.full()
        var settings = AccessSettings(isLoopback: false)
        settings.keyLimit = 0
        let access = AccessControl(store: store, settings: settings, time: time)
        let api = APIEndpoints(APIServices(store: store, access: access, time: time))
        let pages = PagesTests.pages(store, time, control: access)
        let key = try await access.addKey(
            "one", grants: [Grant(.owner)], scopes: [scope], lasting: nil, by: Self.audited
        ).key.reveal { $0 }
        func request(_ path: String, query: [(name: String, value: String)] = []) -> WebRequest {
            WebRequest(
                method: "GET", path: path, query: query,
                headers: [("Host", "ops"), ("Accept", "text/html, */*"), ("Authorization", "Bearer \(key)")],
                peer: "192.0.2.1")
        }
        let mayAudit = await api.answer(request("/api/v1/audit-logs")).status == 200
        #expect(mayAudit == (scope == .readAudit))
        for (page, route) in Self.pages {
            let shown = try #require(await pages.answer(request(page)))
            let given = await api.answer(request("/api/v1\(route)")).status
            #expect((200...404).contains(given) && (shown.status == 200) == (given == 200), "\(page): \(given)")
            #expect(mayAudit || !String(decoding: shown.body, as: UTF8.self).contains(Self.audited), "\(page)")
        }
        // With both, the lines of the audit log are among the others; with `read` alone they aren't, however one asks.
        for (scopes, isShown) in [([Permission.read], false), ([.read, .readAudit], true)] where scope == .read {
            let name = "key of \(scopes.count)"
            let other = try await access.addKey(
                name, grants: [Grant(.owner)], scopes: scopes, lasting: nil, by: Self.audited
            ).key.reveal { $0 }
            for query in [[], [(name: "service", value: "audit")]] {
                let asked = WebRequest(
                    method: "GET", path: "/logs", query: query,
                    headers: [("Host", "ops"), ("Accept", "text/html"), ("X-API-Key", other)], peer: "192.0.2.1")
                let text = String(decoding: try #require(await pages.answer(asked)).body, as: UTF8.self)
                #expect(text.contains(Self.audited) == isShown, "\(scopes) \(query)")
            }
        }
        await store.close()
    }

    /// What has a name in its path, or is no page.
    private static let named = [
        "/environments/staging", "/runs/latest", "/runs/\(Stores.runID)", "/runs/\(Stores.runID)/evidence",
        "/runs/\(Stores.runID)/evidence/plan.json", "/plans/latest", "/runbooks/any", "/metrics", "/events", "/nowhere",
    ]

    /// Nobody and a key that may nothing are turned away everywhere, whatever is there; who has the scope isn't.
    @Test(arguments: Route.pages.keys.sorted() + named)
    func eachRouteAsksForItsScope(path: String) async throws {
        let (store, time) = try await Stores.full()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let pages = PagesTests.pages(store, time, control: access)
        func request(_ key: String?) -> WebRequest {
            WebRequest(
                method: "GET", path: path,
                headers: [("Host", "ops"), ("Accept", "text/html")] + (key.map { [("X-API-Key", $0)] } ?? []),
                peer: "192.0.2.1")
        }
        let route = try #require(Route(request(nil)))
        func status(_ scopes: [Permission]) async throws -> Int? {
            let key = try await access.addKey(
                "key \(scopes.map(\.rawValue))", grants: [Grant(.owner)], scopes: scopes, lasting: nil, by: "test"
            ).key.reveal { $0 }
            return await pages.answer(request(key))?.status
        }
        let need = route.need.permission
        #expect(try await status(Permission.allCases.filter { $0 != need }) == 403)
        let allowed = try #require(try await status([need]))
        #expect(allowed == 200 || allowed == 404, "\(allowed)")
        let nobody = try #require(await pages.answer(request(nil)))
        #expect(nobody.status == (path == "/events" ? 401 : 303))
        #expect(path == "/events" || nobody.header("Location")?.hasPrefix("/login") == true)
        await store.close()
    }

    @Test("Whose role holds at one environment sees of each list what is that one's, and no more")
    func partsOfPages() async throws {
        let (store, time) = try await Stores.full()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let pages = PagesTests.pages(store, time, control: access)
        var other = EnvironmentRow(slug: "hidden-lab", tier: .dev, createdAt: testNow, expiresAt: nil)
        other.branch = "feature/hidden-lab"
        try await store.saveEnvironments([other])
        try await store.keepModules(
            .census(.modules([InstalledModule(name: "hidden-lab", state: .installed)])), of: "hidden-lab",
            in: ResourceKey(.serverDatabase, "hidden-lab"))
        let run = "01920000-0000-7000-8000-000000000002"
        try await store.beginRun(
            RunRecord(id: run, trigger: .schedule, phase: .succeeded, isDryRun: false, startedAt: testNow))
        try await store.intend(
            JournalEntry(
                runID: run, stepID: "1", key: ResourceKey(.droplet, "hidden-lab-1"), action: .update,
                operation: "resize", title: "resize hidden-lab-1", environment: "hidden-lab", input: [:],
                intendedAt: testNow))
        var keys: [String: String] = [:]
        for environment in ["staging", "hidden-lab"] {
            keys[environment] = try await access.addKey(
                environment, grants: [Grant(.viewer, environment: environment)], scopes: nil, lasting: nil, by: "test"
            ).key.reveal { $0 }
        }
        func page(_ segments: [String], _ environment: String) async throws -> (status: Int, text: String) {
            let key = try #require(keys[environment])
            let request = WebRequest(
                method: "GET", path: "/" + segments.joined(separator: "/"), segments: segments,
                headers: [("Host", "ops"), ("Accept", "text/html"), ("X-API-Key", key)], peer: "192.0.2.1")
            let response = try #require(await pages.answer(request))
            return (response.status, String(decoding: response.body, as: UTF8.self))
        }
        for list in Route.lists {
            let shown = try await page([String(list.dropFirst())], "staging")
            #expect(shown.status == 200, "\(list)")
            #expect(!shown.text.contains("hidden-lab") && !shown.text.contains(run), "\(list)")
            #expect(!shown.text.contains("data-live"), "\(list): the feed of changes would refuse them")
            #expect(!shown.text.contains("/evidence"), "\(list): it isn't shown in parts")
        }
        for (segments, environment, status) in [
            (["runs", Stores.runID], "staging", 200), (["runs", run], "staging", 404),
            (["runs", run], "hidden-lab", 200), (["runs", "latest"], "staging", 200),
            (["runs", Stores.runID], "hidden-lab", 404), (["plans", Stores.runID], "staging", 404),
            (["plans", "latest"], "hidden-lab", 404), (["environments", "feature/hidden-lab"], "hidden-lab", 200),
            (["environments", "feature/hidden-lab"], "staging", 403),
            (["runs", Stores.runID, "evidence"], "staging", 403),
            ([], "staging", 303), (["settings"], "staging", 403),
        ] {
            let shown = try await page(segments, environment)
            #expect(shown.status == status, "\(segments) at \(environment)")
        }
        // What is none of theirs and what isn't there look alike, but for the word that they said.
        for (word, absent) in [("feature/hidden-lab", "feature/hidden-lob"), ("hidden-lab", "hidden-lob")] {
            let there = try await page(["environments", word], "staging")
            let none = try await page(["environments", absent], "staging")
            #expect(there.status == none.status && there.status == 403)
            #expect(there.text.replacing("hidden-lab", with: "hidden-lob") == none.text, "\(there.text)")
            for list in ["drift", "logs"] {
                func filtered(_ word: String) async throws -> String {
                    let request = WebRequest(
                        method: "GET", path: "/\(list)", segments: [list], query: [(name: "environment", value: word)],
                        headers: [
                            ("Host", "ops"), ("Accept", "text/html"), ("X-API-Key", try #require(keys["staging"])),
                        ], peer: "192.0.2.1")
                    return String(decoding: try #require(await pages.answer(request)).body, as: UTF8.self)
                }
                let shown = try await filtered(word)
                #expect(shown.contains("There is no environment \(word)"), "\(list)")
                let none = try await filtered(absent)
                #expect(shown.replacing("hidden-lab", with: "hidden-lob") == none, "\(list)")
            }
        }
        // What was only planned for them is in the list that leads to it.
        let planned = "01920000-0000-7000-8000-000000000003"
        try await store.beginRun(
            RunRecord(id: planned, trigger: .schedule, phase: .planned, isDryRun: true, startedAt: testNow))
        try await store.noteEnvironments(["hidden-lab"], ofRun: planned)
        for (environment, status) in [("hidden-lab", 200), ("staging", 404)] {
            #expect(try await page(["runs"], environment).text.contains(planned) == (status == 200), "\(environment)")
            #expect(try await page(["runs", planned], environment).status == status, "\(environment)")
        }
        // Of what ended the run the code alone, for the fault may name what is another's.
        let mine = try await page(["runs", "latest"], "staging").text
        #expect(mine.contains("RUN-0003") && !mine.contains("Evidence"))
        await store.close()
    }

    @Test("The navigation names the pages that its reader may open, and no others")
    func navigation() async throws {
        let (store, time) = try await Stores.full()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let pages = PagesTests.pages(store, time, control: access)
        for (name, grant, scopes, start) in [
            ("viewer", Grant(.viewer), nil, "/"), ("part", Grant(.viewer, environment: "staging"), nil, "/drift"),
            ("reader", Grant(.owner), [.read], "/"), ("scraper", Grant(.owner), [.readMetrics], "/metrics"),
        ] as [(String, Grant, [Permission]?, String)] {
            let key = try await access.addKey(name, grants: [grant], scopes: scopes, lasting: nil, by: "test")
                .key.reveal { $0 }
            func get(_ path: String) async throws -> (status: Int, text: String) {
                let request = WebRequest(
                    method: "GET", path: path,
                    headers: [("Host", "ops"), ("Accept", "text/html"), ("X-API-Key", key)], peer: "192.0.2.1")
                let response = try #require(await pages.answer(request))
                return (response.status, String(decoding: response.body, as: UTF8.self))
            }
            let shown = try await get(start)
            #expect(shown.status == 200, "\(name)")
            var named = 0
            for spec in PageSpec.all {
                let path = "\(spec.path)"
                let isNamed = shown.text.contains("<li><a href=\"\(path)\"")
                // Where a part begins with their environments, the overview is not among them.
                #expect(try await isNamed == (get(path).status == 200), "\(name) at \(path)")
                named += isNamed ? 1 : 0
            }
            #expect(named == ["viewer": 21, "part": 7, "reader": 19, "scraper": 1][name], "\(name)")
            // What refuses them names what they may go on with, as every page does.
            if name == "part" {
                let refused = try await get("/settings")
                #expect(refused.status == 403 && refused.text.contains("href=\"/drift\""))
                #expect(!refused.text.contains("href=\"/settings\"") && !refused.text.contains("href=\"/runbooks\""))
            }
        }
        await store.close()
    }

    @Test func aStreamEndsWithTheKeyThatOpenedIt() async throws {
        let (store, time) = try await Stores.full()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let pages = PagesTests.pages(store, time, control: access)
        var keys: [String] = []
        for name in ["a", "b"] {
            keys.append(
                try await access.addKey(name, grants: [Grant(.viewer)], scopes: nil, lasting: nil, by: "test")
                    .key.reveal { $0 })
        }
        func open(_ key: String) async throws -> WebResponse {
            let request = WebRequest(
                method: "GET", path: "/events", headers: [("Host", "ops"), ("X-API-Key", key)], peer: "192.0.2.1")
            guard let answer = await pages.answer(request) else { throw CancellationError() }
            return answer
        }
        var streams: [WebResponse] = []
        for _ in 0..<LiveFeed.personLimit { streams.append(try await open(keys[0])) }
        #expect(streams.allSatisfy { $0.status == 200 })
        #expect(try await open(keys[0]).status == 429, "one caller has so many and no more")
        #expect(try await open(keys[1]).status == 200)
        _ = try await store.revokeKey(
            "a", audit: AuditRecord(at: time.now, action: "access.key.revoke", target: "a", actor: "t", detail: [:]))
        // What was known of the key is asked for again by then, long before the next heartbeat.
        time.advance(by: .seconds(5))
        await pages.feed.turn()
        #expect(pages.feed.readers == 1)
        await store.close()
    }

    @Test func nothingIsToldToWhoMayNoLonger() async throws {
        let (store, time) = try await Stores.full()
        let feed = LiveFeed(store: store, time: time)
        let (asked, may) = (Locked(0), Locked(true))
        let request = WebRequest(method: "GET", path: "/events", headers: [], peer: "192.0.2.1")
        let person = LiveFeed.Person(name: "ann") {
            asked.withLock { $0 += 1 }
            return may.withLock { $0 }
        }
        #expect(await feed.answer(request, for: person).status == 200)
        await feed.turn()
        for _ in 0..<3 { await feed.turn() }
        #expect(asked.withLock { $0 } == 1, "nothing is told, and no two seconds have passed")
        func tell(_ type: String) async throws {
            try await store.appendEvents([RunEvent(runID: Stores.runID, type: type, payload: "x", at: testNow)])
        }
        try await tell("one")
        await feed.turn()
        #expect(asked.withLock { $0 } == 2 && feed.readers == 1)
        may.withLock { $0 = false }
        try await tell("two")
        await feed.turn()
        #expect(asked.withLock { $0 } == 3 && feed.readers == 0, "asked before it is told, and the stream ends")
        // Where nothing happens it ends as well.
        may.withLock { $0 = true }
        #expect(await feed.answer(request, for: person).status == 200)
        may.withLock { $0 = false }
        time.advance(by: LiveFeed.proofPeriod)
        await feed.turn()
        #expect(feed.readers == 0)
        await store.close()
    }

    @Test func manyWhoComeAtOnceAreNoMoreThanTheLimitSays() async throws {
        let (store, time) = try await Stores.full()
        let feed = LiveFeed(store: store, time: time)
        let request = WebRequest(method: "GET", path: "/events", headers: [], peer: "192.0.2.1")
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<40 {
                group.addTask { await feed.answer(request, for: .init(name: "ann", stillMay: { true })).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 200 } == LiveFeed.personLimit)
        #expect(statuses.count { $0 == 429 } == 40 - LiveFeed.personLimit)
        await store.close()
    }

    @Test func wrongKeysAreCountedAtPagesToo() async throws {
        let (store, time) = try await Stores.full()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        let pages = PagesTests.pages(store, time, control: access)
        var statuses: [Int] = []
        for _ in 0..<150 {
            let request = WebRequest(
                method: "GET", path: "/runs", headers: [("Host", "ops"), ("Authorization", "Bearer odops_0")],
                peer: "192.0.2.1")
            statuses.append(try #require(await pages.answer(request)).status)
        }
        #expect(statuses.first == 303 && statuses.last == 429)
        await store.close()
    }
}
