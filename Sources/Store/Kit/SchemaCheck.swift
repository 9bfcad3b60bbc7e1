/// Holds the tables of a migration against what a database has.
struct SchemaCheck {
    let migration: Migration
    let shape: SchemaShape
    let dialect: SQLDialect
    let place: String

    /// Why a table can't be used as it is; nil when it can, maybe after columns were added, or when it isn't there.
    func misfit(of table: Migration.Table) -> String? {
        if let misfit = misfit(ofColumns: table) { return misfit }
        // The migration that made the table has looked at its keys.
        guard let there = shape.relations[table.name], table.part != .addition else { return nil }
        for key in table.keys where !there.uniqueKeys.contains(Set(key.columns)) {
            return "\(key.columns.sorted().joined(separator: ", ")) is not unique"
        }
        return nil
    }

    /// The same, but for keys, which can be given to a table again.
    func misfit(ofColumns table: Migration.Table) -> String? {
        guard let there = shape.relations[table.name] else { return nil }
        guard there.isTable else { return "it is a view" }
        for column in table.columns {
            guard let found = there.columns[column.name] else {
                if column.canBeAdded { continue }
                return "the column \(column.name) is missing; it has \(names(of: there))"
            }
            guard dialect == .postgres, Self.family(column.type) != Self.family(found.type) else { continue }
            // Text can hold the words of an enum.
            if column.type.hasPrefix("ops."), Self.family(found.type) == "text" { continue }
            return "the column \(column.name) is \(found.type), wanted is \(column.type)"
        }
        if table.part == .addition { return nil }
        let ours = Set(table.columns.map(\.name))
        let demanding = there.columns.values.filter { !ours.contains($0.name) && $0.isNotNull && !$0.hasDefault }
        if let column = demanding.min(by: { $0.name < $1.name }) {
            return "the column \(column.name) must be filled and means nothing to this program"
        }
        return nil
    }

    /// Why an enum can't be used; nil when it can, or when it isn't there.
    func misfit(of type: Migration.EnumType) -> String? {
        guard dialect == .postgres, let labels = shape.enums[type.name] else { return nil }
        let missing = type.labels.filter { !labels.contains($0) }
        guard !missing.isEmpty else { return nil }
        return "its labels are \(labels.joined(separator: ", ")); missing is \(missing.joined(separator: ", "))"
    }

    /// What stands in the way of the migration.
    var problems: [StoreFault] { problems(besides: []) }

    /// The tables without which nothing works and that are there in another shape.
    var misfits: [String] {
        migration.tables.filter { $0.part != .mirror && misfit(of: $0) != nil }.map(\.name)
    }

    /// What stands in the way of the migration, but for tables of which it was said before.
    func problems(besides known: Set<String>) -> [StoreFault] {
        var problems: [StoreFault] = []
        for type in migration.types {
            guard let misfit = misfit(of: type) else { continue }
            problems.append(.incompatible("type ops.\(type.name)", misfit, place: place))
        }
        for table in migration.tables where table.part != .mirror && !known.contains(table.name) {
            guard let misfit = misfit(of: table) else { continue }
            problems.append(.incompatible("ops.\(table.name)", misfit, place: place))
        }
        return problems
    }

    /// The tables that are left alone because others have them in another shape, with the reason.
    var unmirrored: [(table: String, reason: String)] {
        migration.tables.filter { $0.part == .mirror }
            .compactMap { table in misfit(of: table).map { (table.name, $0) } }
    }

