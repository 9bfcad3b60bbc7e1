import Basics
import Formats

extension Store {
    /// Makes tables again that were taken away, empty, with all that later migrations have added to them.
    ///
    /// - Parameters:
    ///   - version: the version that the schema has.
    ///   - accepted: the tables whose rows may be lost.
    ///   - shape: what is there.
    ///   - db: the transaction.
    ///   - applied: takes what was done.
    /// - Returns: the tables that were made, in the order of making.
    /// - Throws: `StoreFault`.
    func remake(
        upTo version: Int, accepting accepted: Set<String>, _ shape: SchemaShape, in db: any SQLConnection,
        _ applied: inout [String]
    ) throws(StoreFault) -> [String] {
        let wanted = try missingTables(upTo: version, shape, in: db).compactMap { $0.remade(accepting: accepted) }
        for name in wanted { try remake(name, upTo: version, shape, in: db) }
        // What is to be forgotten may be in another of them.
        for name in wanted {
            let refill = Migration.refills[name]
            for statement in refill?.statements ?? Migration.restarts[name] ?? [] { try db.run(statement) }
            applied.append(
                "created ops.\(name), which was missing: " + (refill?.how ?? "the rows that it had are lost"))
        }
        if wanted.contains("reconcile_state") { try rememberUnmirrored(upTo: version, shape, in: db) }
        return wanted
    }

    private func remake(
        _ name: String, upTo version: Int, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) {
        var columns: Set<String> = []
        let dialect = engine.dialect
        for migration in Migration.all where migration.version <= version {
            for table in migration.tables where table.name == name {
                if columns.isEmpty {
                    if dialect == .postgres {
                        for type in migration.types where shape.enums[type.name] == nil {
                            try db.run(
                                "do $$ begin \(migration.create(type)); exception when duplicate_object then null; end $$"
                            )
                        }
                    }
                    try create(table, of: migration, hasServiceRole: shape.hasServiceRole, in: db)
                } else {
                    for column in table.columns where !columns.contains(column.name) {
                        if let statement = migration.add(column, to: table, dialect) { try db.run(statement) }
                    }
                    for index in table.indexes { try db.run(migration.create(index, on: table, dialect)) }
                }
                columns.formUnion(table.columns.map(\.name))
            }
            guard dialect == .postgres else { continue }
            // A policy of another table that asked this one went with it.
            for table in migration.readable {
                let rows = migration.readableRows[table] ?? "true"
                guard table == name || rows.contains("ops.\(name) ") && shape.relations[table] != nil else { continue }
                var told: [String] = []
                try Self.open(table, rows: rows, in: db, &told)
            }
        }
    }

    /// Writes down again which tables of ours others have in another shape.
    private func rememberUnmirrored(
        upTo version: Int, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) {
        for migration in Migration.all where migration.version <= version {
            let check = SchemaCheck(
                migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
            for (table, reason) in check.unmirrored { try remember(table, isUnmirrored: reason, in: db) }
        }
    }

    /// Writes down that others have a table of ours in another shape.
    func remember(_ table: String, isUnmirrored reason: String, in db: any SQLConnection) throws(StoreFault) {
        try db.run(
            """
            insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
            on conflict (key) do update set value = excluded.value
            """, [.text("unmirrored.\(table)"), .json(.string(reason)), .time(time.now)])
    }
}
