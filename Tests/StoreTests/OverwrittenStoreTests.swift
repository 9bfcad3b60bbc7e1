import Basics
import DesiredState
import Diff
import Formats
import Glibc
import Store
import StoreSQLite
import TestKit
import Testing

/// A store that is written over, or set back, while somebody has it open: seen before anything is done on an old view.
@Suite struct OverwrittenStoreTests {
    private static func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? StoreFault)?.code
        }
    }

    private static func claim(_ store: Store, _ holder: String = "one") async throws -> ShardClaim {
        try await store.claimShards(
            of: 1, holder: holder, service: nil, lasting: .minutes(5), isOver: { _ in false }, choose: { _ in [0] })
    }

    // MARK: By the tables

    /// What somebody does to the tables, as `pg_restore` would.
    struct Deed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let statement: String
        var isNoticedWhileHeld = true
    }

    static let deeds = [
        Deed(testDescription: "tokens of before", statement: "update ops.leases set token = token - 2, holder = 'x'"),
        Deed(testDescription: "no lease at all", statement: "delete from ops.leases"),
        Deed(
            testDescription: "another store",
            statement: "update ops.reconcile_state set value = '\"another\"' where key = 'store.identity'",
            isNoticedWhileHeld: false),
    ]

    @Test(arguments: engines, deeds) func `what comes from before is refused with the next lease, and by each write`(
        _ dialect: SQLDialect, _ deed: Deed
    ) async throws {
        try await TestStore.with(dialect) { test in
            for _ in 0..<3 { try await test.store.releaseLeases(Self.claim(test.store).leases) }
            let held = try await Self.claim(test.store).leases
            let fenced = test.store.fenced(by: held)
            try await fenced.changeInventory([.put(owned("before"))])
            try await test.prepare([deed.statement])
            if deed.isNoticedWhileHeld {
                #expect(await Self.code { try await fenced.changeInventory([.put(owned("after"))]) } == "STORE-0054")
                #expect(await Self.code { try test.store.confirmSame() } == "STORE-0054")
            } else {
                try await test.store.releaseLeases(held)
            }
            #expect(await Self.code { _ = try await Self.claim(test.store) } == "STORE-0054")
            #expect(await Self.code { try await test.store.ping() } == "STORE-0054")
            #expect(try await test.store.inventory().entries.map(\.key.name) == ["before"])
            // Nothing of the refused claim stayed.
            let tokens = try await test.rows("select token from ops.leases").map { try $0.int(0) }
            #expect(tokens.allSatisfy { $0 <= 4 })
            // Who comes anew has seen nothing else.
            let other = Store(engine: test.engine, time: test.time)
            _ = try await other.settleRestored(by: "ann")
            #expect(try await Self.claim(other).leases.count == 1)
        }
    }

    @Test(arguments: engines) func `two services that begin on an empty store at once know the same one`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let engine = try await test.another()
            for round in 0..<20 {
                try await test.prepare(["delete from ops.reconcile_state where key = 'store.identity'"])
                // Each has its own memory, as a process has.
                let stores = [test.engine, engine].map { Store(engine: $0, time: test.time) }
                for turn in 0..<3 {
                    async let one = Self.claim(stores[0], "one")
                    async let two = Self.claim(stores[1], "two")
                    for claim in try await [one, two] where !claim.leases.isEmpty {
                        try await stores[0].releaseLeases(claim.leases)
                    }
                    #expect(await Self.code { try stores[0].confirmSame() } == nil, "round \(round), turn \(turn)")
                    #expect(await Self.code { try stores[1].confirmSame() } == nil, "round \(round), turn \(turn)")
                }
            }
            await engine.close()
        }
    }

    @Test(arguments: engines) func `tokens that others were given in between are no sign of that`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let other = Store(engine: test.engine, time: test.time)
            for store in [test.store, other, other, test.store] {
                try await store.releaseLeases(Self.claim(store).leases)
            }
            // Lost to somebody else is lost and no more.
            let held = try await Self.claim(test.store).leases
            test.time.advance(by: .hours(1))
            let taken = try await Self.claim(other, "two").leases
            #expect(
                await Self.code { try await test.store.fenced(by: held).changeInventory([.put(owned("a"))]) }
                    == "STORE-0028")
            try await other.releaseLeases(taken)
            // What a person made safe goes on.
            _ = try await other.settleRestored(by: "ann")
            #expect(try await Self.claim(test.store).leases.count == 1)
        }
    }

    // MARK: By the file

    /// What is done to a file under a service; `$1` is the file, `$2` a copy of it, `$3` another store.
    struct Stroke: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let command: String
        /// Whether the log was copied into the file after the copy was made.
        var isFolded = true
        var isNoticed = true
    }

    static let strokes = [
        Stroke(testDescription: "a copy of before", command: "cat $2 > $1"),
        Stroke(testDescription: "a copy that is newer than the file itself", command: "cat $2 > $1", isFolded: false),
        Stroke(testDescription: "another store", command: "cat $3 > $1"),
        Stroke(testDescription: "nothing", command: ": > $1"),
        Stroke(testDescription: "garbage", command: "printf garbage > $1"),
        Stroke(testDescription: "only the half of it so far", command: "head -c 50 $2 > $1"),
        Stroke(testDescription: "its own bytes", command: "cat $1 > $1.same; cat $1.same > $1", isNoticed: false),
        Stroke(testDescription: "a new time", command: "touch $1", isNoticed: false),
    ]

    @Test(arguments: strokes) func `what is written over a file is seen before the next read or write`(
        _ stroke: Stroke
    ) async throws {
        let directory = try TemporaryDirectory()
        let (path, copy, third) = (directory.path("a"), directory.path("b"), directory.path("c"))
        let time = SimulatedTime(now: start)
        let another = try await SQLiteEngine.open(path: third)
        _ = try await Store(engine: another, time: time).migrate()
        await another.close()
        let engine = try await SQLiteEngine.open(path: path)
        let store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        // What lies in the log is copied into the file.
        func fold() { #expect(Shell.run("sqlite3 \(path) 'pragma wal_checkpoint(truncate)'").status == 0) }
        func pass(_ name: String) async throws {
            let leases = try await Self.claim(store).leases
            try await store.changeInventory([.put(owned(name))])
            try await store.releaseLeases(leases)
        }
        try await pass("both")
        fold()
        try await store.ping()
        try await pass("more")
        _ = try await engine.backup(to: copy)
        try await pass("last")
        if stroke.isFolded {
            fold()
            try await store.ping()
        }
        #expect(
            Shell.run("set -- \(path) \(copy) \(third); \(stroke.command)").status == 0)
        for _ in 0..<2 {
            let codes = [
                await Self.code { _ = try await store.inventory() }, await Self.code { try await store.ping() },
                await Self.code { try await store.changeInventory([.put(owned("after"))]) },
                await Self.code { _ = try await Self.claim(store) },
            ]
            #expect(Set(codes) == [stroke.isNoticed ? "STORE-0054" : nil], "\(codes)")
        }
        await engine.close()
        if !stroke.isNoticed {
            let again = try await SQLiteEngine.open(path: path)
            let names = try await Store(engine: again, time: time).inventory().entries.map(\.key.name)
            #expect(names == ["after", "both", "last", "more"])
            await again.close()
        }
    }

    @Test func `a log that others filled, copied and began anew while one looked away is no stranger's work`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let path = directory.path("a")
        let time = SimulatedTime(now: start)
        let idle = Store(engine: try await SQLiteEngine.open(path: path), time: time)
        _ = try await idle.migrate()
        let busy = Store(engine: try await SQLiteEngine.open(path: path), time: time)
        func work() async throws { try await busy.releaseLeases(Self.claim(busy).leases) }
        func copy() { #expect(Shell.run("sqlite3 \(path) 'pragma wal_checkpoint(full)'").status == 0) }
        for rounds in 1...3 {
            try await work()
            copy()
            try await idle.ping()
            for _ in 0..<rounds {
                try await work()
                copy()
            }
            try await work()
            #expect(await Self.code { try await idle.ping() } == nil, "\(rounds) times")
        }
    }

    @Test func `whatever SQLite does to the file by itself is no stranger's work`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("a")
        let time = SimulatedTime(now: start)
        let engine = try await SQLiteEngine.open(path: path)
        let store = Store(engine: engine, time: time)
        _ = try await store.migrate()
        let other = Store(engine: try await SQLiteEngine.open(path: path), time: time)
        let isOver = Locked(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in [store, other] {
                group.addTask {
                    defer { isOver.withLock { $0 = true } }
                    for round in 0..<60 {
                        let text = Value.string(String(repeating: "x", count: 20_000 + round))
                        try await store.changeInventory((0..<8).map { .put(owned("d-\($0)", size: text)) })
                        _ = try await Self.claim(store, "one")
                    }
                }
                group.addTask {
                    while !isOver.withLock({ $0 }) { _ = try await store.inventory() }
                }
            }
            group.addTask {
                for command in ["pragma wal_checkpoint(full)", "vacuum", "pragma wal_checkpoint(restart)"] {
                    _ = Shell.run("sqlite3 -cmd '.timeout 5000' \(path) '\(command)'")
                    usleep(100_000)
                }
            }
            try await group.waitForAll()
        }
        try await store.ping()
        await other.close()
        await store.close()
    }
}
