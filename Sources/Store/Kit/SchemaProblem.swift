/// One thing that is wrong with the schema, and what follows from it.
struct SchemaProblem: Sendable {
    /// What follows from it.
    enum Weight: Sendable {
        /// Nothing is done until it is mended.
        case stops
        /// The work goes on; it is an error all the same.
        case tells
        /// Nothing is wrong yet: what would keep a row from being wrong is gone.
        case warns
    }

    let fault: StoreFault
    let weight: Weight
    /// The table that is missing; nil where something else is wrong.
    var missing: String?

    /// The missing table that `migrate` makes again, for nothing is lost by that, or a person has said that its rows may be.
    func remade(accepting accepted: Set<String>) -> String? {
        missing.flatMap { Migration.refills[$0] != nil || accepted.contains($0) ? $0 : nil }
    }

    /// Whether `migrate` can do nothing before it is mended.
    func hinders(accepting accepted: Set<String>) -> Bool {
        weight == .stops && remade(accepting: accepted) == nil
    }
}

/// What becomes of tables that were taken away.
extension Migration {
    /// Why nothing is lost with the rows of a table, and what is to be forgotten besides so that they come again.
    struct Refill: Sendable {
        let how: String
        var statements: [String] = []
    }

    /// The tables whose rows come again by themselves; of every other one they are lost.
    static let refills: [String: Refill] = {
        let inventory = Refill(
            how: "the next pass fills it",
            statements: ["delete from ops.reconcile_state where key = 'ingest.digitalocean'"])
        return [
            "do_droplets": inventory, "do_databases": inventory, "do_firewalls": inventory,
            "request_budgets": Refill(how: "requests are counted anew"),
            "reconcile_services": Refill(how: "each service that runs enters itself again"),
            "module_looks": Refill(how: "the next looks into the databases fill it"),
            // A look without its modules would say that nothing is installed.
            "environment_modules": Refill(
                how: "the next looks into the databases fill it", statements: ["delete from ops.module_looks"]),
            "due_successors": Refill(
                how: "what comes into a place that was emptied for it waits for windows like all else"),
            "prune_marks": Refill(how: "what nothing wants is marked again, and its grace begins anew"),
        ]
    }()

    /// What a table of which the rows are lost needs so that the work can go on.
    static let restarts: [String: [String]] = [
        // Written only where a document changes.
        "integrations_catalog": ["delete from ops.reconcile_state where key = 'catalogue.integrations'"],
        "integrations_installations": ["delete from ops.reconcile_state where key = 'catalogue.integrations'"],
        // The next link follows the last one that is there.
        "audit_head": [
            """
            insert into ops.audit_head (name, sequence, digest)
            select 'audit', sequence, digest from ops.audit_chain order by sequence desc limit 1
            """,
            """
            insert into ops.audit_head (name, sequence, digest)
            select 'unchained', count(*), '' from ops.audit_log
            where cast(id as text) not in (select audit_id from ops.audit_chain)
            """,
        ],
    ]

    /// The tables that have foreign keys.
    static let referring = Set(all.flatMap(\.tables).filter { !$0.foreignKeys.isEmpty }.map(\.name))

    /// The tables that the migrations up to a version make, or take as they are, each once, in the order of making.
    static func tables(upTo version: Int) -> [Table] {
        var names: Set<String> = []
        return all.filter { $0.version <= version }.flatMap(\.tables).filter {
            $0.part != .addition && names.insert($0.name).inserted
        }
    }
}

extension Migration.Table {
    /// A column that names rows of another table.
    struct ForeignKey: Sendable {
        let column: String
        let table: String
        let referenced: String
        /// Such as `on delete cascade`; empty where there is none.
        let action: String

        /// As a shape names it.
        var name: String { Self.name(column, of: table) }

        /// As a shape names one: by its column and the table whose rows that names.
        static func name(_ column: String, of table: String) -> String { "\(column) → \(table)" }
    }

    /// What follows where it isn't as it was made: the work goes on without what is there for others.
    var weight: SchemaProblem.Weight { part == .mirror ? .tells : .stops }

    /// Its foreign keys.
    var foreignKeys: [ForeignKey] {
        columns.compactMap { column in
            let words = column.rest.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(of: "references"), words.count > place + 2 else { return nil }
            return ForeignKey(
                column: column.name, table: String(words[place + 1].drop { $0 != "." }.dropFirst()),
                referenced: words[place + 2].filter { $0 != "(" && $0 != ")" },
                action: words[(place + 3)...].joined(separator: " "))
        }
    }
}
