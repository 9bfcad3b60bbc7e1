import Basics
import Formats

extension Store {
    /// Brings the schema up to date, in one transaction: all of it or nothing.
    ///
    /// Looks before it writes: what is there in a shape that ours fits stays and gets the columns that it lacks;
    /// nothing is ever dropped or altered. A table that is missing is made again where its rows come again by themselves.
    ///
    /// - Parameters:
    ///   - latest: the version to stop at, as an earlier program would have; default: the present one.
    ///   - accepted: tables that are missing and are made again, although their rows are lost.
    ///   - actor: who has said so, for the audit log.
    /// - Returns: what was done, and what is still wrong.
    /// - Throws: `StoreFault` of kind `incompatible` when a table or type of our name has another shape, or is missing and
    ///   its rows would be lost, and of kind `newerVersion` when a later version of this program wrote the schema.
    @discardableResult
    public func migrate(
        upTo latest: Int = .max, accepting accepted: Set<String> = [], by actor: String = "migrate"
    ) async throws(StoreFault) -> MigrationReport {
        // Looking costs no write, so a schema that is up to date can be on a store that others write to.
        let status = try await schemaStatus()
        if let problem = status.found.first(where: { $0.hinders(accepting: accepted) }) { throw problem.fault }
        if let name = accepted.sorted().first(where: { name in !status.found.contains { $0.missing == name } }) {
            throw .invalid(
                "the table ops.\(name) is not missing", hint: "`reconcile doctor` says what is wrong with the store")
        }
        let isLacking = status.found.contains { $0.remade(accepting: accepted) != nil }
        guard status.needsMigration || isLacking || !status.missingViews.isEmpty else {
            return MigrationReport(
                from: status.current, to: status.current, applied: [], notes: [], problems: status.told)
        }
        let done = try await migratePatiently(upTo: latest, accepting: accepted, by: actor)
        let after = try await schemaStatus()
        return MigrationReport(
            from: done.from, to: done.to, applied: done.applied, notes: done.notes, problems: after.told)
    }

    private func migratePatiently(
        upTo latest: Int, accepting accepted: Set<String>, by actor: String
    ) async throws(StoreFault) -> MigrationReport {
        // A file's lock is waited for as long as any writer needs; the first of two may need longer for a whole schema.
        for _ in 0..<(engine.dialect == .sqlite ? 24 : 0) {
            do throws(StoreFault) {
                return try await migrateNow(upTo: latest, accepting: accepted, by: actor)
            } catch {
                guard error.kind == .locked else { throw error }
            }
        }
        return try await migrateNow(upTo: latest, accepting: accepted, by: actor)
    }

    private func migrateNow(
        upTo latest: Int, accepting accepted: Set<String>, by actor: String
    ) async throws(StoreFault) -> MigrationReport {
        let id = identifiers.next(at: time.now)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> MigrationReport in
            // Two services that start together would both create: the second waits here and then finds it done.
            if engine.dialect == .postgres {
                // The first one may need longer for a whole schema than any other lock is worth waiting for.
                for name in ["lock_timeout", "statement_timeout"] { try db.run("set local \(name) = '2min'") }
                try db.run("select pg_advisory_xact_lock(7236837110542)")
                for name in ["lock_timeout", "statement_timeout"] { try db.run("set local \(name) to default") }
            }
            var shape = try SchemaShape.read(db, engine.dialect)
            let current = try version(in: db, shape)
            var (applied, notes): ([String], [String]) = ([], [])
            // Before anything is added to them.
            let remade = try remake(upTo: current, accepting: accepted, shape, in: db, &applied)
            if !remade.isEmpty { shape = try SchemaShape.read(db, engine.dialect) }
            for migration in Migration.all where migration.version > current && migration.version <= latest {
                let check = SchemaCheck(
                    migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
                if let problem = check.problems.first { throw problem }
                try apply(check, in: db, applied: &applied, notes: &notes)
                shape = try SchemaShape.read(db, engine.dialect)
            }
            let reached = max(current, min(latest, Migration.latest))
            // Those of earlier migrations too: where the schema was brought in anew they went with what was there.
            for missing in try missingViews(upTo: reached, shape, in: db) {
                try Self.make(
                    missing.view, of: missing.migration, hasServiceRole: shape.hasServiceRole, in: db, &applied, &notes)
            }
            // Last, where the log has all that it needs.
            let lost = remade.filter { accepted.contains($0) }
            if !lost.isEmpty {
                let audit = AuditRecord(
                    at: time.now, action: "store.remade", target: lost.map { "ops.\($0)" }.joined(separator: " "),
                    actor: actor, detail: .object(["tables": .strings(lost)]))
                try Self.write(audit, id: id, in: db)
            }
            return MigrationReport(from: current, to: reached, applied: applied, notes: notes)
        }
    }

    /// The version that was applied last; 0 where none was.
    func version(in db: any SQLConnection, _ shape: SchemaShape) throws(StoreFault) -> Int {
        guard shape.relations["odooops_migrations"] != nil else { return 0 }
        var latest = 0
        for row in try db.run("select version, name, sha256 from ops.odooops_migrations order by version") {
            let version = Int(clamping: try row.int(0))
            latest = version
            guard let known = Migration.all.first(where: { $0.version == version }) else { continue }
            guard known.digest(engine.dialect).hex == (try row.text(2)) else {
                throw .changedMigration(version, known.name, place: engine.place)
            }
        }
        guard latest <= Migration.latest else {
            throw .newerVersion(found: latest, known: Migration.latest, place: engine.place)
        }
        return latest
    }

