internal import Basics
internal import Formats

extension Store {
    /// Writes down that secrets are about to be set, before any is.
    ///
    /// - Returns: the record with its id.
    /// - Throws: `StoreFault`.
    public func beginSecretSync(_ record: SecretSyncRecord) async throws(StoreFault) -> SecretSyncRecord {
        var record = record
        record.id = identifiers.next(at: record.startedAt)
        let kept = record
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                insert into ops.secret_sync_runs (id, provider, target, actor, status, started_at)
                values ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .text(kept.id), .text(kept.provider), .text(kept.target), .text(kept.actor),
                    .text(SecretSyncRecord.Status.running.rawValue), .time(kept.startedAt),
                ])
        }
        return kept
    }

    /// Writes down what came of it; a record that has ended stays as it is.
    ///
    /// - Throws: `StoreFault`.
    public func finishSecretSync(_ record: SecretSyncRecord) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                update ops.secret_sync_runs set status = $2, pushed = $3, skipped = $4, error = $5, error_code = $6,
                  finished_at = $7, target = $8
                where id = $1 and finished_at is null
                """,
                [
                    .text(record.id), .text(record.status.rawValue), .json(.strings(record.pushed)),
                    .json(.strings(record.skipped)), .optional(record.error), .optional(record.errorCode),
                    .time(record.finishedAt ?? now), .text(record.target),
                ])
        }
    }

    /// The last of them, newest first.
    ///
    /// - Throws: `StoreFault`.
    public func secretSyncs(limit: Int) async throws(StoreFault) -> [SecretSyncRecord] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [SecretSyncRecord] in
            let rows = try db.run(
                """
                select id, provider, target, actor, status, pushed, skipped, error, error_code, started_at, finished_at
                from ops.secret_sync_runs order by started_at desc, id desc limit $1
                """, [.int(Int64(max(0, limit)))])
            var records: [SecretSyncRecord] = []
            for row in rows {
                var record = SecretSyncRecord(
                    id: try row.text(0), provider: try row.text(1), target: try row.text(2), actor: try row.text(3),
                    startedAt: try row.time(9))
                record.status = SecretSyncRecord.Status(rawValue: try row.text(4)) ?? .error
                record.pushed = try row.json(5).listValue?.compactMap(\.stringValue) ?? []
                record.skipped = try row.json(6).listValue?.compactMap(\.stringValue) ?? []
                record.error = row.optionalText(7)
                record.errorCode = row.optionalText(8)
                record.finishedAt = try row.optionalTime(10)
                records.append(record)
            }
            return records
        }
    }
}
