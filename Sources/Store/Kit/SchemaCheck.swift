/// Holds the tables of a migration against what a database has.
struct SchemaCheck {
    let migration: Migration
    let shape: SchemaShape
    let dialect: SQLDialect
    let place: String

    /// Why a table can't be used as it is; nil when it can, maybe after columns were added, or when it isn't there.
    func misfit(of table: Migration.Table) -> String? {
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
        // The migration that made the table has looked at the rest of it.
        if table.part == .addition { return nil }
        let ours = Set(table.columns.map(\.name))
        let demanding = there.columns.values.filter { !ours.contains($0.name) && $0.isNotNull && !$0.hasDefault }
        if let column = demanding.min(by: { $0.name < $1.name }) {
            return "the column \(column.name) must be filled and means nothing to this program"
        }
        for key in table.uniqueKeys where !there.uniqueKeys.contains(key) {
            return "\(key.sorted().joined(separator: ", ")) is not unique"
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
