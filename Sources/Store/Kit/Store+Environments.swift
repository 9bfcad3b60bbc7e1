import Basics
import DesiredState
public import Diff
import Formats

extension Store {
    private static let environmentColumns = """
        slug, tier, ttl_class, branch, host, domain, database_name, head_commit, status, created_at, expires_at,
        extension_days, is_pinned, is_suspended, warned_for, expired_head, metadata, deployed_at, active_at
        """

    /// What only people set.
    private static let peoplesColumns =
        "pinned_until, pin_reason, pinned_by, suspended_until, suspend_reason, suspended_by"

    /// The environments that this program has written, sorted by slug; rows of other programs are left out.
    ///
    /// - Throws: `StoreFault`.
    public func environments() async throws(StoreFault) -> [EnvironmentRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [EnvironmentRow] in
            try Self.environmentRows(in: db)
        }
    }

    /// One environment that this program has written; nil where there is none.
    ///
    /// - Throws: `StoreFault`.
    public func environment(_ slug: String) async throws(StoreFault) -> EnvironmentRow? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> EnvironmentRow? in
            try Self.environmentRows("and slug = $1", [.text(slug)], in: db).first
        }
    }

    /// Writes those rows that differ, with the notices of what moved.
    ///
    /// What people set (days added, pinned, suspended) is taken from the rows only for environments that are new.
    ///
    /// - Parameters:
    ///   - rows: as they are to be.
    ///   - notices: what to tell of it.
    ///   - reborn: environments that begin a new life, as their plan knew them: the days and the pin of the life before end
    ///     with that; what people gave since then counts for the new one.
    /// - Returns: how many rows were written.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func saveEnvironments(
        _ rows: [EnvironmentRow], notices: [Notice] = [], reborn: [EnvironmentRecord] = []
    ) async throws(StoreFault) -> Int {
        guard !rows.isEmpty || !notices.isEmpty || !reborn.isEmpty else { return 0 }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            var written = 0
            // Some at a time: ten thousand rows read at once take as much memory as the rest of a pass.
            for start in stride(from: 0, to: rows.count, by: 250) {
                written += try writeChanged(rows[start...].prefix(250), in: db)
            }
            for record in reborn { try Self.endLife(of: record, in: db) }
            // Together with the rows: a warning that is recorded is one that is told.
            _ = try write(notices, in: db)
            return written
        }
    }

    /// Takes what people had given to a life that is over from the environment that begins another one.
    private static func endLife(of record: EnvironmentRecord, in db: any SQLConnection) throws(StoreFault) {
        if record.extensionDays != 0 {
            try db.run(
                "update ops.environments set extension_days = extension_days - cast($2 as integer) where slug = $1",
                [.text(record.slug), .int(Int64(record.extensionDays))])
        }
        guard record.isPinned else { return }
        let (until, binds): (String, [SQLValue]) =
            record.pinnedUntil.map { ("pinned_until = $2", [.time($0)]) } ?? ("pinned_until is null", [])
        try db.run(
            """
            update ops.environments set is_pinned = false, pinned_until = null, pin_reason = null, pinned_by = null
            where slug = $1 and is_pinned and \(until)
            """, [.text(record.slug)] + binds)
    }

    private func writeChanged(_ rows: ArraySlice<EnvironmentRow>, in db: any SQLConnection) throws(StoreFault) -> Int {
        var among = Conditions()
        among.add("slug", oneOf: rows.map(\.slug))
        var known: [String: EnvironmentRow] = [:]
        for row in try Self.environmentRows(among.clause("and"), among.binds, in: db) { known[row.slug] = row }
        var written = 0
        for row in rows {
            if var before = known[row.slug] {
                before.metadata = StoredJSON.sorted(before.metadata)
                var after = row
                after.metadata = StoredJSON.sorted(row.metadata)
                after.extensionDays = before.extensionDays
                after.isPinned = before.isPinned
                after.isSuspended = before.isSuspended
                (after.pinnedUntil, after.pinReason, after.pinnedBy) =
                    (before.pinnedUntil, before.pinReason, before.pinnedBy)
                (after.suspendedUntil, after.suspendReason, after.suspendedBy) =
                    (before.suspendedUntil, before.suspendReason, before.suspendedBy)
                if before == after { continue }
            }
            try write(row, in: db)
            // What Odoo had installed goes with the database that it was in.
            if row.status == .gone { try Self.forgetModules(of: row.slug, in: db) }
            known[row.slug] = row
            written += 1
        }
        return written
    }

    private func write(_ row: EnvironmentRow, in db: any SQLConnection) throws(StoreFault) {
        try db.run(
            """
            insert into ops.environments (id, type, url, updated_at, \(Self.environmentColumns))
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
              $22, $23)
            on conflict (slug) do update
            set type = excluded.type, url = excluded.url, updated_at = excluded.updated_at, tier = excluded.tier,
              ttl_class = excluded.ttl_class, branch = excluded.branch, host = excluded.host, domain = excluded.domain,
              database_name = excluded.database_name, head_commit = excluded.head_commit, status = excluded.status,
              created_at = excluded.created_at, expires_at = excluded.expires_at, warned_for = excluded.warned_for,
              expired_head = excluded.expired_head, metadata = excluded.metadata,
              deployed_at = excluded.deployed_at, active_at = excluded.active_at
            """,
            [
                .text(identifiers.next(at: time.now)), .text(row.tier == .dev ? "development" : row.tier.rawValue),
                .optional(row.domain.map { "https://\($0)" }), .time(time.now), .text(row.slug),
                .text(row.tier.rawValue), .optional(row.ttlClass?.rawValue), .optional(row.branch),
                .optional(row.host), .optional(row.domain), .optional(row.database), .optional(row.headCommit),
                .text(row.status.rawValue), .time(row.createdAt), .time(row.expiresAt), .int(Int64(row.extensionDays)),
                .bool(row.isPinned), .bool(row.isSuspended), .time(row.warnedFor), .optional(row.expiredHead),
                .jsonb(row.metadata), .time(row.deployedAt), .time(row.activeAt),
            ])
    }

    static func environmentRows(in db: any SQLConnection) throws(StoreFault) -> [EnvironmentRow] {
        try environments(in: db) { $0 }.sorted { $0.slug.precedesByBytes($1.slug) }
    }

    /// What is wanted of each row, in the database's order of slugs.
    static func environments<Element>(
        in db: any SQLConnection, _ element: (EnvironmentRow) -> Element
    ) throws(StoreFault) -> [Element] {
        try everyRow(by: "slug", at: \.slug, element) { (after, end) throws(StoreFault) -> [EnvironmentRow] in
            try environmentRows("\(after.clause("and")) \(end)", after.binds, in: db)
        }
    }

    static func environmentRows(
        _ condition: String, _ binds: [SQLValue], in db: any SQLConnection
    ) throws(StoreFault) -> [EnvironmentRow] {
        let found = try db.run(
            """
            select \(environmentColumns), \(peoplesColumns) from ops.environments where tier is not null \(condition)
            """, binds)
        var rows: [EnvironmentRow] = []
        rows.reserveCapacity(found.count)
        for row in found {
            guard let tier = Tier(rawValue: try row.text(1)) else {
                throw .unreadable("environment \(try row.text(0)) has the unknown tier \(try row.text(1))")
            }
            var environment = EnvironmentRow(
                slug: try row.text(0), tier: tier, ttlClass: row.optionalText(2).flatMap(TTLClass.init(rawValue:)),
                branch: row.optionalText(3), host: row.optionalText(4), domain: row.optionalText(5),
                database: row.optionalText(6), headCommit: row.optionalText(7),
                status: row.optionalText(8).flatMap(EnvironmentRow.Status.init(rawValue:)) ?? .unknown,
                createdAt: try row.optionalTime(9), expiresAt: try row.optionalTime(10),
                extensionDays: Int(clamping: try row.int(11)), isPinned: try row.bool(12),
                isSuspended: try row.bool(13), warnedFor: try row.optionalTime(14),
                expiredHead: row.optionalText(15), metadata: try row.jsonb(16))
            environment.deployedAt = try row.optionalTime(17)
            environment.activeAt = try row.optionalTime(18)
            environment.pinnedUntil = try row.optionalTime(19)
            environment.pinReason = row.optionalText(20)
            environment.pinnedBy = row.optionalText(21)
            environment.suspendedUntil = try row.optionalTime(22)
            environment.suspendReason = row.optionalText(23)
            environment.suspendedBy = row.optionalText(24)
            rows.append(environment)
        }
        return rows
    }
}
