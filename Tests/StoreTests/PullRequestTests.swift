import Basics
import DesiredState
import Store
import TestKit
import Testing

@Suite("What the store remembers of pull requests")
struct PullRequestTests {
    private static func row(
        _ number: Int64, _ minute: Int, _ state: PullRequest.State = .open, sha: Character = "1",
        repository: String = "Acme/odoo"
    ) -> PullRequestRow {
        var pull = PullRequest(
            number: number, head: "feature/ü", headCommit: String(repeating: sha, count: 40), base: "main",
            labels: ["preview", "area: \"mail\""], isFork: true, isDraft: true, updatedAt: start + .minutes(minute))
        pull.approvedCommit = "abc"
        return PullRequestRow(
            repository: repository, pull, state: state, closedAt: state == .open ? nil : start + .minutes(minute))
    }

    @Test("An older word never replaces a newer one, and what was said stays", arguments: engines)
    func fence(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            #expect(try await store.savePullRequests([Self.row(8, 0), Self.row(7, 0)]) == 2)
            #expect(try await store.pullRequests(of: "ACME/odoo") == [Self.row(7, 0), Self.row(8, 0)])
            try await store.noteReport(on: 7, of: "acme/ODOO", commentDigest: "c", statusDigest: nil)
            try await store.noteChecked("111", on: 7, of: "acme/ODOO")
            #expect(try await store.savePullRequests([Self.row(7, 5, .merged)]) == 1)
            // A process that stood still since then still takes it for open.
            #expect(try await store.savePullRequests([Self.row(7, 4, sha: "2")]) == 0)
            let closed = try #require(try await store.pullRequests(of: "acme/odoo").first)
            #expect(closed.state == .merged && closed.closedAt == start + .minutes(5) && closed.commentDigest == "c")
            #expect(closed.checkedCommit == "111")
            try await store.noteChecked(nil, on: 7, of: "acme/odoo")
            // The last word holds until it is opened again, and is never said of one that is open.
            try await store.settlePullRequests([7, 8], of: "acme/ODOO")
            #expect(try await store.pullRequests(of: "acme/odoo").map(\.isSettled) == [true, false])
            #expect(try await store.savePullRequests([Self.row(7, 6, sha: "3")]) == 1)
            let reopened = try #require(try await store.pullRequests(of: "acme/odoo").first)
            #expect(reopened.state == .open && reopened.closedAt == nil && reopened.commentDigest == "c")
            #expect(reopened.checkedCommit == nil && !reopened.isSettled)
            #expect(try await store.pullRequests(of: "acme/other").isEmpty)
        }
    }

    @Test("Each ring has a number of its own, however many processes ring at once", arguments: engines)
    func rings(_ engine: SQLDialect) async throws {
        try await TestStore.with(engine) { world in
            let store = world.store
            let before = try await store.rings()
            #expect(before == 0)
            let numbers = await (0..<8).map { $0 }.mapBounded(limit: 8) { _ in (try? await store.ring()) ?? 0 }
            #expect(numbers.sorted() == Array(1...8))
            #expect(try await store.rings() == 8)
        }
    }
}
