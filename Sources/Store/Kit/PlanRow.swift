public import Basics
import Formats

/// A plan as lists show it, without its document.
public struct PlanRow: Sendable {
    /// How a plan stands with the people whose yes it needs.
    public enum Approval: String, Sendable, CaseIterable {
        /// A change of the latest plan waits for a yes.
        case waiting
        /// All that needed a yes has one: the next pass does it, unless it moves before.
        case approved
        /// A later pass has made its own plan: what still waits stands in that one.
        case superseded
        /// Nothing of it needs anybody.
        case unneeded
    }

    public let runID: String
    /// Nil where only the plan is kept.
    public let run: RunRecord?
    public let fingerprint: String
    public let savedAt: Timestamp
    /// How many of its changes need a yes.
    public let needed: Int
    /// How many of these people have allowed, and nobody has used or taken back.
    public let approved: Int
    /// How many of these were done.
    public let used: Int
    /// Whether no later plan was made: only this one is what the next pass would do.
    public let isLatest: Bool

    public var approval: Approval {
        if needed == 0 { return .unneeded }
        guard isLatest else { return .superseded }
        return approved < needed ? .waiting : .approved
    }

    /// The same plan as those see it who see a part of its changes alone.
    public func narrowed(needed: Int, approved: Int, used: Int) -> PlanRow {
        PlanRow(
            runID: runID, run: run, fingerprint: fingerprint, savedAt: savedAt, needed: needed, approved: approved,
            used: used, isLatest: isLatest)
    }

    /// How many changes wait for a yes that can still be given.
    public var waiting: Int { isLatest ? max(0, needed - approved) : 0 }
}

extension Store {
    /// Plans, newest first, without their documents.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - cursor: where the part before ended.
    ///   - approval: only those that stand so.
    ///   - now: the present: an approval may be over.
    /// - Returns: the plans.
    /// - Throws: `StoreFault`.
    public func planPage(
        limit: Int, after cursor: PageCursor? = nil, approval: PlanRow.Approval? = nil, at now: Timestamp
    ) async throws(StoreFault) -> Page<PlanRow> {
        var conditions = Conditions()
        // The ids of runs grow with time.
        conditions.add("run_id < ?", cursor.map { .text($0.id) })
        switch approval {
        case .unneeded: conditions.add("waits = ?", .int(0))
        case .superseded: conditions.add("run_id <> \(Self.latestPlanID) and waits > ?", .int(0))
        case .waiting, .approved: conditions.add("run_id = \(Self.latestPlanID) and waits > ?", .int(0))
        case nil: break
        }
        let (clause, binds) = (conditions.clause("where"), conditions.binds)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Page<PlanRow> in
            let rows = try Self.planRows(
                "\(clause) order by run_id desc limit \(max(0, limit) + 1)", binds, at: now, in: db)
            return Page(
                rows.filter { approval == nil || $0.approval == approval }
                    .map { (PageCursor(at: $0.savedAt, id: $0.runID), $0) }, limit: limit)
        }
    }

    /// The plan that was kept last as lists show it; nil before the first.
    ///
    /// - Throws: `StoreFault`.
    public func latestPlanRow(at now: Timestamp) async throws(StoreFault) -> PlanRow? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> PlanRow? in
            try Self.latestPlanRow(at: now, in: db)
        }
    }

    static func latestPlanRow(at now: Timestamp, in db: any SQLConnection) throws(StoreFault) -> PlanRow? {
        try planRows("where run_id = \(latestPlanID)", [], at: now, in: db).first
    }

    private static let latestPlanID = "(select run_id from ops.plans order by run_id desc limit 1)"

    private static func planRows(
        _ clause: String, _ binds: [SQLValue], at now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> [PlanRow] {
        let rows = try db.run("select run_id, fingerprint, created_at, waits from ops.plans \(clause)", binds)
        var ids: [String] = []
        for row in rows { ids.append(try row.text(0)) }
        guard !ids.isEmpty else { return [] }
        let latest = try db.run("select \(latestPlanID)").first?.text(0)
        var among = Conditions()
        among.add("id", oneOf: ids)
        var runs: [String: RunRecord] = [:]
        for run in try records(
            db.run("select \(runColumns) from ops.runs \(among.clause("where"))", among.binds))
        { runs[run.id] = run }
        var (standing, used): ([String: Int], [String: Int]) = ([:], [:])
        var given = Conditions([.time(now)])
        given.add("run_id", oneOf: ids)
        for row in try db.run(
            """
            select run_id,
              count(distinct case when revoked_at is null and used_at is null and expires_at > $1 then resource_key end),
              count(distinct case when used_at is not null then resource_key end)
            from ops.reconcile_approvals \(given.clause("where")) group by run_id
            """, given.binds)
        {
            let id = try row.text(0)
            (standing[id], used[id]) = (Int(clamping: try row.int(1)), Int(clamping: try row.int(2)))
        }
        var found: [PlanRow] = []
        for row in rows {
            let id = try row.text(0)
            found.append(
                PlanRow(
                    runID: id, run: runs[id], fingerprint: try row.text(1), savedAt: try row.time(2),
                    needed: Int(clamping: try row.int(3)), approved: standing[id] ?? 0, used: used[id] ?? 0,
                    isLatest: id == latest))
        }
        return found
    }
}
