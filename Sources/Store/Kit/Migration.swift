import Basics

/// One numbered step of the schema; once released, its text never changes.
struct Migration: Sendable {
    let version: Int
    let name: String
    let types: [EnumType]
    let tables: [Table]
    /// What others read under another name; PostgreSQL alone has them.
    var views: [View] = []
    /// Tables of ours that PostgreSQL lets the role `authenticated` read, as the console's own migrations do.
    var readable: [String] = []
    /// Which rows of them; where nothing is said, all.
    var readableRows: [String: String] = [:]

    /// What is done to rows that are there; each statement has to be the same in both dialects.
    var repairs: [String] = []

    /// A PostgreSQL enum; SQLite checks the column instead.
    struct EnumType: Sendable {
        let name: String
        let labels: [String]
    }

    /// One table, as SQL that both engines are given, but for the words that `sql(_:)` translates.
    struct Table: Sendable {
        enum Part: Sendable {
            /// Nothing works without it: another shape in its place is refused.
            case essential
            /// Written for others to read: another shape in its place is left alone and not written.
            case mirror
            /// Only columns and indexes, for an essential table of an earlier migration.
            case addition
        }

        let name: String
        let part: Part
        let columns: [Column]
        /// Such as `unique (slug)` or `primary key (a, b)`.
        let constraints: [String]
        /// Such as `unique index x on (a) where b is null`.
        let indexes: [String]

        init(
            _ name: String, _ part: Part, _ columns: [String], constraints: [String] = [], indexes: [String] = []
        ) {
            self.name = name
            self.part = part
            self.columns = columns.map { Column($0) }
            self.constraints = constraints
            self.indexes = indexes
        }

        /// Columns that have to be unique together, for `on conflict`.
        var keys: [Key] {
            columns.filter { $0.rest.hasPrefix("primary key") }.map { Key(isPrimary: true, columns: [$0.name]) }
                + constraints.compactMap { constraint in
                    guard let open = constraint.firstIndex(of: "("), let close = constraint.lastIndex(of: ")") else {
                        return nil
                    }
                    let names = constraint[constraint.index(after: open)..<close].split(separator: ",")
                    return Key(
                        isPrimary: constraint.hasPrefix("primary"),
                        columns: names.map { String($0.drop { $0 == " " }) })
                }
        }

        /// Indexes that hold a rule and no key, such as that only one row of many may be open.
        var uniqueIndexes: [(name: String, definition: String)] {
            indexes.compactMap { index in
                let words = index.split(separator: " ", maxSplits: 3)
                guard words.count == 4, words[0] == "unique" else { return nil }
                return (String(words[2]), index)
            }
        }
    }

    /// A key of a table, its columns as the table names them.
    struct Key: Sendable {
        let isPrimary: Bool
        let columns: [String]

        /// As SQL has it.
        var constraint: String { "\(isPrimary ? "primary key" : "unique") (\(columns.joined(separator: ", ")))" }
    }

    /// A query under a name of its own.
    struct View: Sendable {
        let schema: String
        let name: String
        /// The tables of `ops` that it reads: where one of them is another's and left alone, there is no view.
        let tables: [String]
        let query: String

        /// Schema and name as SQL writes them.
        var place: String { "\(schema).\"\(name)\"" }

        /// A table of `ops` under the name by which the console asks for it in the schema that it asks.
        static func mirror(of table: String) -> View {
            View(schema: "public", name: "ops.\(table)", tables: [table], query: "select * from ops.\(table)")
        }
    }

    /// One column: its name, its type and the rest of its definition.
    struct Column: Sendable {
        let name: String
        let type: String
        let rest: String

        init(_ definition: String) {
            let words = definition.split(separator: " ", maxSplits: 2)
            name = words.first.map(String.init) ?? ""
            type = words.dropFirst().first.map(String.init) ?? "text"
            rest = words.dropFirst(2).first.map(String.init) ?? ""
        }

