import Basics

extension Store {
    /// How the schema stands, without changing anything.
    ///
    /// - Throws: `StoreFault` when the database can't be asked.
    public func schemaStatus() async throws(StoreFault) -> SchemaStatus {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> SchemaStatus in
            let shape = try SchemaShape.read(db, engine.dialect)
            var current = 0
            var found: [SchemaProblem] = []
            do throws(StoreFault) {
                current = try version(in: db, shape)
            } catch {
                guard error.kind == .newerVersion || error.kind == .incompatible else { throw error }
                found.append(SchemaProblem(fault: error, weight: .stops))
                current =
                    try db.run("select max(version) from ops.odooops_migrations").first?.optionalInt(0)
                    .flatMap { Int(exactly: $0) } ?? 0
            }
            // By what only we have: without it each migration would be applied to what it has made before.
            let ours = ["reconcile_state", "reconcile_inventory", "audit_log", "leases"]
            if shape.relations["odooops_migrations"] == nil, ours.allSatisfy({ shape.relations[$0] != nil }) {
                found.append(SchemaProblem(fault: .migrationsMissing(place: engine.place), weight: .stops))
            }
            var missing: [String] = []
            if found.isEmpty {
                found = try missingTables(upTo: current, shape, in: db)
                // Several migrations may add to one table: what is wrong with it is said once.
                var named: Set<String> = []
                for (table, problem) in try missingColumns(upTo: current, shape, in: db) {
                    named.insert(table)
                    found.append(problem)
                }
                for migration in Migration.all {
                    let check = SchemaCheck(
                        migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
                    if migration.version <= current {
                        for (table, fault) in try lostKeys(check, in: db) where named.insert(table.name).inserted {
                            found.append(SchemaProblem(fault: fault, weight: table.weight))
                        }
                        found += try lostForeignKeys(check, in: db)
                    }
                    found += check.problems(besides: named).map { SchemaProblem(fault: $0, weight: .stops) }
                    named.formUnion(check.misfits)
                }
                missing = try missingViews(upTo: current, shape, in: db).map(\.view.place)
            }
            return SchemaStatus(
                current: current, expected: Migration.latest, needsMigration: current < Migration.latest,
                found: found, missingViews: missing)
        }
    }

    /// Whether a table is another's: others had it before us in another shape, which we never write.
    private func isForeign(
        _ table: Migration.Table, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) -> Bool {
        guard table.part == .mirror else { return false }
        return try !isOurs(table.name, shape, in: db)
    }

    /// Whether a table has the shape that was taken for ours; where that can't be asked, it has.
    private func isOurs(_ table: String, _ shape: SchemaShape, in db: any SQLConnection) throws(StoreFault) -> Bool {
        if shape.relations["reconcile_state"] == nil { return true }
        return try Self.mirrors(table, in: db)
    }

    /// The tables of migrations that were applied that aren't there.
    func missingTables(
        upTo version: Int, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) -> [SchemaProblem] {
        var missing: [SchemaProblem] = []
        for table in Migration.tables(upTo: version) where shape.relations[table.name] == nil {
            if try isForeign(table, shape, in: db) { continue }
            let fault = StoreFault.tableMissing(
                table.name, refill: Migration.refills[table.name]?.how, place: engine.place)
            missing.append(
                SchemaProblem(fault: fault, weight: table.weight, missing: table.name))
        }
        return missing
    }