    private func apply(
        _ check: SchemaCheck, in db: any SQLConnection, applied: inout [String], notes: inout [String]
    ) throws(StoreFault) {
        let (migration, shape, dialect) = (check.migration, check.shape, engine.dialect)
        let unmirrored = check.unmirrored
        if !shape.exists { try db.run("create schema ops") }
        if dialect == .postgres {
            for type in migration.types where shape.enums[type.name] == nil { try db.run(migration.create(type)) }
        }
        for table in migration.tables where !unmirrored.contains(where: { $0.table == table.name }) {
            if let there = shape.relations[table.name] {
                for column in table.columns where there.columns[column.name] == nil {
                    guard let statement = migration.add(column, to: table, dialect) else { continue }
                    try db.run(statement)
                    applied.append("added column \(column.name) to ops.\(table.name)")
                }
                guard table.part == .addition else { continue }
                for index in table.indexes { try db.run(migration.create(index, on: table, dialect)) }
            } else {
                try create(table, of: migration, hasServiceRole: shape.hasServiceRole, in: db)
                applied.append("created ops.\(table.name)")
            }
        }
        for statement in migration.repairs { try db.run(statement) }
        if dialect == .postgres {
            for table in migration.readable {
                try Self.open(table, rows: migration.readableRows[table] ?? "true", in: db, &applied)
            }
            for view in migration.views {
                try Self.make(view, of: migration, hasServiceRole: shape.hasServiceRole, in: db, &applied, &notes)
            }
        }
        if shape.relations["odooops_migrations"] == nil {
            try db.run(
                """
                create table if not exists ops.odooops_migrations (
                  version integer primary key, name text not null, sha256 text not null,
                  applied_at \(dialect == .postgres ? "timestamptz" : "text") not null
                )
                """)
            if dialect == .postgres {
                try Self.secure("odooops_migrations", hasServiceRole: shape.hasServiceRole, in: db)
            }
        }
        for (table, reason) in unmirrored {
            notes.append("ops.\(table) exists in another shape and is left alone: \(reason)")
            try remember(table, isUnmirrored: reason, in: db)
        }
        try db.run(
            "insert into ops.odooops_migrations (version, name, sha256, applied_at) values ($1, $2, $3, $4)",
            [
                .int(Int64(migration.version)), .text(migration.name), .text(migration.digest(dialect).hex),
                .time(time.now),
            ])
    }

    /// Makes a table, closed to others, with the indexes that its own migration gives it.
    func create(
        _ table: Migration.Table, of migration: Migration, hasServiceRole: Bool, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(migration.create(table, engine.dialect))
        if engine.dialect == .postgres { try Self.secure(table.name, hasServiceRole: hasServiceRole, in: db) }
        for index in table.indexes { try db.run(migration.create(index, on: table, engine.dialect)) }
    }

    /// Lets signed-in people read a table, where that role exists and the table is ours to open.
    static func open(
        _ table: String, rows: String, in db: any SQLConnection, _ applied: inout [String]
    ) throws(StoreFault) {
        guard try mirrors(table, in: db) else { return }
        let mayOpen = try db.run(
            """
            select 1 from pg_catalog.pg_roles, pg_catalog.pg_class c
            where rolname = 'authenticated' and c.oid = pg_catalog.to_regclass($1)
              and pg_catalog.pg_has_role(c.relowner, 'member') and not exists (
                select 1 from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'authenticated_read')
            """, [.text("ops.\(table)")])
        guard !mayOpen.isEmpty else { return }
        try db.run("grant usage on schema ops to authenticated")
        try db.run("grant select on table ops.\(table) to authenticated")
        try db.run("create policy authenticated_read on ops.\(table) for select to authenticated using (\(rows))")
        applied.append("let authenticated read ops.\(table)")
    }

    /// Makes a view where its name is free and we may; it is for others to read, so nothing depends on it.
    private static func make(
        _ view: Migration.View, of migration: Migration, hasServiceRole: Bool, in db: any SQLConnection,
        _ applied: inout [String], _ notes: inout [String]
    ) throws(StoreFault) {
        for table in view.tables where try !mirrors(table, in: db) { return }
        let found = try db.run(
            """
            select pg_catalog.to_regclass($1) is not null,
              coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace($2), 'create'), false)
            """, [.text(view.place), .text(view.schema)]
        ).first
        guard let found else { return }
        if try found.bool(0) { return notes.append("\(view.place) is there already and is left alone") }
        guard try found.bool(1) else {
            return notes.append("\(view.place) is not made: this role may not create in the schema \(view.schema)")
        }
        try db.run(migration.create(view))
        // A view belongs to its maker; what a schema gives to everybody by default is taken back first.
        try db.run("revoke all on \(view.place) from public")
        for role in ["anon", "authenticated"]
        where try !db.run("select 1 from pg_catalog.pg_roles where rolname = $1", [.text(role)]).isEmpty {
            try db.run("revoke all on \(view.place) from \(role)")
        }
        if hasServiceRole { try db.run("grant select on \(view.place) to service_role") }
        applied.append("created \(view.place)")
    }

    /// Closes a table that we made to everybody but its owner and the role for services.
    static func secure(_ table: String, hasServiceRole: Bool, in db: any SQLConnection) throws(StoreFault) {
        try db.run("alter table ops.\(table) enable row level security")
        guard hasServiceRole else { return }
        try db.run("grant usage on schema ops to service_role")
        try db.run("grant all on table ops.\(table) to service_role")
        try db.run(
            "create policy service_role_all on ops.\(table) for all to service_role using (true) with check (true)")
    }
}
