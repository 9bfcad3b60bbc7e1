import Basics
import ConsoleAccess
import DesiredState
import Formats
import Store
import Testing
import Web

@testable import ConsolePages

/// Pages as people get along on them: by keyboard and screen reader, with many rows, and before they have signed in.
@Suite struct ReadingTests {
    @Test("Where one signs in no page is named that would lead back there, and all that are read without a login are")
    func login() async throws {
        let (store, time) = try await Stores.full()
        let local = PagesTests.pages(store, time, access: true)
        for path in ["/login", "/drift"] {
            let shown = try await PagesTests.html(local, path)
            #expect(shown.components("<li><a href=\"") >= PageSpec.all.count - 1, "\(path): this machine reads them")
        }
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: true), time: time)
        _ = try await access.putUser("ada", password: Secret("correct horse battery"), grants: [Grant(.owner)], by: "t")
        let pages = PagesTests.pages(store, time, control: access)
        func answer(_ method: String, _ headers: [(String, String)], _ body: String = "") async throws -> String {
            let request = WebRequest(
                method: method, path: "/login",
                headers: [("Host", "localhost"), ("Accept", "text/html")] + headers, body: Array(body.utf8))
            return String(decoding: try #require(await pages.answer(request)).body, as: UTF8.self)
        }
        // Nobody; with a key that is none; after a wrong password.
        for shown in [
            try await answer("GET", []), try await answer("GET", [("X-API-Key", "odops_none")]),
            try await answer("POST", [("Origin", "http://localhost")], "name=ada&password=wrong"),
        ] {
            #expect(shown.contains("name=\"password\"") && shown.components("<h1>") == 1)
            for part in ["class=\"side\"", "#navigation", "data-live", "href=\"/login\""] {
                #expect(!shown.contains(part), "\(part): \(shown)")
            }
        }
        let wrong = try await answer("POST", [("Origin", "http://localhost")], "name=ada&password=wrong")
        #expect(wrong.contains("role=\"alert\""), "what went wrong is read out at once")
        await store.close()
    }

    @Test("Each row of a table begins with what it is about, each command can be copied, and each time is told in full")
    func marks() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        var (rows, commands, times) = (0, 0, 0)
        for route in PagesTests.routes {
            let html = try await PagesTests.html(pages, route)
            for body in html.split(separator: "<tbody role=\"rowgroup\">").dropFirst() {
                let body = String(body.prefix(upTo: body.firstRange(of: "</tbody>")?.lowerBound ?? body.endIndex))
                #expect(body.components("<tr ") == body.components("<th scope=\"row\""), "\(route): \(body)")
                rows += body.components("<tr ")
            }
            for part in html.split(separator: "<div class=\"command\">").dropFirst() {
                let command = String(part).range(after: "<code>", until: "</code>")
                #expect(part.contains("aria-label=\"Copy \(command)\""), "\(route): \(command)")
                commands += 1
            }
            for part in html.split(separator: "<time ").dropFirst() {
                let title = String(part).range(after: "title=\"", until: "\"")
                #expect(title.hasSuffix(" UTC") && title.utf8.count == 23, "\(route): \(title)")
                times += 1
            }
        }
        #expect(rows > 20 && commands > 10 && times > 20, "\(rows), \(commands), \(times)")
        #expect(TimeText.exact(Timestamp(seconds: 1_772_800_000)) == "2026-03-06 12:26:40 UTC")
        await store.close()
    }

    @Test("A thousand environments are read part by part, forth and back, with the filter that was chosen")
    func manyEnvironments() async throws {
        let (store, time) = try await Stores.empty()
        let rows = (0..<1_000).map { index in
            EnvironmentRow(
                slug: "e-\(index + 1_000)", tier: index < 250 ? .dev : .preview, createdAt: testNow, expiresAt: nil)
        }
        _ = try await store.saveEnvironments(rows)
        let pages = PagesTests.pages(store, time)
        func names(_ html: String) -> [String] {
            html.split(separator: "<strong>e-").dropFirst().map { "e-" + $0.prefix { $0 != "<" } }
        }
        func link(_ html: String, _ word: String) -> String? {
            html.split(separator: "<a href=\"").first { $0.contains("\">\(word) ") }
                .map { String($0.prefix { $0 != "\"" }).replacing("&amp;", with: "&") }
        }
        var path: String? = "/environments?tier=dev&q=E-1"
        var (seen, parts): ([String], [[String]]) = ([], [])
        while let next = path {
            let html = try await PagesTests.html(pages, next)
            #expect(html.contains("type=\"hidden\" name=\"tier\" value=\"dev\""), "a search keeps the tier")
            seen += names(html)
            parts.append(names(html))
            #expect(html.contains("\(seen.count - parts[parts.count - 1].count + 1) to \(seen.count) of 250"))
            path = link(html, "Next")
            if path == nil, let back = link(html, "Previous") {
                #expect(names(try await PagesTests.html(pages, back)) == parts[parts.count - 2])
            }
        }
        #expect(parts.map(\.count) == [100, 100, 50] && seen == rows.prefix(250).map(\.slug))
        let none = try await PagesTests.html(pages, "/environments?q=nowhere")
        #expect(none.contains("No environment fits") && none.contains("Show all") && !none.contains("<tbody"))
        await store.close()
    }
}
