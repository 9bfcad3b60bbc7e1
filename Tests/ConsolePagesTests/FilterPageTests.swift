import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Store
import Testing
import Web

@testable import ConsolePages

/// What pages say of what they were asked for, and of what they don't show.
@Suite struct FilterPageTests {
    private static func html(_ pages: ConsolePages, _ path: String) async throws -> String {
        let response = try await PagesTests.get(pages, path)
        #expect(response.status == 200, "\(path)")
        return String(decoding: response.body, as: UTF8.self)
    }

    private static let runID = Stores.runID

    private static func run(_ store: Store, phase: RunPhase = .applying) async throws {
        try await store.beginRun(
            RunRecord(id: runID, trigger: .manual, phase: phase, isDryRun: false, startedAt: testNow - .minutes(3)))
    }

    @Test(
        "A filter of the log that can't be read is named at its field, and no line is shown as if it fitted",
        arguments: ["since=garbage", "level=zzz", "service=odoo", "environment=nope", "after=zzz"])
    func filtersOfTheLog(query: String) async throws {
        let (store, time) = try await Stores.empty()
        try await Self.run(store)
        try await store.appendEvents([
            RunEvent(runID: Self.runID, type: "warning", payload: "a told line", at: testNow - .minutes(1))
        ])
        let pages = PagesTests.pages(store, time)
        #expect(try await Self.html(pages, "/logs").contains("a told line"))
        let page = try await Self.html(pages, "/logs?\(query)")
        #expect(!page.contains("a told line") && page.contains("can&#39;t be looked for"), "\(page)")
        #expect(page.contains("aria-invalid") || !query.hasPrefix("since") && !query.hasPrefix("env"))
    }

    @Test(
        "A time is read without its seconds and its zone",
        arguments: [
            ("2026-11-22T12:15", "2026-11-22T12:15:00Z"), ("2026-11-22 12:15", "2026-11-22T12:15:00Z"),
            ("2026-11-22T12:15:30", "2026-11-22T12:15:30Z"), ("2026-11-22T12:15Z", "2026-11-22T12:15:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"), ("garbage", nil), ("2026-11-22T25:15", nil),
        ])
    func times(text: String, instant: String?) {
        #expect(LogQuery.instant(text) == instant.flatMap { Timestamp($0) })
    }

    @Test("The audit log goes on after its first part, and is asked for by its actions")
    func auditPages() async throws {
        let (store, time) = try await Stores.empty()
        for index in 0..<230 {
            let action = index == 3 ? "env.extend" : "env.pin"
            try await store.record(
                AuditRecord(
                    at: testNow - .minutes(300 - index), action: action, target: "target-\(index)", actor: "ann",
                    detail: .null))
        }
        let pages = PagesTests.pages(store, time)
        let first = try await Self.html(pages, "/audit")
        #expect(first.contains("target-229") && !first.contains("target-29<") && first.contains("200 records"))
        let link = try #require(first.firstRange(of: "/audit?after="))
        let cursor = first[link.upperBound...].prefix { $0 != "\"" }
        let second = try await Self.html(pages, "/audit?after=\(cursor)")
        #expect(second.contains("target-29<") && second.contains("target-0<") && !second.contains("target-30<"))
        #expect(second.contains("30 records") && !second.contains(">Older<"))
        // What lies further back than the first part is found by its action.
        let found = try await Self.html(pages, "/audit?action=env.ext")
        #expect(found.contains("target-3<") && !found.contains("target-4<"))
        let none = try await Self.html(pages, "/audit?action=env.suspend")
        #expect(none.contains("No record fits") && !none.contains("Nobody changed anything"))
    }