    /// The columns of migrations that were applied that aren't there: one problem a table, whichever migrations they are of.
    ///
    /// Of a table for others that also says what can't be made again; without that of any other table nothing is done.
    private func missingColumns(
        upTo version: Int, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) -> [(table: String, problem: SchemaProblem)] {
        var found: [(table: String, problem: SchemaProblem)] = []
        var lost: [(table: Migration.Table, columns: [(name: String, remedy: String)])] = []
        for migration in Migration.all where migration.version <= version {
            let check = SchemaCheck(migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
            for table in migration.tables {
                let columns = check.lostColumns(of: table)
                let misfit = table.part == .mirror ? check.misfit(ofColumns: table) : nil
                if columns.isEmpty, misfit == nil { continue }
                if try isForeign(table, shape, in: db) { continue }
                if let misfit {
                    let fault = StoreFault.incompatible("ops.\(table.name)", misfit, place: engine.place)
                    found.append((table.name, SchemaProblem(fault: fault, weight: table.weight)))
                } else if let index = lost.firstIndex(where: { $0.table.name == table.name }) {
                    lost[index].columns += columns
                } else {
                    lost.append((table, columns))
                }
            }
        }
        for (table, columns) in lost {
            let fault = StoreFault.columnsMissing(
                "ops.\(table.name)", columns.map(\.name), remedy: columns.map(\.remedy).joined(separator: "; "),
                place: engine.place)
            found.append((table.name, SchemaProblem(fault: fault, weight: table.weight)))
        }
        return found
    }

    /// The tables of a migration that was applied that have lost what keeps their rows from being there twice.
    private func lostKeys(
        _ check: SchemaCheck, in db: any SQLConnection
    ) throws(StoreFault) -> [(table: Migration.Table, fault: StoreFault)] {
        var lost: [(table: Migration.Table, fault: StoreFault)] = []
        for table in check.migration.tables {
            let losses = check.losses(of: table)
            if losses.isEmpty { continue }
            if try isForeign(table, check.shape, in: db) { continue }
            let fault = StoreFault.keysLost(
                "ops.\(table.name)", losses.map(\.what).joined(separator: ", "),
                remedy: losses.map(\.remedy).filter { !$0.isEmpty }.joined(separator: "; "),
                isMirror: table.part == .mirror, place: engine.place)
            lost.append((table, fault))
        }
        return lost
    }

    /// What kept rows of a migration's tables from naming rows that aren't there, and is gone.
    private func lostForeignKeys(
        _ check: SchemaCheck, in db: any SQLConnection
    ) throws(StoreFault) -> [SchemaProblem] {
        var lost: [SchemaProblem] = []
        for table in check.migration.tables {
            let losses = check.lostForeignKeys(of: table)
            if losses.isEmpty { continue }
            if try isForeign(table, check.shape, in: db) { continue }
            for (key, remedy) in losses {
                let fault = StoreFault.foreignKeyLost(
                    "ops.\(table.name)", key.column, of: "ops.\(key.table)", remedy: remedy, place: engine.place)
                lost.append(SchemaProblem(fault: fault, weight: .warns))
            }
        }
        return lost
    }

    /// The views of the migrations up to a version that aren't there, and that this user may make.
    func missingViews(
        upTo version: Int, _ shape: SchemaShape, in db: any SQLConnection
    ) throws(StoreFault) -> [(view: Migration.View, migration: Migration)] {
        let all = Migration.all.filter { $0.version <= version }.flatMap { migration in
            migration.views.map { (view: $0, migration: migration) }
        }
        guard engine.dialect == .postgres, !all.isEmpty else { return [] }
        let places = all.map { "('\($0.view.schema)', '\($0.view.name)', '\($0.view.place)')" }.joined(separator: ", ")
        // By the catalogue alone: a name in a schema that this user may not use would be an error.
        let free = try db.run(
            """
            select v.place from (values \(places)) v (schema, name, place)
            join pg_catalog.pg_namespace n on n.nspname = v.schema
            where pg_catalog.has_schema_privilege(n.oid, 'create') and not exists (
              select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = v.name)
            """)
        guard !free.isEmpty else { return [] }
        var names: Set<String> = []
        for row in free { names.insert(try row.text(0)) }
        var missing: [(view: Migration.View, migration: Migration)] = []
        for one in all where names.contains(one.view.place) {
            var isOurs = true
            for table in one.view.tables where isOurs {
                // Of a table that is missing no view can be made: that is told first.
                isOurs = shape.relations[table] != nil
                if isOurs { isOurs = try self.isOurs(table, shape, in: db) }
            }
            if isOurs { missing.append(one) }
        }
        return missing
    }
}
