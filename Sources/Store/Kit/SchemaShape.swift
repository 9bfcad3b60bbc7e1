internal import Formats

/// What the schema `ops` of a database holds.
struct SchemaShape {
    struct Column {
        let name: String
        /// PostgreSQL: the type's own name, such as `timestamptz`; SQLite: as declared, in lower case.
        let type: String
        let isNotNull: Bool
        /// Whether a row can be written without it.
        let hasDefault: Bool
    }

    struct Relation {
        var isTable: Bool
        var columns: [String: Column] = [:]
        /// Sets of columns that are unique together, whatever the row.
        var uniqueKeys: Set<Set<String>> = []
        /// The names of all its unique indexes, also of those that are about some rows alone.
        var uniqueIndexes: Set<String> = []
        /// Its columns that name rows of another table of this schema, as `Migration.Table.ForeignKey` names them.
        var foreignKeys: Set<String> = []
    }

    var exists = false
    var relations: [String: Relation] = [:]
    /// Labels of enums by name.
    var enums: [String: [String]] = [:]
    /// Whether the role exists that Supabase gives to services.
    var hasServiceRole = false

    /// Reads it.
    static func read(_ db: any SQLConnection, _ dialect: SQLDialect) throws(StoreFault) -> SchemaShape {
        switch dialect {
        case .postgres: try readPostgres(db)
        case .sqlite: try readSQLite(db)
        }
    }

    private static func readPostgres(_ db: any SQLConnection) throws(StoreFault) -> SchemaShape {
        var shape = SchemaShape()
        shape.exists = try !db.run("select 1 from pg_catalog.pg_namespace where nspname = 'ops'").isEmpty
        shape.hasServiceRole = try !db.run("select 1 from pg_catalog.pg_roles where rolname = 'service_role'").isEmpty
        for row in try db.run(
            """
            select c.relname, c.relkind in ('r', 'p'), a.attname, t.typname, a.attnotnull,
              a.atthasdef or a.attidentity <> ''
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            join pg_catalog.pg_type t on t.oid = a.atttypid
            where n.nspname = 'ops' and c.relkind in ('r', 'p', 'v', 'm', 'f')
            """)
        {
            let (table, name) = (try row.text(0), try row.text(2))
            let empty = Relation(isTable: try row.bool(1))
            shape.relations[table, default: empty].columns[name] = Column(
                name: name, type: try row.text(3), isNotNull: try row.bool(4), hasDefault: try row.bool(5))
        }
        for row in try db.run(
            """
            select c.relname, string_agg(a.attname, ','), x.relname, i.indpred is null and i.indexprs is null
            from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indrelid
            join pg_catalog.pg_class x on x.oid = i.indexrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
            where n.nspname = 'ops' and i.indisunique and i.indisvalid
            group by i.indexrelid, c.relname, x.relname
            """)
        {
            let table = try row.text(0)
            shape.relations[table]?.uniqueIndexes.insert(try row.text(2))
            guard try row.bool(3) else { continue }
            let columns = try row.text(1).split(separator: ",").map(String.init)
            shape.relations[table]?.uniqueKeys.insert(Set(columns))
        }
        for row in try db.run(
            """
            select c.relname, a.attname, f.relname
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid
            join pg_catalog.pg_class f on f.oid = k.confrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.oid = f.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
            where n.nspname = 'ops' and k.contype = 'f' and pg_catalog.cardinality(k.conkey) = 1
            """)
        {
            let key = Migration.Table.ForeignKey.name(try row.text(1), of: try row.text(2))
            shape.relations[try row.text(0)]?.foreignKeys.insert(key)
        }
        for row in try db.run(
            """
            select t.typname, e.enumlabel from pg_catalog.pg_enum e
            join pg_catalog.pg_type t on t.oid = e.enumtypid
            join pg_catalog.pg_namespace n on n.oid = t.typnamespace
            where n.nspname = 'ops' order by e.enumsortorder
            """)
        {
            shape.enums[try row.text(0), default: []].append(try row.text(1))
        }
        return shape
    }

    /// In a few statements for all tables together: a store is opened with this.
    private static func readSQLite(_ db: any SQLConnection) throws(StoreFault) -> SchemaShape {
        var shape = SchemaShape()
        shape.exists = true
        var primaryKeys: [String: Set<String>] = [:]
        for row in try db.run(
            """
            select t.name, t.type, c.name, lower(c.type), c."notnull", c.dflt_value, c.pk, c.hidden
            from ops.sqlite_schema t join pragma_table_xinfo(t.name, 'ops') c where t.type in ('table', 'view')
            """)
        {
            let (table, name, type) = (try row.text(0), try row.text(2), try row.text(3))
            let (isKey, isGenerated) = (try row.int(6) > 0, try row.int(7) > 1)
            if isKey { primaryKeys[table, default: []].insert(name) }
            // An integer key and a generated column fill themselves.
            let fillsItself = (isKey && type == "integer") || isGenerated
            let empty = Relation(isTable: try row.text(1) == "table")
            shape.relations[table, default: empty].columns[name] = Column(
                name: name, type: type, isNotNull: try row.bool(4) || isKey,
                hasDefault: row.optionalText(5) != nil || fillsItself)
        }
        for (table, columns) in primaryKeys { shape.relations[table]?.uniqueKeys.insert(columns) }
        // Of a column that is an expression there is no name.
        for row in try db.run(
            """
            select t.name, i.name, i.partial, json_group_array(c.name)
            from ops.sqlite_schema t join pragma_index_list(t.name, 'ops') i join pragma_index_info(i.name, 'ops') c
            where t.type = 'table' and i."unique" = 1 group by t.name, i.name, i.partial
            """)
        {
            let table = try row.text(0)
            shape.relations[table]?.uniqueIndexes.insert(try row.text(1))
            guard try !row.bool(2), let columns = try? JSON.parse(try row.text(3)).listValue else { continue }
            shape.relations[table]?.uniqueKeys.insert(Set(columns.compactMap(\.stringValue)))
        }
        for row in try db.run(
            """
            select t.name, k."from", k."table" from ops.sqlite_schema t join pragma_foreign_key_list(t.name, 'ops') k
            where t.type = 'table'
            """)
        {
            let table = try row.text(0)
            guard Migration.referring.contains(table) else { continue }
            let key = Migration.Table.ForeignKey.name(try row.text(1), of: try row.text(2))
            shape.relations[table]?.foreignKeys.insert(key)
        }
        return shape
    }
}
