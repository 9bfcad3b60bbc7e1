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
            shape.relations[try row.text(0)]?.foreignKeys.insert("\(try row.text(1)) → \(try row.text(2))")
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

    private static func readSQLite(_ db: any SQLConnection) throws(StoreFault) -> SchemaShape {
        var shape = SchemaShape()
        shape.exists = true
        for row in try db.run("select name, type from ops.sqlite_schema where type in ('table', 'view')") {
            var relation = Relation(isTable: try row.text(1) == "table")
            let table = try row.text(0)
            var primaryKey: Set<String> = []
            for column in try db.run(
                #"select name, lower(type), "notnull", dflt_value, pk, hidden from pragma_table_xinfo($1, 'ops')"#,
                [.text(table)])
            {
                let name = try column.text(0)
                let (type, isNotNull) = (try column.text(1), try column.bool(2))
                let (isKey, isGenerated) = (try column.int(4) > 0, try column.int(5) > 1)
                if isKey { primaryKey.insert(name) }
                // An integer key and a generated column fill themselves.
                let fillsItself = (isKey && type == "integer") || isGenerated
                relation.columns[name] = Column(
                    name: name, type: type, isNotNull: isNotNull || isKey,
                    hasDefault: column.optionalText(3) != nil || fillsItself)
            }
            if !primaryKey.isEmpty { relation.uniqueKeys.insert(primaryKey) }
            for index in try db.run(
                #"select name, partial from pragma_index_list($1, 'ops') where "unique" = 1"#, [.text(table)])
            {
                relation.uniqueIndexes.insert(try index.text(0))
                guard try !index.bool(1) else { continue }
                var columns: Set<String> = []
                for column in try db.run("select name from pragma_index_info($1, 'ops')", [.text(try index.text(0))]) {
                    if let name = column.optionalText(0) { columns.insert(name) }
                }
                relation.uniqueKeys.insert(columns)
            }
            if Migration.referring.contains(table) {
                for key in try db.run(
                    #"select "from", "table" from pragma_foreign_key_list($1, 'ops')"#, [.text(table)])
                {
                    relation.foreignKeys.insert("\(try key.text(0)) → \(try key.text(1))")
                }
            }
            shape.relations[table] = relation
        }
        return shape
    }
}
