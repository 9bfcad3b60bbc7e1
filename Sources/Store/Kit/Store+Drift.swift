public import Basics
import DesiredState
public import Diff
import Formats

extension Store {
    /// What makes two differences the same one over time.
    private struct DriftIdentity: Hashable {
        let key: String
        let cause: String
    }

    private struct OpenDrift {
        let id: String
        let environment: String?
        let detail: String
        let firstSeen: Timestamp
    }

    /// Brings the open differences up to what a run has seen; writes nothing when nothing changed.
    ///
    /// - Parameters:
    ///   - items: what differs now.
    ///   - complete: whether everything was looked at: only then is what is not among `items` resolved.
    ///   - runID: the run that has seen it.
    ///   - now: when.
    /// - Returns: how many differences are new, other than before, and gone.
    /// - Throws: `StoreFault`.
    public func recordDrift(
        _ items: [DriftItem], complete: Bool, runID: String, at now: Timestamp
    ) async throws(StoreFault) -> DriftDelta {
        try Self.check(runID: runID)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> DriftDelta in
            let before = try Self.openDrift(in: db)
            var seen: Set<DriftIdentity> = []
            var (opened, changed, resolved) = (0, 0, 0)
            let isMirrored = try Self.mirrors("convergence_findings", in: db)
            for item in items {
                let identity = DriftIdentity(key: item.key.description, cause: item.cause.rawValue)
                guard seen.insert(identity).inserted else { continue }
                let detail = Self.detail(of: item)
                let text = StoredJSON.text(detail)
                let known = before[identity]
                if let known {
                    if known.detail == text, known.environment == item.environment { continue }
                    try db.run(
                        """
                        update ops.drift_items set environment = $2, detail = $3, last_seen = $4, run_id = $5
                        where id = $1
                        """, [.text(known.id), .optional(item.environment), .text(text), .time(now), .text(runID)])
                    changed += 1
                } else {
                    try db.run(
                        """
                        insert into ops.drift_items (id, resource_key, cause, environment, detail, status, first_seen,
                          last_seen, run_id)
                        values ($1, $2, $3, $4, $5, 'open', $6, $6, $7)
                        """,
                        [
                            .text(identifiers.next(at: now)), .text(identity.key), .text(identity.cause),
                            .optional(item.environment), .text(text), .time(now), .text(runID),
                        ])
                    opened += 1
                }
                guard isMirrored else { continue }
                if let known, known.environment != item.environment {
                    try Self.resolveFinding(identity.key, now, in: db)
                }
                try openFinding(item, detail, firstSeen: known?.firstSeen ?? now, now, in: db)
            }
            guard complete else { return DriftDelta(opened: opened, changed: changed, resolved: 0) }
            let stillOpen = Set(seen.map(\.key))
            for (identity, known) in before where !seen.contains(identity) {
                try db.run(
                    """
                    update ops.drift_items set status = 'resolved', resolved_at = $2, resolved_by = $3 where id = $1
                    """, [.text(known.id), .time(now), .text(runID)])
                resolved += 1
                if isMirrored, !stillOpen.contains(identity.key) { try Self.resolveFinding(identity.key, now, in: db) }
            }
            return DriftDelta(opened: opened, changed: changed, resolved: resolved)
        }
    }

    /// What differs, sorted by key; each was last seen by the latest run that looked.
    ///
    /// - Throws: `StoreFault`.
    public func openDrift() async throws(StoreFault) -> [DriftRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [DriftRecord] in
            let latest = try db.run(
                """
                select max(started_at) from ops.runs where run_type = 'reconcile'
                  and last_phase in ('planned', 'awaiting_approval', 'applying', 'succeeded')
                """
            ).first?.optionalTime(0)
            var records: [DriftRecord] = []
            for row in try db.run(
                """
                select resource_key, cause, environment, detail, first_seen, last_seen, run_id from ops.drift_items
                where status = 'open'
                """)
            {
                guard let key = ResourceKey(try row.text(0)), let cause = ChangeCause(rawValue: try row.text(1)) else {
                    throw .unreadable("\(try row.text(0)) in ops.drift_items names no known key or cause")
                }
                let lastSeen = try row.time(5)
                records.append(
                    DriftRecord(
                        key: key, cause: cause, environment: row.optionalText(2), detail: try row.json(3),
                        firstSeen: try row.time(4), lastSeen: max(lastSeen, latest ?? lastSeen), runID: try row.text(6))
                )
            }
            return records.sorted { $0.key == $1.key ? $0.cause.rawValue < $1.cause.rawValue : $0.key < $1.key }
        }
    }

    private static func openDrift(in db: any SQLConnection) throws(StoreFault) -> [DriftIdentity: OpenDrift] {
        var open: [DriftIdentity: OpenDrift] = [:]
        for row in try db.run(
            "select id, resource_key, cause, environment, detail, first_seen from ops.drift_items where status = 'open'"
        ) {
            open[DriftIdentity(key: try row.text(1), cause: try row.text(2))] = OpenDrift(
                id: try row.text(0), environment: row.optionalText(3), detail: try row.text(4),
                firstSeen: try row.time(5))
        }
        return open
    }

    /// Summary, attributes and place; of a sensitive attribute only that it differs.
    private static func detail(of item: DriftItem) -> Value {
        var detail: Value.Object = ["summary": .string(item.summary)]
        detail["attributes"] = .list(
            item.attributes.map { change in
                var attribute: Value.Object = ["path": .string(change.path), "sensitive": .bool(change.isSensitive)]
                if !change.isSensitive {
                    attribute["before"] = change.before ?? .null
                    attribute["after"] = change.after ?? .null
                }
                if let reference = change.reference { attribute["reference"] = .string(reference.description) }
                return .object(attribute)
            })
        if let source = item.source {
            detail["source"] = .object(
                [
                    "file": .string(source.file), "line": .int(Int64(source.line)),
                    "column": .int(Int64(source.column)),
                ] as KeyValuePairs)
        }
        return .object(detail)
    }

    private func openFinding(
        _ item: DriftItem, _ detail: Value, firstSeen: Timestamp, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        var evidence = detail.objectValue ?? [:]
        evidence["cause"] = .string(item.cause.rawValue)
        try db.run(
            """
            insert into ops.convergence_findings (id, env, kind, key, status, evidence, suggested_action, first_seen,
              last_seen, created_at, updated_at)
            values ($1, $2, 'drift', $3, 'open', $4, $5, $6, $7, $7, $7)
            on conflict (env, kind, key) do update
            set status = 'open', evidence = excluded.evidence, suggested_action = excluded.suggested_action,
              first_seen = excluded.first_seen, last_seen = excluded.last_seen, resolved_at = null,
              updated_at = excluded.updated_at
            """,
            [
                .text(identifiers.next(at: now)), .text(item.environment ?? "global"), .text(item.key.description),
                .jsonb(.object(evidence)), .text("reconcile explain \(item.key)"), .time(firstSeen), .time(now),
            ])
    }

    private static func resolveFinding(_ key: String, _ now: Timestamp, in db: any SQLConnection) throws(StoreFault) {
        try db.run(
            """
            update ops.convergence_findings set status = 'resolved', resolved_at = $2, updated_at = $2
            where kind = 'drift' and key = $1 and status <> 'resolved'
            """, [.text(key), .time(now)])
    }
}
