import Basics
public import DesiredState
public import Formats

extension Store {
    /// Keeps what a person said of differences, each with its audit record; the newest word on a key counts.
    ///
    /// - Parameters:
    ///   - marks: without ids.
    ///   - origin: what the audit log says beside of where they came from.
    /// - Returns: the marks with their ids.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func markDrift(_ marks: [DriftMark], origin: Value = [:]) async throws(StoreFault) -> [DriftMark] {
        let kept = marks.map {
            DriftMark(
                id: identifiers.next(at: $0.createdAt), key: $0.key, kind: $0.kind, difference: $0.difference,
                reason: $0.reason, by: $0.by, createdAt: $0.createdAt, until: $0.until)
        }
        let audits = kept.map { identifiers.next(at: $0.createdAt) }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for mark in kept { try Self.endMarks(of: mark.key, at: mark.createdAt, by: mark.by, in: db) }
            for (mark, auditID) in zip(kept, audits) {
                try db.run(
                    """
                    insert into ops.drift_marks (id, resource_key, kind, difference, reason, actor, created_at, until)
                    values ($1, $2, $3, $4, $5, $6, $7, $8)
                    """,
                    [
                        .text(mark.id), .text(mark.key.description), .text(mark.kind.rawValue),
                        .optional(mark.difference?.description), .text(mark.reason), .text(mark.by),
                        .time(mark.createdAt), .time(mark.until),
                    ])
                var detail = Value.Object()
                detail["reason"] = .string(mark.reason)
                if let difference = mark.difference { detail["difference"] = .string(difference.description) }
                if let until = mark.until { detail["until"] = .string(until.description) }
                for member in origin.objectValue?.members ?? [] { detail[member.name] = member.value }
                try Self.write(
                    AuditRecord(
                        at: mark.createdAt, action: "drift.\(mark.kind.rawValue)", target: mark.key.description,
                        actor: mark.by, detail: .object(detail)), id: auditID, in: db)
            }
        }
        return kept
    }

    /// Takes back what was said of a key, with its audit record.
    ///
    /// - Returns: how many marks ended.
    /// - Throws: `StoreFault`.
    public func unmarkDrift(_ key: ResourceKey, audit: AuditRecord) async throws(StoreFault) -> Int {
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let ended = try Self.endMarks(of: key, at: audit.at, by: audit.actor, in: db)
            if ended > 0 { try Self.write(audit, id: auditID, in: db) }
            return ended
        }
    }

    /// The marks that stand at an instant, newest first.
    static func driftMarks(at now: Timestamp, in db: any SQLConnection) throws(StoreFault) -> [DriftMark] {
        var marks: [DriftMark] = []
        for row in try db.run(
            """
            select id, resource_key, kind, difference, reason, actor, created_at, until from ops.drift_marks
            where ended_at is null and (until is null or until > $1) order by created_at desc, id desc
            """, [.time(now)])
        {
            guard let key = ResourceKey(try row.text(1)), let kind = DriftMark.Kind(rawValue: try row.text(2)) else {
                throw .unreadable("\(try row.text(0)) in ops.drift_marks names no key or no known kind")
            }
            marks.append(
                DriftMark(
                    id: try row.text(0), key: key, kind: kind,
                    difference: row.optionalText(3).flatMap { Digest($0) }, reason: try row.text(4),
                    by: try row.text(5), createdAt: try row.time(6), until: try row.optionalTime(7)))
        }
        return marks
    }

    @discardableResult
    private static func endMarks(
        of key: ResourceKey, at now: Timestamp, by actor: String, in db: any SQLConnection
    ) throws(StoreFault) -> Int {
        try db.run(
            """
            update ops.drift_marks set ended_at = $2, ended_by = $3
            where resource_key = $1 and ended_at is null and (until is null or until > $2) returning id
            """, [.text(key.description), .time(now), .text(actor)]
        ).count
    }
}