    /// What keeps rows of a table from being there twice and is gone, each as SQL has it, with the statements that bring
    /// it back; for a table that this migration has made, or taken as it was.
    ///
    /// The indexes of a table for others are not looked at: it may be theirs, and then never had them.
    func losses(of table: Migration.Table) -> [(what: String, remedy: String)] {
        guard let there = shape.relations[table.name], there.isTable else { return [] }
        let ours = dialect == .sqlite ? table.name : "ops.\(table.name)"
        var losses: [(what: String, remedy: String)] = []
        for key in table.part == .addition ? [] : table.keys where !there.uniqueKeys.contains(Set(key.columns)) {
            // SQLite can't give a table a key; only a copy brings it back.
            let remedy = dialect == .sqlite ? "" : "alter table \(ours) add \(key.constraint)"
            guard table.part == .mirror, !remedy.isEmpty else {
                losses.append((key.constraint, remedy))
                continue
            }
            // Others only read it, and the next runs write it again: of rows that are there twice one may go.
            let same = key.columns.map { "a.\($0) = b.\($0)" }.joined(separator: " and ")
            losses.append(
                (key.constraint, "delete from \(ours) a using \(ours) b where a.ctid > b.ctid and \(same); \(remedy)"))
        }
        guard table.part != .mirror else { return losses }
        for index in table.uniqueIndexes where !there.uniqueIndexes.contains(index.name) {
            let statement = migration.create(index.definition, on: table, dialect)
            losses.append(("the unique index \(index.name)", byItsOwner(statement)))
        }
        return losses
    }

    /// The columns of a table that are gone, each with the statement that makes it again, empty; for a table that this
    /// migration has made, taken as it was, or added to.
    func lostColumns(of table: Migration.Table) -> [(name: String, remedy: String)] {
        guard let there = shape.relations[table.name], misfit(ofColumns: table) == nil else { return [] }
        return table.columns.compactMap { column in
            guard there.columns[column.name] == nil, let statement = migration.add(column, to: table, dialect) else {
                return nil
            }
            return (column.name, byItsOwner(statement))
        }
    }

    /// A statement as it is given to the database itself: in a file no table has the schema before its name.
    private func byItsOwner(_ statement: String) -> String {
        var statement = statement
        if dialect == .sqlite, let schema = statement.firstRange(of: "ops.") { statement.removeSubrange(schema) }
        return statement
    }

    /// The foreign keys of a table that are gone, each with the statements that bring it back; for a table that this
    /// migration has made, or taken as it was.
    func lostForeignKeys(of table: Migration.Table) -> [(key: Migration.Table.ForeignKey, remedy: String)] {
        guard let there = shape.relations[table.name], there.isTable, table.part != .addition else { return [] }
        return table.foreignKeys.compactMap { key in
            // Where the other table is missing, that is what has to be said.
            guard !there.foreignKeys.contains(key.name), shape.relations[key.table] != nil else { return nil }
            guard there.columns[key.column] != nil else { return nil }
            // SQLite can't give a table a key; only a copy brings it back.
            if dialect == .sqlite { return (key, "") }
            let (child, parent) = ("ops.\(table.name)", "ops.\(key.table)")
            let make =
                "alter table \(child) add foreign key (\(key.column)) references \(parent) (\(key.referenced))"
                + (key.action.isEmpty ? "" : " \(key.action)")
            guard key.action == "on delete cascade" else { return (key, make) }
            // What it would have deleted goes first, or it can't be made.
            return (
                key,
                "delete from \(child) c where c.\(key.column) is not null and not exists "
                    + "(select 1 from \(parent) p where p.\(key.referenced) = c.\(key.column)); \(make)"
            )
        }
    }

    private func names(of relation: SchemaShape.Relation) -> String {
        let names = relation.columns.keys.sorted()
        return names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    /// Types between which nothing is lost.
    private static func family(_ type: String) -> String {
        switch type.prefix(while: { $0 != "(" }) {
        case "text", "varchar", "bpchar": "text"
        case "integer", "bigint", "int2", "int4", "int8": "integer"
        case "boolean", "bool": "boolean"
        // PostgreSQL's own names of lists.
        case "text[]", "_text": "text[]"
        case "bigint[]", "_int8": "bigint[]"
        default: String(type.hasPrefix("ops.") ? type.dropFirst(4) : type[...])
        }
    }
}
