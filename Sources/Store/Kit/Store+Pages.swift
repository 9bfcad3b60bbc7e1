public import Basics
public import DesiredState
import Formats

/// Lists in parts, each by an index.
extension Store {
    /// Environments that are not gone, by name.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - name: only those after it.
    ///   - tier: only of it.
    ///   - status: only in it.
    ///   - branch: only of it.
    ///   - names: only these; nil: all.
    ///   - now: only those that are left alone at this instant.
    /// - Returns: the environments, and whether there are more.
    /// - Throws: `StoreFault`.
    public func environmentPage(
        limit: Int, after name: String? = nil, tier: Tier? = nil, status: EnvironmentRow.Status? = nil,
        branch: String? = nil, names: [String]? = nil, isSuspendedAt now: Timestamp? = nil
    ) async throws(StoreFault) -> (rows: [EnvironmentRow], hasMore: Bool) {
        var conditions = Conditions()
        conditions.add("slug > ?", name.map { .text($0) })
        conditions.add("tier = ?", (tier?.rawValue).map { .text($0) })
        if let status {
            conditions.add("status = ?", .text(status.rawValue))
        } else {
            conditions.add("(status is null or status <> ?)", .text(EnvironmentRow.Status.gone.rawValue))
        }
        conditions.add("branch = ?", branch.map { .text($0) })
        conditions.add("is_suspended and (suspended_until is null or suspended_until > ?)", now.map { .time($0) })
        conditions.add("slug", oneOf: names)
        let (clause, binds) = (conditions.clause("and"), conditions.binds)
        let rows = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [EnvironmentRow] in
            try Self.environmentRows("\(clause) order by slug limit \(max(0, limit) + 1)", binds, in: db)
        }
        return (Array(rows.prefix(limit)), rows.count > limit)
    }

    /// Records of the audit log with their ids, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - cursor: where the part before ended.
    ///   - actor: only of this one.
    ///   - action: only this.
    ///   - actionPrefix: only those that begin so.
    ///   - target: only of this.
    ///   - since: only then or later.
    ///   - until: only before.
    /// - Returns: the records.
    /// - Throws: `StoreFault`.
    public func auditPage(
        limit: Int, after cursor: PageCursor? = nil, actor: String? = nil, action: String? = nil,
        actionPrefix: String? = nil, target: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil
    ) async throws(StoreFault) -> Page<(id: String, record: AuditRecord)> {
        var conditions = Conditions()
        conditions.add(after: cursor, "at", "id")
        conditions.add("actor = ?", actor.map { .text($0) })
        conditions.add("action = ?", action.map { .text($0) })
        conditions.add("substr(action, 1, length(?)) = ?", actionPrefix.map { .text($0) })
        conditions.add("target = ?", target.map { .text($0) })
        conditions.add("at >= ?", since.map { .time($0) })
        conditions.add("at < ?", until.map { .time($0) })
        let (clause, binds) = (conditions.clause("where"), conditions.binds)
        return try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> Page<(id: String, record: AuditRecord)> in
            var found: [(cursor: PageCursor, row: (id: String, record: AuditRecord))] = []
            for row in try db.run(
                """
                select at, action, target, actor, detail, id from ops.audit_log \(clause)
                order by at desc, id desc limit \(max(0, limit) + 1)
                """, binds)
            {
                let (id, record) = (try row.text(5), try Self.auditRecord(row))
                found.append((PageCursor(at: record.at, id: id), (id, record)))
            }
            return Page(found, limit: limit)
        }
    }

    /// Lines of the story of a run, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - cursor: where the part before ended.
    ///   - runID: the run.
    ///   - environments: only lines about these; nil: all.
    /// - Returns: the lines with their ids.
    /// - Throws: `StoreFault`.
    public func eventPage(
        limit: Int, after cursor: PageCursor? = nil, runID: String, environments: [String]? = nil
    ) async throws(StoreFault) -> Page<(id: String, event: RunEvent)> {
        try Self.check(runID: runID)
        var conditions = Conditions()
        conditions.add(after: cursor, "timestamp", "id")
        conditions.add("run_id = ?", .text(runID))
        conditions.add("environment", oneOf: environments)
        let (clause, binds) = (conditions.clause("where"), conditions.binds)
        return try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> Page<(id: String, event: RunEvent)> in
            var found: [(cursor: PageCursor, row: (id: String, event: RunEvent))] = []
            for row in try db.run(
                """
                select id, run_id, event_type, payload, timestamp from ops.run_events
                \(clause) order by timestamp desc, id desc limit \(max(0, limit) + 1)
                """, binds)
            {
                let event = RunEvent(
                    runID: try row.text(1), type: try row.text(2), payload: try row.jsonb(3), at: try row.time(4),
                    idempotencyKey: nil)
                found.append((PageCursor(at: event.at, id: try row.text(0)), (try row.text(0), event)))
            }
            return Page(found, limit: limit)
        }
    }

    /// Approvals, newest first, whatever became of them.
    ///
    /// - Throws: `StoreFault`.
    public func approvalPage(
        limit: Int, after cursor: PageCursor? = nil
    ) async throws(StoreFault) -> Page<ApprovalRecord> {
        var conditions = Conditions()
        conditions.add(after: cursor, "created_at", "id")
        let records = try await approvals(
            "\(conditions.clause("where")) order by created_at desc, id desc limit \(max(0, limit) + 1)",
            conditions.binds)
        return Page(records.map { (PageCursor(at: $0.createdAt, id: $0.id), $0) }, limit: limit)
    }

    /// Deliveries of hooks, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - cursor: where the part before ended.
    ///   - provider: only its own.
    ///   - state: only in it.
    /// - Returns: the deliveries.
    /// - Throws: `StoreFault`.
    public func deliveryPage(
        limit: Int, after cursor: PageCursor? = nil, provider: String? = nil, state: DeliveryRecord.State? = nil
    ) async throws(StoreFault) -> Page<DeliveryRecord> {
        var conditions = Conditions()
        // Ids grow in the order in which deliveries are kept.
        conditions.add("id < ?", (cursor?.id).map { .text($0) })
        conditions.add("provider = ?", provider.map { .text($0) })
        conditions.add("state = ?", (state?.rawValue).map { .text($0) })
        let records = try await deliveries(
            "\(conditions.clause("where")) order by id desc limit \(max(0, limit) + 1)", conditions.binds)
        return Page(records.map { (PageCursor(at: $0.receivedAt, id: $0.id), $0) }, limit: limit)
    }
}

extension Store {
    /// How many steps of an environment began in each hour, and how many of them failed, oldest first.
    ///
    /// - Throws: `StoreFault`.
    public func stepCounts(
        of environment: String, since: Timestamp
    ) async throws(StoreFault) -> [(hour: Timestamp, steps: Int, failed: Int)] {
        try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> [(hour: Timestamp, steps: Int, failed: Int)] in
            var counts: [(hour: Timestamp, steps: Int, failed: Int)] = []
            for row in try db.run(
                """
                select intended_at, state from ops.reconcile_steps where environment = $1 and intended_at >= $2
                order by intended_at
                """, [.text(environment), .time(since)])
            {
                let at = try row.time(0)
                let hour = Timestamp(seconds: at.seconds - at.seconds % 3_600)
                if counts.last?.hour != hour { counts.append((hour, 0, 0)) }
                counts[counts.count - 1].steps += 1
                if row.optionalText(1) == JournalEntry.State.failed.rawValue { counts[counts.count - 1].failed += 1 }
            }
            return counts
        }
    }
}
