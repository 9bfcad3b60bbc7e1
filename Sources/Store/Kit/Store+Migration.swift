import Basics
import Formats

extension Store {
    /// Brings the schema up to date, in one transaction: all of it or nothing.
    ///
    /// Looks before it writes: what is there in a shape that ours fits stays and gets the columns that it lacks;
    /// nothing is ever dropped or altered.
    ///
    /// - Parameter latest: the version to stop at, as an earlier program would have; default: the present one.
    /// - Returns: what was done.
    /// - Throws: `StoreFault` of kind `incompatible` when a table or type of our name has another shape, and of kind
    ///   `newerVersion` when a later version of this program wrote the schema.
    @discardableResult
    public func migrate(upTo latest: Int = .max) async throws(StoreFault) -> MigrationReport {
        // Looking costs no write, so a schema that is up to date can be on a store that others write to.
        let status = try await schemaStatus()
        if let problem = status.problems.first { throw problem }
        guard status.needsMigration || !status.missingViews.isEmpty else {
            return MigrationReport(from: status.current, to: status.current, applied: [], notes: [])
        }
        // A file's lock is waited for as long as any writer needs; the first of two may need longer for a whole schema.
        for _ in 0..<(engine.dialect == .sqlite ? 24 : 0) {
            do throws(StoreFault) {
                return try await migrateNow(upTo: latest)
            } catch {
                guard error.kind == .locked else { throw error }
            }
        }
        return try await migrateNow(upTo: latest)
    }

    private func migrateNow(upTo latest: Int) async throws(StoreFault) -> MigrationReport {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> MigrationReport in
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
            for migration in Migration.all where migration.version > current && migration.version <= latest {
                let check = SchemaCheck(
                    migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
                if let problem = check.problems.first { throw problem }
                try apply(check, in: db, applied: &applied, notes: &notes)
                shape = try SchemaShape.read(db, engine.dialect)
            }
            let reached = max(current, min(latest, Migration.latest))
            // Those of earlier migrations too: where the schema was brought in anew they went with what was there.
            for missing in try missingViews(upTo: reached, in: db) {
                try Self.make(
                    missing.view, of: missing.migration, hasServiceRole: shape.hasServiceRole, in: db, &applied, &notes)
            }
            return MigrationReport(from: current, to: reached, applied: applied, notes: notes)
        }
    }

    /// How the schema stands, without changing anything.
    ///
    /// - Throws: `StoreFault` when the database can't be asked.
    public func schemaStatus() async throws(StoreFault) -> SchemaStatus {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> SchemaStatus in
            let shape = try SchemaShape.read(db, engine.dialect)
            var current = 0
            var problems: [StoreFault] = []
            do throws(StoreFault) {
                current = try version(in: db, shape)
            } catch {
                guard error.kind == .newerVersion || error.kind == .incompatible else { throw error }
                problems.append(error)
                current =
                    try db.run("select max(version) from ops.odooops_migrations").first?.optionalInt(0)
                    .flatMap { Int(exactly: $0) } ?? 0
            }
            var obstacle = problems.first
            var missing: [String] = []
            if problems.isEmpty {
                // Several migrations may add to one table: what is wrong with it is said once.
                var named: Set<String> = []
                for migration in Migration.all {
                    let check = SchemaCheck(
                        migration: migration, shape: shape, dialect: engine.dialect, place: engine.place)
                    if migration.version <= current {
                        for (table, fault) in try lostKeys(check, in: db) where named.insert(table.name).inserted {
                            problems.append(fault)
                            if table.part != .mirror { obstacle = obstacle ?? fault }
                        }
                    }
                    let others = check.problems(besides: named)
                    obstacle = obstacle ?? others.first
                    problems += others
                    named.formUnion(check.misfits)
                }
                missing = try missingViews(upTo: current, in: db).map(\.view.place)
            }
            return SchemaStatus(
                current: current, expected: Migration.latest, needsMigration: current < Migration.latest,
                problems: problems, obstacle: obstacle, missingViews: missing)
        }
    }

    /// The tables of a migration that was applied that have lost what keeps their rows from being there twice.
    private func lostKeys(
        _ check: SchemaCheck, in db: any SQLConnection
    ) throws(StoreFault) -> [(table: Migration.Table, fault: StoreFault)] {
        var lost: [(table: Migration.Table, fault: StoreFault)] = []
        for table in check.migration.tables {
            let losses = check.losses(of: table)
            // What others have in another shape, and we never wrote, has keys of its own.
            if losses.isEmpty { continue }
            if table.part == .mirror, try !Self.mirrors(table.name, in: db) { continue }
            let fault = StoreFault.keysLost(
                "ops.\(table.name)", losses.map(\.what).joined(separator: ", "),
                remedy: losses.map(\.remedy).filter { !$0.isEmpty }.joined(separator: "; "),
                isMirror: table.part == .mirror, place: engine.place)
            lost.append((table, fault))
        }
        return lost
    }

    /// The views of the migrations up to a version that aren't there, and that this user may make.
    private func missingViews(
        upTo version: Int, in db: any SQLConnection
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
            for table in one.view.tables where isOurs { isOurs = try Self.mirrors(table, in: db) }
            if isOurs { missing.append(one) }
        }
        return missing
    }

    /// The version that was applied last; 0 where none was.
    private func version(in db: any SQLConnection, _ shape: SchemaShape) throws(StoreFault) -> Int {
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
                try db.run(migration.create(table, dialect))
                applied.append("created ops.\(table.name)")
                if dialect == .postgres { try Self.secure(table.name, hasServiceRole: shape.hasServiceRole, in: db) }
                for index in table.indexes { try db.run(migration.create(index, on: table, dialect)) }
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
            try db.run(
                """
                insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3)
                on conflict (key) do update set value = excluded.value
                """, [.text("unmirrored.\(table)"), .json(.string(reason)), .time(time.now)])
        }
        try db.run(
            "insert into ops.odooops_migrations (version, name, sha256, applied_at) values ($1, $2, $3, $4)",
            [
                .int(Int64(migration.version)), .text(migration.name), .text(migration.digest(dialect).hex),
                .time(time.now),
            ])
    }

    /// Lets signed-in people read a table, where that role exists and the table is ours to open.
    private static func open(
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
    private static func secure(_ table: String, hasServiceRole: Bool, in db: any SQLConnection) throws(StoreFault) {
        try db.run("alter table ops.\(table) enable row level security")
        guard hasServiceRole else { return }
        try db.run("grant usage on schema ops to service_role")
        try db.run("grant all on table ops.\(table) to service_role")
        try db.run(
            "create policy service_role_all on ops.\(table) for all to service_role using (true) with check (true)")
    }
}
