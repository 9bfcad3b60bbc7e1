import Basics
import Formats
import Store
import TestKit
import Testing
import Web

@testable import ConsolePages

/// The feed of changes over a real socket.
@Suite(.serialized) struct LoopbackFeedTests {
    private func serve(_ pages: ConsolePages) throws -> WebServer {
        try WebServer(address: "127.0.0.1", port: 0) { request in
            await pages.answer(request) ?? .text(404, "nothing\n")
        }
    }

    private func open(_ server: WebServer, after id: String? = nil) throws -> RawSocket {
        let connection = try #require(RawSocket(port: server.port))
        let resume = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\(resume)\r\n".utf8)
        return connection
    }

    /// The id of the last event in a text.
    private func lastID(_ text: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    private func tell(_ store: Store, _ text: String) async throws {
        try await store.appendEvents([RunEvent(runID: Stores.runID, type: text, payload: "x", at: testNow)])
    }

    @Test func whoComesBackGetsWhatWasMissed() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let server = try serve(pages)
        let first = try open(server)
        let hello = await first.read(until: "event: hello\ndata: {\"readers\":1}\n\n")
        let id = try #require(lastID(hello))
        try await tell(store, "one")
        await pages.feed.turn()
        let live = await first.read(until: "\"kind\":\"one\"")
        #expect(live.contains("event: change"))
        // Away, while two things happen.
        try await tell(store, "two")
        try await tell(store, "three")
        let second = try open(server, after: id)
        let missed = await second.read(until: "\"kind\":\"three\"")
        for kind in ["one", "two", "three"] { #expect(missed.contains("\"kind\":\"\(kind)\""), "\(kind)") }
        #expect(!missed.contains("resync"))
        // What was told is not told again.
        try await tell(store, "four")
        await pages.feed.turn()
        let rest = await second.read(until: "\"kind\":\"four\"")
        #expect(!rest.contains("\"kind\":\"three\""))
        await server.stop(drain: .seconds(5))
        await store.close()
    }

    @Test func whoseIDIsNothingLooksAtEverything() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let server = try serve(pages)
        let connection = try open(server, after: "nonsense")
        #expect(await connection.read(until: "event: resync").contains("200 OK"))
        await server.stop(drain: .seconds(5))
        await store.close()
    }

    @Test func whoLeavesIsForgotten() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let server = try serve(pages)
        for _ in 0..<40 {
            let connection = try open(server)
            _ = await connection.read(until: "event: hello")
        }
        let isEmpty = await eventually {
            await pages.feed.turn()
            return pages.feed.readers == 0 && server.activeRequests == 0
        }
        #expect(isEmpty, "\(pages.feed.readers) readers, \(server.activeRequests) requests")
        await server.stop(drain: .seconds(5))
        await store.close()
    }

    @Test func theServerStopsWithReadersThere() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let server = try serve(pages)
        let connection = try open(server)
        _ = await connection.read(until: "event: hello")
        await server.stop(drain: .seconds(60))
        #expect(await connection.readToEnd().hasSuffix("0\r\n\r\n"), "the answer ends as it should")
        #expect(pages.feed.readers == 0)
        await store.close()
    }
}
