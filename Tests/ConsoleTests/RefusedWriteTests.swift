import Basics
import Console
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing

/// What `/readyz` and the log say of a store that is read as ever, and takes no writes.
@Suite struct RefusedWriteTests {
    private static func lines() -> (log: Log, lines: Locked<[String]>) {
        let lines = Locked<[String]>([])
        return (Log(write: { line in lines.withLock { $0.append(line) } }), lines)
    }

    @Test(
        "On a full disk the service isn't ready from the first write that fails, says so once, and comes back by itself"
    )
    func aFullDiskIsTold() async throws {
        let directory = try TemporaryDirectory()
        let time = SimulatedTime(now: Timestamp(seconds: 1_800_000_000))
        let path = directory.path("ops.sqlite")
        let large = try await SQLiteEngine.open(path: path)
        _ = try await Store(engine: large, time: time).migrate()
        let pages = try await large.read { (db: any SQLConnection) throws(StoreFault) -> Int64 in
            try db.run("pragma ops.page_count", []).first?.int(0) ?? 0
        }
        await large.close()
        let engine = try await SQLiteEngine.open(path: path, options: .init(maximumPages: Int(pages) + 40))
        let (log, lines) = Self.lines()
        let store = Store(engine: engine, time: time).watched(by: WriteWatch(log))
        let endpoints = ReadinessTests.endpoints(store, time)
        #expect(await ReadinessTests.reasons(endpoints) == "")
        // Eight pages each.
        let text = Value.string(String(repeating: "x", count: 30_000))
        var kept = 0
        await #expect(throws: StoreFault.self) {
            while kept < 100 {
                try await store.setBookmark("test.\(kept)", text)
                kept += 1
            }
        }
        await #expect(throws: StoreFault.self) { try await store.setBookmark("test.one-more", text) }
        #expect(await ReadinessTests.reasons(endpoints) == "STORE-0002")
        // What is small finds its place, and a delivery doesn't.
        try await store.setBookmark("test.small", .string("x"))
        #expect(await ReadinessTests.reasons(endpoints) == "STORE-0002")
        #expect(lines.withLock { $0.count } == 1, "\(lines.withLock { $0 })")
        #expect(lines.withLock { $0.allSatisfy { $0.contains("STORE-0002") } })
        for number in 0..<kept { try await store.setBookmark("test.\(number)", nil) }
        #expect(await ReadinessTests.reasons(endpoints) == "")
        #expect(lines.withLock { $0.count } == 2, "\(lines.withLock { $0 })")
        #expect(try await store.bookmark("store.proof") == nil)
        await engine.close()
    }

    @Test(
        "Only a store that refuses whatever is written makes the service unready, and nothing is written while it is well"
    )
    func whatIsRefusedForItselfIsNoMatterOfTheStore() async throws {
        let inner = try await SQLiteEngine.open(path: ":memory:")
        let time = SimulatedTime(now: Timestamp(seconds: 1_800_000_000))
        _ = try await Store(engine: inner, time: time).migrate()
        let faulty = FaultyEngine(inner)
        let (log, lines) = Self.lines()
        let store = Store(engine: faulty, time: time).watched(by: WriteWatch(log))
        let endpoints = ReadinessTests.endpoints(store, time)
        faulty.mood.withLock { $0 = .refuses("test") }
        await #expect(throws: StoreFault.self) { try await store.setBookmark("test", .null) }
        faulty.mood.withLock { $0 = .losesAnswer }
        await #expect(throws: StoreFault.self) { try await store.setBookmark("test", .null) }
        let writes = faulty.writes.withLock { $0 }
        #expect(await ReadinessTests.reasons(endpoints) == "")
        #expect(faulty.writes.withLock { $0 } == writes)
        #expect(lines.withLock { $0 } == [])
        // Away for one write, and there again: the next who asks finds it out.
        faulty.mood.withLock { $0 = .away }
        await #expect(throws: StoreFault.self) { try await store.fenced(by: []).setBookmark("test", .null) }
        #expect(store.refusesWrites)
        #expect(await ReadinessTests.reasons(endpoints) == "STORE-0010")
        faulty.mood.withLock { $0 = .well }
        #expect(await ReadinessTests.reasons(endpoints) == "")
        #expect(!store.refusesWrites && lines.withLock { $0.count } == 2)
        await inner.close()
    }
}
