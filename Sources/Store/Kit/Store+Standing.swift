public import Basics
import DesiredState
import Diff

/// How the store stands at an instant, for metrics: nothing of it is needed to work.
public struct StoreStanding: Sendable, Hashable {
    /// One lease as its row says.
    public struct Row: Sendable, Hashable {
        public let name: String
        /// Empty: given back.
        public let holder: String
        public let expiresAt: Timestamp
    }

    /// Steps of which nobody knows yet whether they happened.
    public let openSteps: Int
    public let oldestOpenStep: Timestamp?
    /// Since when the oldest difference is there that somebody has to see to: nobody has said yet that it is known.
    public let oldestDrift: Timestamp?
    /// The next end of an environment that has not come yet.
    public let nextExpiry: Timestamp?
    /// Environments whose end is past and that still own something.
    public let overdueEnvironments: Int
    /// Sorted by name.
    public let leases: [Row]
}

extension Store {
    /// Reads how the store stands, in one look.
    ///
    /// - Throws: `StoreFault`.
    public func standing() async throws(StoreFault) -> StoreStanding {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> StoreStanding in
            func first(_ sql: String, _ binds: [SQLValue] = []) throws(StoreFault) -> SQLRow {
                guard let row = try db.run(sql, binds).first else { throw .unreadable("a count gave no row") }
                return row
            }
            let open = try first(
                "select count(*), min(intended_at) from ops.reconcile_steps where state in ('intended', 'unknown')")
            let drift = try Self.oldestDrift(at: now, in: db)
            let next = try first(
                "select min(expires_at) from ops.environments where expires_at > $1", [.time(now)])
            let overdue = try first(
                """
                select count(distinct environment) from ops.reconcile_inventory
                where environment in (select slug from ops.environments where expires_at <= $1)
                """, [.time(now)])
            var leases: [StoreStanding.Row] = []
            for row in try db.run("select name, holder, expires_at from ops.leases order by name") {
                leases.append(
                    StoreStanding.Row(name: try row.text(0), holder: try row.text(1), expiresAt: try row.time(2)))
            }
            return StoreStanding(
                openSteps: Int(clamping: try open.int(0)), oldestOpenStep: try open.optionalTime(1),
                oldestDrift: drift, nextExpiry: try next.optionalTime(0),
                overdueEnvironments: Int(clamping: try overdue.int(0)), leases: leases)
        }
    }

    private static func oldestDrift(at now: Timestamp, in db: any SQLConnection) throws(StoreFault) -> Timestamp? {
        let alarming = "status = 'open' and cause not in ('expected', 'provider_normalization')"
        let marked = Set(try driftMarks(at: now, in: db).map(\.key))
        guard !marked.isEmpty else {
            return try db.run("select min(first_seen) from ops.drift_items where \(alarming)").first?.optionalTime(0)
        }
        let unmarked = try db.run(
            """
            select min(first_seen) from ops.drift_items where \(alarming) and resource_key not in
              (select resource_key from ops.drift_marks where ended_at is null and (until is null or until > $1))
            """, [.time(now)]
        ).first?.optionalTime(0)
        // Whether a mark holds depends on what differs now.
        let conditions = DriftFilter(keys: marked.sorted()).conditions
        let told = try openDrift(conditions.clause("and"), conditions.binds, at: now, in: db)
            .filter { !$0.isQuiet && $0.cause != .providerNormalization }.map(\.firstSeen).min()
        return [unmarked, told].compactMap { $0 }.min()
    }
}
