import Basics
public import DesiredState
public import Diff
import Formats

extension Store {
    /// All that a plan needs to know of the past, as of one instant.
    ///
    /// - Throws: `StoreFault`; a row that can't be read is a fault and never left out.
    public func inventory() async throws(StoreFault) -> Inventory {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Inventory in
            let entries = try Self.inventoryEntries(in: db)
            let desired = try Self.lastDesired(in: db)
            return Inventory(
                entries: entries, environments: try Self.environments(in: db, \.record),
                lastRoots: desired["roots"]?.listValue?.compactMap(\.stringValue) ?? [],
                lastDesiredCount: desired["count"]?.intValue.flatMap { Int(exactly: $0) } ?? 0,
                marks: try Self.pruneMarks(in: db), dueSuccessors: try Self.dueSuccessors(in: db))
        }
    }

    /// What we own, in the order of its keys' bytes.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - key: where the part before ended.
    ///   - kind: only of it.
    ///   - environment: only of it.
    ///   - environments: only of these; nil: of all, and of none.
    /// - Returns: the entries, and whether there are more.
    /// - Throws: `StoreFault`.
    public func inventoryPage(
        limit: Int, after key: String? = nil, kind: String? = nil, environment: String? = nil,
        environments: [String]? = nil
    ) async throws(StoreFault) -> (rows: [InventoryEntry], hasMore: Bool) {
        let order = engine.dialect == .postgres ? "resource_key collate \"C\"" : "resource_key"
        var conditions = Conditions()
        conditions.add("\(order) > ?", key.map { .text($0) })
        conditions.add("kind = ?", kind.map { .text($0) })
        conditions.add("environment = ?", environment.map { .text($0) })
        conditions.add("environment", oneOf: environments)
        let (clause, binds) = (conditions.clause("where"), conditions.binds)
        let rows = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [InventoryEntry] in
            try Self.inventoryEntries("\(clause) order by \(order) limit \(max(0, limit) + 1)", binds, in: db)
        }
        return (Array(rows.prefix(limit)), rows.count > limit)
    }

    /// The keys that we own, each with the environment that it belongs to.
    ///
    /// - Throws: `StoreFault`; a row that can't be read is a fault and never left out.
    public func ownedKeys() async throws(StoreFault) -> [ResourceKey: String?] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [ResourceKey: String?] in
            let rows = try db.run("select resource_key, environment from ops.reconcile_inventory", [])
            var owned: [ResourceKey: String?] = [:]
            owned.reserveCapacity(rows.count)
            for row in rows { owned.updateValue(row.optionalText(1), forKey: try Self.key(row)) }
            return owned
        }
    }

    private static func key(_ row: SQLRow) throws(StoreFault) -> ResourceKey {
        guard let key = ResourceKey(try row.text(0)) else {
            throw .unreadable("\(try row.text(0)) in ops.reconcile_inventory is no key")
        }
        return key
    }

    private static func inventoryEntries(in db: any SQLConnection) throws(StoreFault) -> [InventoryEntry] {
        try everyRow(by: "resource_key", at: \.key.description, { $0 }) {
            (after, end) throws(StoreFault) -> [InventoryEntry] in
            try inventoryEntries("\(after.clause("where")) \(end)", after.binds, in: db)
        }
    }

    private static func inventoryEntries(
        _ condition: String, _ binds: [SQLValue], in db: any SQLConnection
    ) throws(StoreFault) -> [InventoryEntry] {
        let rows = try db.run(
            """
            select resource_key, provider_id, environment, last_applied, revision, is_protected, created_at,
              is_adopted, echoes
            from ops.reconcile_inventory \(condition)
            """, binds)
        // One parse for all: many small ones take several times as long.
        let applied = StoredJSON.values(rows.map { $0.optionalText(3) ?? "null" })
        var entries: [InventoryEntry] = []
        entries.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            let lastApplied: Value
            if let applied { lastApplied = applied[index] } else { lastApplied = try row.json(3) }
            var entry = InventoryEntry(
                key: try key(row), providerID: try row.text(1), environment: row.optionalText(2),
                lastApplied: Attributes(lastApplied), revision: try row.text(4), isProtected: try row.bool(5),
                createdAt: try row.time(6), isAdopted: try row.bool(7))
            if row.optionalText(8) != nil { entry.echoes = (try row.json(8).listValue ?? []).compactMap(Echo.init) }
            entries.append(entry)
        }
        return entries
    }

    /// Changes what we own, all or nothing.
    ///
    /// - Throws: `StoreFault`.
    public func changeInventory(_ changes: [InventoryChange]) async throws(StoreFault) {
        guard !changes.isEmpty else { return }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for change in changes { try apply(change, in: db) }
        }
    }

    /// Remembers what was last wanted; writes only when it differs.
    ///
    /// - Parameters:
    ///   - roots: the roots of the revision, in order of precedence.
    ///   - count: how many resources and environments it wants.
    ///   - revision: the commit.
    /// - Throws: `StoreFault`.
    public func rememberDesired(roots: [String], count: Int, revision: String) async throws(StoreFault) {
        let value = Value.object(
            ["count": .int(Int64(count)), "revision": .string(revision), "roots": .strings(roots)] as KeyValuePairs)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            guard try Self.lastDesired(in: db) != value else { return }
            try Self.setState("desired", value, at: time.now, in: db)
        }
    }

    static func lastDesired(in db: any SQLConnection) throws(StoreFault) -> Value {
        try state("desired", in: db) ?? .null
    }

    func apply(_ change: InventoryChange, in db: any SQLConnection) throws(StoreFault) {
        switch change {
        case .put(let entry):
            try db.run(
                """
                insert into ops.reconcile_inventory (resource_key, kind, name, provider_id, environment, last_applied,
                  revision, is_protected, created_at, updated_at, is_adopted, echoes)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                on conflict (resource_key) do update
                set provider_id = excluded.provider_id, environment = excluded.environment,
                  last_applied = excluded.last_applied, revision = excluded.revision,
                  is_protected = excluded.is_protected, created_at = excluded.created_at,
                  updated_at = excluded.updated_at, is_adopted = excluded.is_adopted,
                  echoes = excluded.echoes
                """,
                [
                    .text(entry.key.description), .text(entry.key.kind.name), .text(entry.key.name),
                    .text(entry.providerID), .optional(entry.environment), .json(entry.lastApplied.value),
                    .text(entry.revision), .bool(entry.isProtected), .time(entry.createdAt), .time(time.now),
                    .bool(entry.isAdopted),
                    entry.echoes.isEmpty ? .null : .json(.list(entry.echoes.map(\.stored))),
                ])
            try Self.forgetSuccessor(entry.key, in: db)
        case .remove(let key):
            try db.run("delete from ops.reconcile_inventory where resource_key = $1", [.text(key.description)])
        }
    }
}

extension Echo {
    fileprivate var stored: Value {
        [
            "attribute": .string(attribute), "value": value, "times": .int(Int64(times)), "answer": .bool(isAnswer),
            "at": .string(at.description),
        ]
    }

    /// Nil for what isn't one: then the next write says it anew.
    fileprivate init?(_ stored: Value) {
        guard let attribute = stored["attribute"]?.stringValue, let value = stored["value"],
            let times = stored["times"]?.intValue.flatMap({ Int(exactly: $0) }),
            let at = stored["at"]?.instantValue
        else { return nil }
        self.init(attribute, value, times: times, isAnswer: stored["answer"]?.boolValue ?? false, at: at)
    }
}
