import Basics
import DesiredState
import Diff
import Formats
import Glibc
import Store
import StoreSQLite
import TestKit
import Testing

/// A file that is put in the place of a store: never under somebody who has it open, and never unseen.
@Suite struct ReplacedFileTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let copy: String
    private let time = SimulatedTime(now: start)

    /// A store that owns `old`, closed, and a copy of it as it was before.
    init() async throws {
        directory = try TemporaryDirectory()
        path = directory.path("ops.sqlite")
        copy = directory.path("copy.sqlite")
        let engine = try await SQLiteEngine.open(path: path)
        let store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        try await store.changeInventory([.put(owned("both"))])
        _ = try await engine.backup(to: copy)
        try await store.changeInventory([.put(owned("old"))])
        await engine.close()
    }

    private func open(_ path: String) async throws -> Store {
        Store(
            engine: try await SQLiteEngine.open(path: path, options: .init(busyTimeout: .milliseconds(100))), time: time
        )
    }

    private func names(_ path: String) async throws -> [String] {
        let store = try await open(path)
        let names = try await store.inventory().entries.map(\.key.name)
        await store.close()
        return names
    }

    private func restore() async throws -> (kept: String?, settled: Store.Restoration) {
        let time = time
        return try await SQLiteEngine.restore(copy, to: path, keepingAs: ".before") {
            (engine: SQLiteEngine) throws(StoreFault) -> Store.Restoration in
            try await Store(engine: engine, time: time).settleRestored(by: "ann")
        }
    }

    /// What lies in the directory beside the evidence of a test.
    private var files: [String] { FileSystem.list(directory.path).sorted() }

    @Test func `nothing is put in the place of a store that somebody has open, however idle they are`() async throws {
        let idle = try await open(path)
        try await idle.changeInventory([.put(owned("more"))])
        await #expect { _ = try await restore() } throws: { ($0 as? StoreFault)?.code == "STORE-0053" }
        #expect(!FileSystem.exists(path + ".before") && !FileSystem.exists(path + ".partial"))
        // Who has it open notices nothing of it.
        try await idle.changeInventory([.put(owned("still"))])
        #expect(try await idle.inventory().entries.map(\.key.name) == ["both", "more", "old", "still"])
        await idle.close()
        #expect(try await restore().kept?.hasSuffix(".before") == true)
        #expect(try await names(path) == ["both"])
        #expect(try await names(path + ".before") == ["both", "more", "old", "still"])
    }

    @Test func `a copy has the name only once it is settled, whole and alone`() async throws {
        await #expect {
            _ = try await SQLiteEngine.restore(copy, to: path, keepingAs: ".before") {
                (engine: SQLiteEngine) throws(StoreFault) -> Int in
                throw StoreFault(.refused, code: "TEST-0001", message: "it can't be made safe")
            }
        } throws: {
            ($0 as? StoreFault)?.code == "TEST-0001"
        }
        #expect(files == ["copy.sqlite", "ops.sqlite"], "\(files)")
        #expect(try await names(path) == ["both", "old"])
        _ = try await restore()
        #expect(files == ["copy.sqlite", "ops.sqlite", "ops.sqlite.before"], "\(files)")
        let store = try await open(path)
        #expect(try await store.auditLog(limit: 9).map(\.action) == ["store.restored"])
        await store.close()
    }

    @Test func `a store that can't be read is replaced all the same, and leaves no log beside the new one`()
        async throws
    {
        try FileSystem.write("no database".utf8, to: path)
        try FileSystem.write("no log".utf8, to: path + "-wal")
        _ = try await restore()
        #expect(!FileSystem.exists(path + "-wal"))
        #expect(try await names(path) == ["both"])
        #expect(try FileSystem.read(path + ".before") == Array("no database".utf8))
    }

    @Test func `what a link leads to is replaced, and the link stays`() async throws {
        let link = directory.path("link.sqlite")
        #expect(symlink("ops.sqlite", link) == 0)
        let time = time
        let put = try await SQLiteEngine.restore(copy, to: link, keepingAs: ".before") {
            (engine: SQLiteEngine) throws(StoreFault) -> Store.Restoration in
            try await Store(engine: engine, time: time).settleRestored(by: "ann")
        }
        #expect(put.kept?.hasSuffix("/ops.sqlite.before") == true)
        #expect(try await names(path) == ["both"])
        #expect(try await names(link) == ["both"])
    }

    @Test func `who has a file open that was replaced neither writes nor reads any more`() async throws {
        let store = try await open(path)
        #expect(try await store.inventory().entries.count == 2)
        #expect(rename(path, path + ".aside") == 0)
        // It may come back.
        await #expect { try await store.ping() } throws: { ($0 as? StoreFault)?.code == "STORE-0007" }
        #expect(rename(path + ".aside", path) == 0)
        try await store.changeInventory([.put(owned("again"))])
        #expect(rename(path, path + ".aside") == 0 && rename(copy, path) == 0)
        for _ in 0..<3 {
            await #expect { try await store.changeInventory([.put(owned("lost"))]) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0052" && ($0 as? StoreFault)?.disposition == .stop
            }
            // Connections that are opened now would open the other file.
            await #expect {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { _ = try await store.inventory() } }
                    try await group.waitForAll()
                }
            } throws: {
                ($0 as? StoreFault)?.code == "STORE-0052"
            }
        }
        await store.close()
        // Its log is folded into the file that it belongs to: the new one would take it for its own.
        #expect((FileSystem.modified(path + "-wal")?.bytes ?? 0) == 0)
        #expect(try await names(path) == ["both"])
        #expect(try await names(path + ".aside") == ["again", "both", "old"])
    }
}
