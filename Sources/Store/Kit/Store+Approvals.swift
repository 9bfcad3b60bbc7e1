public import Basics
internal import DesiredState
public import Formats

extension Store {
    private static let approvalColumns = """
        id, run_id, resource_key, action, change_digest, approved_by, reason, created_at, expires_at, revoked_at,
        revoked_by, used_at, used_by
        """

    /// Keeps approvals, each with its audit record.
    ///
    /// An approval of the same change that still stands is replaced: the newer one says until when.
    ///
    /// - Parameters:
    ///   - approvals: without ids.
    ///   - origin: what the audit log says beside of where they came from.
    /// - Returns: the records with their ids.
    /// - Throws: `StoreFault`.
    public func grant(
        _ approvals: [ApprovalRecord], origin: Value = [:]
    ) async throws(StoreFault) -> [ApprovalRecord] {
        let granted = approvals.map { approval in
            var approval = approval
            approval.id = identifiers.next(at: approval.createdAt)
            return approval
        }
        let audits = granted.map { identifiers.next(at: $0.createdAt) }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for (approval, auditID) in zip(granted, audits) {
                try db.run(
                    """
                    update ops.reconcile_approvals set revoked_at = $2, revoked_by = $3
                    where change_digest = $1 and revoked_at is null and used_at is null and expires_at > $2
                    """,
                    [.text(approval.change.description), .time(approval.createdAt), .text(approval.approvedBy)])
                try db.run(
                    """
                    insert into ops.reconcile_approvals (id, run_id, resource_key, action, change_digest, approved_by,
                      reason, created_at, expires_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                    """,
                    [
                        .text(approval.id), .text(approval.runID), .text(approval.key.description),
                        .text(approval.action), .text(approval.change.description), .text(approval.approvedBy),
                        approval.reason.map { .text($0) } ?? .null, .time(approval.createdAt),
                        .time(approval.expiresAt),
                    ])
                var detail = Value.Object()
                detail["run"] = .string(approval.runID)
                detail["action"] = .string(approval.action)
                detail["change"] = .string(approval.change.description)
                detail["expires_at"] = .string(approval.expiresAt.description)
                if let reason = approval.reason { detail["reason"] = .string(reason) }
                for member in origin.objectValue?.members ?? [] { detail[member.name] = member.value }
                try Self.write(
                    AuditRecord(
                        at: approval.createdAt, action: "change.approve", target: approval.key.description,
                        actor: approval.approvedBy, detail: .object(detail)), id: auditID, in: db)
            }
        }
        return granted
    }

    /// Takes back every approval of a key that still stands, with its audit record.
    ///
    /// - Returns: how many there were.
    /// - Throws: `StoreFault`.
    public func revokeApprovals(of key: String, audit: AuditRecord) async throws(StoreFault) -> Int {
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let revoked = try db.run(
                """
                update ops.reconcile_approvals set revoked_at = $2, revoked_by = $3
                where resource_key = $1 and revoked_at is null and used_at is null and expires_at > $2
                returning id
                """, [.text(key), .time(audit.at), .text(audit.actor)])
            if !revoked.isEmpty { try Self.write(audit, id: auditID, in: db) }
            return revoked.count
        }
    }

    /// Takes back approvals that nothing has used yet, each with its audit record.
    ///
    /// - Returns: those that stood.
    /// - Throws: `StoreFault`.
    public func withdraw(
        _ approvals: [ApprovalRecord], at now: Timestamp, by actor: String, reason: String
    ) async throws(StoreFault) -> [ApprovalRecord] {
        guard !approvals.isEmpty else { return [] }
        let audits = approvals.map { _ in identifiers.next(at: now) }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [ApprovalRecord] in
            var withdrawn: [ApprovalRecord] = []
            for (approval, auditID) in zip(approvals, audits) {
                let stood = try db.run(
                    """
                    update ops.reconcile_approvals set revoked_at = $2, revoked_by = $3
                    where id = $1 and revoked_at is null and used_at is null and expires_at > $2
                    returning id
                    """, [.text(approval.id), .time(now), .text(actor)])
                guard !stood.isEmpty else { continue }
                withdrawn.append(approval)
                try Self.write(
                    AuditRecord(
                        at: now, action: "change.revoke", target: approval.key.description, actor: actor,
                        detail: ["approved_by": .string(approval.approvedBy), "reason": .string(reason)]), id: auditID,
                    in: db)
            }
            return withdrawn
        }
    }

    /// The approvals that still stand, oldest first.
    ///
    /// - Throws: `StoreFault`.
    public func standingApprovals() async throws(StoreFault) -> [ApprovalRecord] {
        let now = time.now
        return try await approvals(
            "where used_at is null and revoked_at is null and expires_at > $1 order by created_at, id", [.time(now)])
    }

    /// Whether an approval still holds: not used, not taken back, not over.
    ///
    /// - Throws: `StoreFault`.
    public func approvalStands(_ id: String) async throws(StoreFault) -> Bool {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            !(try db.run(
                """
                select 1 from ops.reconcile_approvals
                where id = $1 and used_at is null and revoked_at is null and expires_at > $2
                """, [.text(id), .time(now)])).isEmpty
        }
    }

    /// Of some approvals those that hold no more: taken back, or over without having been used.
    ///
    /// One that was used holds: what it is of was trusted by it.
    ///
    /// - Throws: `StoreFault`.
    public func fallenApprovals(_ ids: [String]) async throws(StoreFault) -> Set<String> {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Set<String> in
            var fallen: Set<String> = []
            for id in ids {
                let held = try db.run(
                    """
                    select 1 from ops.reconcile_approvals
                    where id = $1 and revoked_at is null and (used_at is not null or expires_at > $2)
                    """, [.text(id), .time(now)])
                if held.isEmpty { fallen.insert(id) }
            }
            return fallen
        }
    }

    /// The last approvals, newest first, whatever became of them.
    ///
    /// - Throws: `StoreFault`.
    public func approvals(limit: Int) async throws(StoreFault) -> [ApprovalRecord] {
        try await approvals("order by created_at desc, id desc limit $1", [.int(Int64(max(0, limit)))])
    }

    /// The approvals that people gave to the plan of one run, newest first, whatever became of them.
    ///
    /// - Throws: `StoreFault`.
    public func approvals(ofRun runID: String) async throws(StoreFault) -> [ApprovalRecord] {
        try Self.check(runID: runID)
        return try await approvals("where run_id = $1 order by created_at desc, id desc", [.text(runID)])
    }

    /// Writes down that the approved changes ran; each approval counts once.
    ///
    /// - Throws: `StoreFault`.
    public func useApprovals(_ ids: [String], runID: String) async throws(StoreFault) {
        guard !ids.isEmpty else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.use(ids, runID, now, in: db)
        }
    }

    static func use(
        _ ids: [String], _ runID: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        for id in ids {
            try db.run(
                "update ops.reconcile_approvals set used_at = $2, used_by = $3 where id = $1 and used_at is null",
                [.text(id), .time(now), .text(runID)])
        }
    }

    /// The last approval of exactly this change that ended without having been used or revoked; nil where none did.
    ///
    /// - Throws: `StoreFault`.
    public func lapsedApproval(of change: Digest) async throws(StoreFault) -> ApprovalRecord? {
        try await approvals(
            """
            where change_digest = $1 and used_at is null and revoked_at is null and expires_at <= $2
            order by expires_at desc, id desc limit 1
            """, [.text(change.description), .time(time.now)]
        ).first
    }

    func approvals(_ condition: String, _ binds: [SQLValue]) async throws(StoreFault) -> [ApprovalRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [ApprovalRecord] in
            var records: [ApprovalRecord] = []
            for row in try db.run("select \(Self.approvalColumns) from ops.reconcile_approvals \(condition)", binds) {
                guard let key = ResourceKey(try row.text(2)), let change = Digest(try row.text(4)) else {
                    throw .unreadable("an approval names no resource or no digest: \(try row.text(0))")
                }
                var record = ApprovalRecord(
                    id: try row.text(0), runID: try row.text(1), key: key, action: try row.text(3), change: change,
                    approvedBy: try row.text(5), reason: row.optionalText(6), createdAt: try row.time(7),
                    expiresAt: try row.time(8))
                record.revokedAt = try row.optionalTime(9)
                record.revokedBy = row.optionalText(10)
                record.usedAt = try row.optionalTime(11)
                record.usedBy = row.optionalText(12)
                records.append(record)
            }
            return records
        }
    }
}