    private static func differences(_ count: Int, _ store: Store) async throws {
        try await run(store)
        _ = try await store.recordDrift(
            (0..<count).map { index in
                DriftItem(
                    key: ResourceKey(ResourceKind("digitalocean.record"), "r\(index)x"), cause: .externalChange,
                    attributes: [AttributeChange(path: "data", before: "a", after: "b")], environment: "e\(index)",
                    source: nil, summary: "data differs")
            } + [
                DriftItem(
                    key: ResourceKey(ResourceKind("supabase.backup"), "b"), cause: .externalChange, attributes: [],
                    environment: nil, source: nil, summary: "no backup", finding: "backup_missing")
            ], runID: runID, at: testNow
        ) { _, _ in true }
    }

    @Test("Every difference and every environment of them can be reached, and a cause that isn't there is named")
    func driftPages() async throws {
        let (store, time) = try await Stores.empty()
        try await Self.differences(100, store)
        let pages = PagesTests.pages(store, time)
        var seen: Set<Int> = []
        for from in [0, 40, 80] {
            let page = try await Self.html(pages, "/drift?from=\(from)")
            for index in 0..<100 where page.contains("digitalocean.record/r\(index)x</h2>") { seen.insert(index) }
            if from == 0 {
                #expect(page.contains("1 to 40 of 101") && page.contains("from=40"))
                for index in 0..<100 { #expect(page.contains("/drift?environment=e\(index)\"")) }
            }
        }
        #expect(seen.count == 100)
        // What a rule wants otherwise is none of what was changed elsewhere, in the chart as in the list.
        let causes = try await Self.html(pages, "/drift?cause=finding")
        #expect(causes.contains("100 changed elsewhere, 1 not as it should be"))
        #expect(causes.contains("supabase.backup/b</h2>") && !causes.contains("digitalocean.record/r1x</h2>"))
        let wrong = try await Self.html(pages, "/drift?cause=zz")
        #expect(wrong.contains("There is no cause zz") && !wrong.contains("</h2><span"), "nothing is shown")
        #expect(try await Self.html(pages, "/drift?environment=nope").contains("There is no environment nope"))
    }

    @Test("A branch that is written from right to left stands by itself on pages, and costs no other name a byte")
    func rightToLeft() async throws {
        let (store, time) = try await Stores.empty()
        let pages = PagesTests.pages(store, time)
        func size(_ branch: String) async throws -> (html: String, marks: Int) {
            var rows = (0..<40).map { index in
                EnvironmentRow(slug: "e\(index)", tier: .dev, createdAt: testNow - .days(3), expiresAt: nil)
            }
            for index in rows.indices { rows[index].branch = "feature/\(index)" }
            rows[7].branch = branch
            _ = try await store.saveEnvironments(rows)
            let html = try await Self.html(pages, "/environments?q=feature")
            return (html, html.split(separator: "<bdi>", omittingEmptySubsequences: false).count - 1)
        }
        let plain = try await size("feature/abcd12")
        #expect(plain.marks == 0)
        let turned = try await size("feature/שבת-12")
        #expect(turned.marks == 1 && turned.html.contains("<bdi>feature/שבת-12</bdi></span>"), "\(turned.html)")
        #expect(turned.html.utf8.count - plain.html.utf8.count < 30)
        let none = try await Self.html(pages, "/environments?q=נ")
        #expect(none.contains("\u{201C}<bdi>נ</bdi>\u{201D} in its name"), "\(none)")
    }

    @Test("Every step and every event of a run can be reached, with what was asked for")
    func runPages() async throws {
        let (store, time) = try await Stores.empty()
        try await Self.run(store)
        for index in 0..<120 {
            try await store.intend(
                JournalEntry(
                    runID: Self.runID, stepID: "s\(index)",
                    key: ResourceKey(ResourceKind("digitalocean.record"), "r\(index)x"), action: .update,
                    operation: "set", title: "step number \(index)", environment: "staging",
                    input: ["asked": .string("input-\(index)-")], intendedAt: testNow + .milliseconds(index)))
        }
        try await store.appendEvents(
            (0..<230).map { index in
                RunEvent(
                    runID: Self.runID, type: "gates", payload: ["failed": [], "summary": ["pass": .int(Int64(index))]],
                    at: testNow + .milliseconds(index))
            })
        let pages = PagesTests.pages(store, time)
        let first = try await Self.html(pages, "/runs/\(Self.runID)")
        #expect(first.contains("1 to 50 of 120") && first.contains("1 to 200 of 230") && first.contains("input-49-"))
        // Words, and no JSON.
        #expect(first.contains("failed: none · summary: (pass: 0)"), "\(first)")
        let last = try await Self.html(pages, "/runs/\(Self.runID)?step=100&event=200")
        for index in 100..<120 { #expect(last.contains("input-\(index)-")) }
        #expect(last.contains("(pass: 229)") && !last.contains("(pass: 199)"))
    }

    @Test("The overview counts what exists and what was done for which environment")
    func overview() async throws {
        let (store, time) = try await Stores.empty()
        func row(_ slug: String, exists: Bool) -> EnvironmentRow {
            var row = EnvironmentRow(slug: slug, tier: .dev, createdAt: testNow - .days(3), expiresAt: nil)
            if exists {
                row.standing = EnvironmentStanding(resources: 1, unseen: 0, health: .healthy, healthReason: "")
            }
            return row
        }
        _ = try await store.saveEnvironments([
            row("a", exists: true), row("b", exists: true), row("c", exists: true), row("d", exists: false),
        ])
        try await store.setSuspended(
            "c", true, audit: AuditRecord(at: testNow, action: "env.suspend", target: "c", actor: "ann", detail: .null))
        try await Self.run(store)
        for (index, environment) in ["a", "b", "a"].enumerated() {
            var entry = JournalEntry(
                runID: Self.runID, stepID: "s\(index)",
                key: ResourceKey(ResourceKind("digitalocean.record"), "r\(index)"),
                action: .update, operation: "set", title: "set", environment: environment, input: [:],
                intendedAt: testNow - .minutes(2))
            try await store.intend(entry)
            entry.state = .done
            entry.finishedAt = testNow - .minutes(1)
            try await store.settle(entry)
        }
        let pages = PagesTests.pages(store, time)
        let page = try await Self.html(pages, "/")
        #expect(page.contains("2 active, 1 coming, 1 suspended"), "\(page)")
        // Two environments were changed by one pass: as many rows as the list behind the tile has.
        #expect(page.contains("Deploys in 24 h</span><span class=\"value\">2</span>"), "\(page)")
        #expect(page.contains("/environments/a\"") && page.contains("under way"))
        #expect(try await Self.html(pages, "/deployments").contains("under way"))
    }

    @Test("Who asks too often gets a page with the headers that say when to come back, and a login keeps its name")
    func tooManyPages() async throws {
        let (store, time) = try await Stores.empty()
        var settings = AccessSettings(isLoopback: false)
        settings.userLimit = 1
        let access = AccessControl(store: store, settings: settings, time: time)
        let user = try await access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.viewer)], by: "test"
        ).user
        let (_, cookie) = try await access.openSession(user, from: ClientOrigin(address: "192.0.2.1"))
        let pages = PagesTests.pages(store, time, control: access)
        let headers = [("Cookie", String(cookie.prefix { $0 != ";" }))]
        #expect(try await PagesTests.get(pages, "/runs", headers).status == 200)
        let refused = try await PagesTests.get(pages, "/runs", headers)
        let names = Set(refused.headers.map(\.name))
        #expect(refused.status == 429 && names.isSuperset(of: ["Retry-After", "RateLimit-Limit", "RateLimit-Reset"]))
        #expect(refused.headers.contains { $0.name == "Content-Type" && $0.value.hasPrefix("text/html") })
        #expect(String(decoding: refused.body, as: UTF8.self).contains("ACCESS-0005"))

        let form = WebRequest(
            method: "POST", path: "/login", headers: [("Host", "localhost")],
            body: Array("name=ada%20b&password=wrong&back=/runs".utf8), peer: "192.0.2.1")
        let page = try #require(await pages.answer(form))
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(page.status == 401 && text.contains("value=\"ada b\"") && !text.contains("wrong\""), "\(text)")
    }
}
