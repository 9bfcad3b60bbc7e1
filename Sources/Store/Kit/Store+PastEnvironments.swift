import Basics
import Formats

extension Store {
    /// Deletes the rows of environments that are gone since before an instant, where nothing that is kept speaks of them.
    ///
    /// One that comes back begins a new life with or without its row. A row stays while a person's pin or suspension holds,
    /// while its name is owed care, and while anything is left of it: what it owned, differs or was found of it, what was done
    /// for it or told of it since, and whatever row of any program refers to it.
    ///
    /// - Parameters:
    ///   - instant: what went or was touched later stays.
    ///   - isDryRun: only counts.
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    func cutGoneEnvironments(before instant: Timestamp, isDryRun: Bool) async throws(StoreFault) -> Int {
        let now = time.now
        let dialect = engine.dialect
        let body: @Sendable (any SQLConnection) throws(StoreFault) -> Int = { (db) throws(StoreFault) -> Int in
            guard let condition = try Self.isGoneForGood(dialect, in: db) else { return 0 }
            let owed = try Self.namesOwedCare(in: db)
            var gone: [String] = []
            for row in try db.run(
                "select slug from ops.environments where \(condition)", [.time(instant), .time(now)])
            {
                let slug = try row.text(0)
                if !owed.contains(slug) { gone.append(slug) }
            }
            guard !isDryRun else { return gone.count }
            var count = 0
            for slug in gone {
                // Asked once more: it may have been wanted again in this moment.
                let went = try db.run(
                    "delete from ops.environments where \(condition) and slug = $3 returning slug",
                    [.time(instant), .time(now), .text(slug)])
                guard !went.isEmpty else { continue }
                try Self.forgetModules(of: slug, in: db)
                count += 1
            }
            return count
        }
        return isDryRun ? try await engine.read(body) : try await engine.transaction(body)
    }

    /// Of a row of environments that nobody asks for any more; `$1` is the instant before which it went, `$2` is now.
    ///
    /// - Returns: nil where it can't be told which rows refer to it.
    private static func isGoneForGood(_ dialect: SQLDialect, in db: any SQLConnection) throws(StoreFault) -> String? {
        let slug = "ops.environments.slug"
        var holds = [
            "slug in (select environment from ops.reconcile_inventory where environment is not null)",
            "slug in (select environment from ops.prune_marks where environment is not null)",
            "exists (select 1 from ops.drift_items d where d.environment = \(slug) and d.status = 'open')",
            """
            exists (select 1 from ops.reconcile_steps s where s.environment = \(slug)
              and (s.finished_at is null or s.finished_at >= $1 or s.state in ('intended', 'unknown')))
            """,
            "exists (select 1 from ops.run_environments r where r.environment = \(slug) and r.began_at >= $1)",
            """
            exists (select 1 from ops.reconcile_notices n where n.environment = \(slug) and (n.at >= $1
              or exists (select 1 from ops.notice_deliveries l where l.notice_id = n.id)))
            """,
        ]
        if try mirrors("convergence_findings", in: db) {
            holds.append(
                "exists (select 1 from ops.convergence_findings f where f.env = \(slug) and f.status <> 'resolved')")
        }
        if try mirrors("deployments", in: db) {
            holds.append("id in (select environment_id from ops.deployments where environment_id is not null)")
        }
        guard let references = try references(dialect, in: db) else { return nil }
        holds += references
        return """
            status = 'gone' and tier is not null and updated_at < $1
            and (not is_pinned or pinned_until < $2) and (not is_suspended or suspended_until < $2)
            """ + holds.map { "\nand not (\($0))" }.joined()
    }

    /// Conditions for a row of environments to which a table of whichever program refers by a key of the database.
    ///
    /// The database would refuse the deletion, or delete what is theirs as well. SQLite's file is ours alone.
    private static func references(_ dialect: SQLDialect, in db: any SQLConnection) throws(StoreFault) -> [String]? {
        guard dialect == .postgres else { return [] }
        var pairs: [String: [String]] = [:]
        var tables: [String: String] = [:]
        for row in try db.run(
            """
            select c.oid::text, c.conrelid::regclass::text, quote_ident(own.attname), quote_ident(their.attname),
              has_table_privilege(c.conrelid, 'select')
            from pg_constraint c cross join lateral unnest(c.conkey, c.confkey) as k (own, their)
            join pg_attribute own on own.attrelid = c.conrelid and own.attnum = k.own
            join pg_attribute their on their.attrelid = c.confrelid and their.attnum = k.their
            where c.contype = 'f' and c.confrelid = 'ops.environments'::regclass
            """)
        {
            guard try row.bool(4) else { return nil }
            let id = try row.text(0)
            tables[id] = try row.text(1)
            pairs[id, default: []].append("r.\(try row.text(2)) = ops.environments.\(try row.text(3))")
        }
        return pairs.keys.sorted().map { id in
            "exists (select 1 from \(tables[id] ?? "") r where \(pairs[id, default: []].joined(separator: " and ")))"
        }
    }

    /// The names of environments whose care nobody has said may go, and of those whose things a person gave to another one.
    private static func namesOwedCare(in db: any SQLConnection) throws(StoreFault) -> Set<String> {
        guard let lineage = try state("lineage", in: db) else { return [] }
        let granted = lineage["granted"]?.listValue ?? []
        return Set(lineage["care"]?.objectValue?.members.map(\.name) ?? [])
            .union(granted.compactMap { $0["of"]?.stringValue })
    }
}
