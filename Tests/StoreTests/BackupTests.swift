import Basics
import DesiredState
import Diff
import Formats
import Store
import TestKit
import Testing

@testable import StoreSQLite

@Suite struct BackupTests {
    @Test func `a copy is whole and of one instant while others write`() async throws {
        try await TestStore.with(.sqlite) { test in
            let store = test.store
            try await store.changeInventory((0..<500).map { .put(owned("a\($0)")) })
            let engine = try #require(test.engine as? SQLiteEngine)
            let writing = Task {
                for number in 0..<200 {
                    // Two that are always written together have to be in the copy together, or not at all.
                    try await store.changeInventory([.put(owned("left\(number)")), .put(owned("right\(number)"))])
                }
            }
            let directory = try TemporaryDirectory()
            var copies: [String] = []
            for number in 0..<3 {
                let path = "\(directory.path)/copy \(number).sqlite"
                #expect(try await engine.backup(to: path) > 100_000)
                copies.append(path)
            }
            try await writing.value
            await #expect { try await engine.backup(to: copies[0]) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0051"
            }
            // What is wrong with the place of the copy is told of that place, and not of the store.
            await #expect { try await engine.backup(to: "\(directory.path)/nowhere/copy.sqlite") } throws: {
                let fault = $0 as? StoreFault
                return fault?.code == "STORE-0051" && fault?.hint?.contains("\(directory.path)/nowhere`") == true
            }
            for path in copies {
                let copy = Store(engine: try await SQLiteEngine.open(path: path, isReadOnly: true), time: test.time)
                let names = try await copy.inventory().entries.map(\.key.name)
                #expect(names.count >= 500)
                let left = names.filter { $0.hasPrefix("left") }.map { $0.dropFirst(4) }
                let right = names.filter { $0.hasPrefix("right") }.map { $0.dropFirst(5) }
                #expect(left == right)
                #expect(try await copy.schemaStatus().problems.isEmpty)
                #expect(try await copy.verifyAuditLog().isWhole)
                await copy.close()
            }
            #expect(FileSystem.list(directory.path).count == 3)
        }
    }

    @Test func `a copy with one damaged page never gets the store's name, and the store is as it was`() async throws {
        try await TestStore.with(.sqlite) { test in
            try await test.store.changeInventory((0..<500).map { .put(owned("a\($0)")) })
            let engine = try #require(test.engine as? SQLiteEngine)
            let directory = try TemporaryDirectory()
            let (copy, path) = (directory.path("copy.sqlite"), directory.path("ops.sqlite"))
            _ = try await engine.backup(to: path)
            // Pages that neither the check of the schema nor settling reads: of an index, and of a table.
            for name in ["runs_phase", "reconcile_steps_key", "evidence_chain"] {
                _ = try await engine.backup(to: copy)
                var bytes = try FileSystem.read(copy)
                let page = Int(bytes[16]) << 8 | Int(bytes[17])
                let whole = try await SQLiteEngine.open(path: copy, isReadOnly: true)
                let there = try await whole.aside { (db: SQLiteConnection) throws(StoreFault) -> Int64? in
                    try db.run("select rootpage from ops.sqlite_schema where name = $1", [.text(name)]).first?.int(0)
                }
                #expect(try await whole.damage() == nil)
                await whole.close()
                let start = (Int(try #require(there)) - 1) * page
                for offset in start..<start + page { bytes[offset] = offset % 2 == 0 ? 0xDE : 0xAD }
                FileSystem.remove(copy)
                try FileSystem.write(bytes, to: copy)
                let damaged = try await SQLiteEngine.open(path: copy, isReadOnly: true)
                #expect(try await damaged.damage()?.code == "STORE-0006", "\(name)")
                await damaged.close()
                await #expect {
                    try await SQLiteEngine.restore(copy, to: path, keepingAs: ".before") { _ in }
                } throws: {
                    let fault = $0 as? StoreFault
                    return fault?.code == "STORE-0006" && fault?.place == copy
                        && fault?.message.contains("left as it is") == true
                }
                let store = Store(engine: try await SQLiteEngine.open(path: path, isReadOnly: true), time: test.time)
                #expect(try await store.inventory().entries.count == 500)
                await store.close()
                #expect(!FileSystem.list(directory.path).contains { $0.contains("partial") || $0.contains("before") })
                FileSystem.remove(copy)
            }
        }
    }

    @Test func `a copy that has no room says where to make it`() {
        let fault = SQLiteEngine.refusal(
            StoreFault(.full, code: "STORE-0002", message: "full", place: "sqlite:/var/ops.sqlite", hint: "df -h /var"),
            "/backup/ops.sqlite")
        #expect(fault.code == "STORE-0051" && fault.place == "/backup/ops.sqlite")
        #expect(fault.hint?.contains("`df -h /backup`") == true, "\(fault.hint ?? "")")
    }

    @Test(arguments: engines) func `what a restored store can't know is taken away`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func row(_ slug: String, ends: Duration?, pinned: Bool = false) -> EnvironmentRow {
                var row = EnvironmentRow(slug: slug, tier: .dev)
                row.expiresAt = ends.map { test.time.now + $0 }
                row.isPinned = pinned
                return row
            }
            _ = try await store.saveEnvironments([
                row("soon", ends: .hours(1)), row("over", ends: .hours(-1)), row("later", ends: .days(9)),
                row("never", ends: nil), row("pinned", ends: .hours(1), pinned: true),
            ])
            let lease = try #require(
                try await store.acquireLease(name: "reconcile", holder: "old", lasting: .minutes(5)))
            try await store.beginRun(run(1))
            try await store.fenced(by: [lease]).intend(entry("a"))
            let restoration = try await store.settleRestored(by: "ann")
            #expect(restoration.pinned == ["over", "soon"] && restoration.openSteps == 1)
            #expect(restoration.latest == run(1).startedAt)
            // Whoever held it before the restore never fits again.
            await #expect { try await store.confirmLeases([lease]) } throws: { ($0 as? StoreFault)?.kind == .fenced }
            let next = try #require(
                try await store.acquireLease(name: "reconcile", holder: "new", lasting: .minutes(5)))
            #expect(next.token > lease.token + 999_999)
            #expect(try await store.auditLog(limit: 9).map(\.action) == ["store.restored"])
            #expect(try await store.verifyAuditLog().isWhole)
        }
    }
}
