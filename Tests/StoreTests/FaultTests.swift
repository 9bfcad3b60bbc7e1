import Basics
import Diff
import Formats
import Glibc
import Store
import StorePostgres
import StoreSQLite
import TestKit
import Testing

@Suite struct FaultTests {
    /// Opens another engine that does not wait for long.
    private func hasty(_ test: TestStore) async throws -> any SQLEngine {
        switch test.engine.dialect {
        case .sqlite:
            try await SQLiteEngine.open(path: test.address, options: .init(busyTimeout: .milliseconds(50)))
        case .postgres:
            try await PostgresEngine.open(
                Secret(test.address),
                options: .init(connections: 1, statementTimeout: .seconds(30), lockTimeout: .milliseconds(50)))
        }
    }

    @Test(arguments: engines)
    func `who comes while another writes is told so in time`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let (isHeld, isOver) = (Locked(false), Locked(false))
            let engine = test.engine
            async let holding: Void = engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                if engine.dialect == .postgres { try db.run("lock table ops.leases in access exclusive mode", []) }
                isHeld.withLock { $0 = true }
                // Not idle, for the server ends a transaction in which nothing happens.
                while !isOver.withLock({ $0 }) {
                    usleep(10_000)
                    try db.run("select 1", [])
                }
            }
            // Before it is waited for at the end, whichever way that comes.
            defer { isOver.withLock { $0 = true } }
            #expect(await eventually { isHeld.withLock { $0 } })
            let other = Store(engine: try await hasty(test), time: test.time)
            await #expect { try await other.acquireLease(name: "a", holder: "b", lasting: .seconds(1)) } throws: {
                ($0 as? StoreFault)?.code == "STORE-0001" && ($0 as? StoreFault)?.hint != nil
            }
            isOver.withLock { $0 = true }
            try await holding
            #expect(try await other.acquireLease(name: "a", holder: "b", lasting: .seconds(1)) != nil)
        }
    }

    @Test(arguments: engines)
    func `two processes that write side by side lose nothing`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let engine = try await test.another()
            let stores = [test.store, Store(engine: engine, time: test.time)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<40 {
                    let store = stores[index % 2]
                    group.addTask { try await store.changeInventory([.put(owned("d-\(index)"))]) }
                    group.addTask { _ = try await store.inventory() }
                }
                try await group.waitForAll()
            }
            #expect(try await test.store.inventory().entries.count == 40)
            await engine.close()
            await #expect { try await stores[1].ping() } throws: { ($0 as? StoreFault)?.code == "STORE-0033" }
        }
    }

    @Test func `who writes without end lets others in between`() async throws {
        try await TestStore.with(.sqlite) { test in
            let (engine, isOver) = (test.engine, Locked(false))
            let other = try await SQLiteEngine.open(path: test.address, options: .init(busyTimeout: .seconds(1)))
            let store = Store(engine: other, time: test.time)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Many at once, so that the next one begins the moment the last one ends.
                for _ in 0..<200 {
                    group.addTask {
                        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                            if isOver.withLock({ $0 }) { return }
                            try db.run("select 1", [])
                            usleep(30_000)
                        }
                    }
                }
                defer { isOver.withLock { $0 = true } }
                for index in 0..<3 { try await store.changeInventory([.put(owned("d-\(index)"))]) }
                isOver.withLock { $0 = true }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: engines)
    func `what only reads can't write, and NUL is refused`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            await #expect {
                try await test.rows("delete from ops.leases returning name")
            } throws: {
                ($0 as? StoreFault)?.kind == .readOnly
            }
            await #expect {
                try await test.store.acquireLease(name: "a\0b", holder: "c", lasting: .seconds(1))
            } throws: {
                ($0 as? StoreFault)?.code == "STORE-0034"
            }
            try await test.store.ping()
        }
    }

    @Test(arguments: engines)
    func `any value and any instant comes back`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let random = RandomSource(seed: 7)
            func value(_ depth: Int) -> Value {
                switch random.next() % (depth > 3 ? 5 : 7) {
                case 0: .null
                case 1: .bool(random.next() % 2 == 0)
                case 2: .int(Int64(bitPattern: random.next()))
                case 3: .number("0.5")
                case 4:
                    .string(["", "\"\\\n\u{1}\u{7F}", "é\u{301}😀", "'; drop table", "$1"][Int(random.next() % 5)])
                case 5: .list((0..<random.next() % 4).map { _ in value(depth + 1) })
                default: .object(Value.Object((0..<random.next() % 4).map { .init("k\($0)", value(depth + 1)) }))
                }
            }
            for number in 1...30 {
                let instant = Timestamp(microseconds: Int64(random.next() % 4_000_000_000_000_000))
                var record = run(number, at: instant)
                record.metadata = value(0)
                try await test.store.beginRun(record)
                let document = value(0)
                try await test.store.savePlan(runID: record.id, fingerprint: Digest(of: ""), document: document)
                let read = try #require(try await test.store.run(matching: record.id))
                #expect(read.metadata == record.metadata && read.startedAt == instant)
                #expect(try await test.store.plan(ofRun: record.id) == document)
            }
            let runs = try await test.store.runs(limit: 100)
            #expect(runs.count == 30 && runs.map(\.startedAt) == runs.map(\.startedAt).sorted(by: >))
        }
    }

    @Test func `a file that can't be used is named with what to do`() async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-store")
        try directory.write(String(repeating: "not a database ", count: 100), to: "text")
        let cases = [
            ("text", false, "STORE-0005"), ("missing/state.db", false, "STORE-0007"), ("absent.db", true, "STORE-0007"),
        ]
        for (name, isReadOnly, code) in cases {
            let fault = await #expect(throws: StoreFault.self) {
                try await SQLiteEngine.open(path: directory.path(name), isReadOnly: isReadOnly)
            }
            #expect(
                fault?.code == code && fault?.hint?.contains(directory.path) == true,
                "\(fault.map(\.description) ?? "")")
        }
    }

    @Test func `a full disk loses only the write that found it`() async throws {
        try await TestStore.with(.sqlite) { test in
            let pages = try await test.rows("pragma ops.page_count").first?.int(0) ?? 0
            let small = try await SQLiteEngine.open(path: test.address, options: .init(maximumPages: Int(pages) + 4))
            let store = Store(engine: small, time: test.time)
            let fault = await #expect(throws: StoreFault.self) {
                try await store.changeInventory((0..<1_000).map { .put(owned("d-\($0)")) })
            }
            #expect(fault?.code == "STORE-0002" && fault?.kind == .full)
            #expect(try await store.inventory().entries.isEmpty)
            try await test.store.changeInventory([.put(owned("a"))])
            #expect(try await store.inventory().entries.count == 1)
        }
    }

    @Test func `a store for reading reads what another process writes, in a path of any characters`() async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-store")
        let path = directory.path("a b?c#d%41é.db")
        let engine = try await SQLiteEngine.open(path: path)
        let store = Store(engine: engine, time: SystemTime())
        try await store.migrate()
        #expect(FileSystem.exists(path))
        let reader = Store(engine: try await SQLiteEngine.open(path: path, isReadOnly: true), time: SystemTime())
        try await store.beginRun(run(1))
        #expect(try await reader.runs(limit: 1).count == 1)
        await #expect { try await reader.beginRun(run(2)) } throws: { ($0 as? StoreFault)?.code == "STORE-0003" }
        #expect(try await reader.migrate().applied.isEmpty)
    }

    @Test func `what is in memory lives as long as its engine`() async throws {
        let engine = try await SQLiteEngine.open(path: ":memory:")
        let store = Store(engine: engine, time: SystemTime())
        try await store.migrate()
        try await store.changeInventory([.put(owned("a"))])
        #expect(try await store.inventory().entries.count == 1)
    }

    @Test(arguments: [
        ("sqlite:a/b.db", "a/b.db false"), ("sqlite:///a/b.db", "/a/b.db false"), ("sqlite::memory:", ":memory: false"),
        ("sqlite:a.db?mode=ro", "a.db true"), ("postgres://u:canary@h/d", "postgres"),
        ("mysql://u:canary@h/d", "STORE-0031"), ("sqlite:", "STORE-0031"), ("canary", "STORE-0031"),
        ("sqlite://canary", "STORE-0031"),
    ])
    func `an address is read or refused without being repeated`(_ text: String, _ expected: String) {
        var found: String
        do throws(StoreFault) {
            switch try StoreAddress(text) {
            case .sqlite(let path, let isReadOnly): found = "\(path) \(isReadOnly)"
            case .postgres(let uri): found = "\(uri)" == "<secret>" ? "postgres" : "\(uri)"
            }
        } catch {
            found = error.code
            #expect(!error.description.contains("canary"))
        }
        #expect(found == expected)
    }
}