        /// Whether a row can lack it, so that it can be added to a table that is there.
        var canBeAdded: Bool {
            if rest.contains("primary key") { return false }
            return !rest.contains("not null") || rest.contains("default")
        }

        var isGenerated: Bool { rest.hasPrefix("generated always") }
    }

    /// The statements that make everything on an empty database; their digest is what gets recorded.
    func statements(_ dialect: SQLDialect) -> [String] {
        var all = dialect == .postgres ? types.map(create) : []
        for table in tables {
            let made =
                table.part == .addition
                ? table.columns.compactMap { add($0, to: table, dialect) } : [create(table, dialect)]
            all += made + table.indexes.map { create($0, on: table, dialect) }
        }
        return all + (dialect == .postgres ? views.map(create) : []) + repairs
    }

    func digest(_ dialect: SQLDialect) -> Digest { Digest(of: statements(dialect).joined(separator: ";\n")) }

    func create(_ type: EnumType) -> String {
        "create type ops.\(type.name) as enum (\(type.labels.map { "'\($0)'" }.joined(separator: ", ")))"
    }

    func create(_ table: Table, _ dialect: SQLDialect) -> String {
        let columns = table.columns.compactMap { definition(of: $0, dialect) }
        let body = (columns + table.constraints).map { "  \($0)" }.joined(separator: ",\n")
        return "create table if not exists ops.\(table.name) (\n\(body)\n)\(dialect == .sqlite ? " strict" : "")"
    }

    /// With the rights of who reads it, so that it shows nothing that its tables don't.
    func create(_ view: View) -> String {
        "create view \(view.place) with (security_invoker = true) as \(view.query)"
    }

    func create(_ index: String, on table: Table, _ dialect: SQLDialect) -> String {
        // `unique index name on (…)`: PostgreSQL wants the schema at the table, SQLite at the index.
        let words = index.split(separator: " ", maxSplits: index.hasPrefix("unique") ? 4 : 3).map(String.init)
        let isUnique = words.first == "unique"
        let name = words[isUnique ? 2 : 1]
        let rest = words.last ?? ""
        let keyword = isUnique ? "create unique index" : "create index"
        return switch dialect {
        case .postgres: "\(keyword) if not exists \(name) on ops.\(table.name) \(rest)"
        case .sqlite: "\(keyword) if not exists ops.\(name) on \(table.name) \(rest)"
        }
    }

    func add(_ column: Column, to table: Table, _ dialect: SQLDialect) -> String? {
        guard let definition = definition(of: column, dialect) else { return nil }
        return switch dialect {
        case .postgres: "alter table ops.\(table.name) add column if not exists \(definition)"
        case .sqlite: "alter table ops.\(table.name) add column \(definition)"
        }
    }

    /// A column in the words of a dialect; nil where it has none for it.
    private func definition(of column: Column, _ dialect: SQLDialect) -> String? {
        guard dialect == .sqlite else { return "\(column.name) \(column.type) \(column.rest)".trimmed }
        if column.isGenerated { return nil }
        if column.rest.hasPrefix("generated by default as identity") { return "\(column.name) integer primary key" }
        let type =
            switch column.type {
            case "boolean", "integer", "bigint": "integer"
            default: "text"
            }
        var rest = column.rest
        rest.replace(" default gen_random_uuid()", with: "")
        rest.replace("default now()", with: "default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))")
        rest.replace("references ops.", with: "references ")
        if let enumeration = types.first(where: { column.type == "ops.\($0.name)" }) {
            rest += " check (\(column.name) in (\(enumeration.labels.map { "'\($0)'" }.joined(separator: ", "))))"
        }
        return "\(column.name) \(type) \(rest)".trimmed
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    /// Replaces each occurrence; plain text, no patterns.
    fileprivate mutating func replace(_ old: String, with new: String) {
        guard contains(old) else { return }
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: old) {
            result += rest[..<range.lowerBound]
            result += new
            rest = rest[range.upperBound...]
        }
        self = result + rest
    }
}
