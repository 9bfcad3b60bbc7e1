import Basics
import DesiredState
import Diff
import Formats
import Store
import StorePostgres
import StoreSQLite
import TestKit
import Testing

/// The engines that can be tested here.
let engines: [SQLDialect] = PostgresServer.shared == nil ? [.sqlite] : [.sqlite, .postgres]

let start = Timestamp(seconds: 1_772_800_000)

/// A store of its own for one test, gone after it.
struct TestStore {
    let store: Store
    let engine: any SQLEngine
    let time: SimulatedTime
    /// The file, or the URI.
    let address: String

    /// Beside all other tests a thread may stand still in the middle of a transaction for longer than a service ever should.
    private static let patient = PostgresEngine.Options(idleTimeout: .seconds(120))

    /// Opens another engine on the same data, as another process would.
    func another() async throws -> any SQLEngine {
        switch engine.dialect {
        case .sqlite: try await SQLiteEngine.open(path: address)
        case .postgres: try await PostgresEngine.open(Secret(address), options: Self.patient)
        }
    }

    /// Runs statements as somebody else would who made the database before us.
    func prepare(_ statements: [String]) async throws {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for statement in statements { try db.run(statement, []) }
        }
    }

    func rows(_ sql: String, _ binds: [SQLValue] = []) async throws -> [SQLRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [SQLRow] in try db.run(sql, binds) }
    }

    static func with(
        _ dialect: SQLDialect, migrated: Bool = true, _ body: (TestStore) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-store")
        let engine: any SQLEngine
        let address: String
        switch dialect {
        case .sqlite:
            address = directory.path("state.db")
            engine = try await SQLiteEngine.open(path: address)
        case .postgres:
            address = try #require(PostgresServer.shared?.makeDatabase("store"))
            engine = try await PostgresEngine.open(Secret(address), options: patient)
        }
        let time = SimulatedTime(now: start)
        let store = Store(engine: engine, time: time)
        if migrated { try await store.migrate() }
        try await body(TestStore(store: store, engine: engine, time: time, address: address))
        await engine.close()
    }
}

func runID(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "01990000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.utf8.count) + digits
}

func key(_ name: String) -> ResourceKey { ResourceKey(.droplet, name) }

func run(_ number: Int, phase: RunPhase = .pending, at instant: Timestamp = start) -> RunRecord {
    RunRecord(
        id: runID(number), trigger: .manual, phase: phase, isDryRun: false, revision: "abc",
        startedAt: instant,
        metadata: .object(["b": 1, "a": .object(["z": "1", "y": true] as KeyValuePairs)] as KeyValuePairs))
}

func entry(_ name: String, run number: Int = 1, step: String = "1", state: JournalEntry.State = .intended)
    -> JournalEntry
{
    JournalEntry(
        runID: runID(number), stepID: step, key: key(name), action: .create, operation: "POST /v2/droplets",
        title: "create \(name)", environment: "dev", state: state,
        input: .object(["size": "s", "region": "r"] as KeyValuePairs), intendedAt: start)
}

func owned(_ name: String, size: Value = "s-1") -> InventoryEntry {
    InventoryEntry(
        key: key(name), providerID: "7", environment: "dev",
        lastApplied: Attributes([.init("size", size), .init("tags", ["a", "b"])]), revision: "abc", isProtected: false,
        createdAt: start)
}

func drift(
    _ name: String, cause: ChangeCause = .externalChange, after: Value = "s-2", isSensitive: Bool = false
) -> DriftItem {
    DriftItem(
        key: key(name), cause: cause,
        attributes: [AttributeChange(path: "size", before: "s-1", after: after, isSensitive: isSensitive)],
        environment: "dev", source: SourceMark(file: "a.yaml", line: 3, column: 5), summary: "size differs")
}

extension Store {
    /// Moves one schedule on, unless somebody else has moved it.
    func advance(
        _ state: ScheduleState, to cursor: Timestamp, slots: [NewScheduleSlot], dropping reason: String? = nil
    ) async throws(StoreFault) -> Bool {
        var move = ScheduleMove(state, to: cursor)
        (move.slots, move.dropReason) = (slots, reason)
        return try await !advance([move]).isEmpty
    }
}
