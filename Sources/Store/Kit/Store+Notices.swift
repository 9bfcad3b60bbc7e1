import Basics
import Formats

extension Store {
    /// Writes those notices that were not written before.
    ///
    /// - Returns: the notices that are new.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func post(_ notices: [Notice]) async throws(StoreFault) -> [Notice] {
        guard !notices.isEmpty else { return [] }
        // Most passes have nothing new to tell: looking costs no write.
        let unknown = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [Notice] in
            var unknown: [Notice] = []
            for notice in notices
            where try db.run(
                "select 1 from ops.reconcile_notices where dedupe_key = $1", [.text(notice.dedupeKey)]
            ).isEmpty { unknown.append(notice) }
            return unknown
        }
        guard !unknown.isEmpty else { return [] }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [Notice] in
            try write(unknown, in: db)
        }
    }

    /// Notices in the order of writing, those after an id.
    ///
    /// - Throws: `StoreFault`.
    public func notices(after id: String? = nil, limit: Int = 100) async throws(StoreFault) -> [Notice] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [Notice] in
            var notices: [Notice] = []
            let condition = id == nil ? "" : "where id > $2 "
            for row in try db.run(
                "select \(Self.noticeColumns) from ops.reconcile_notices \(condition)order by id limit $1",
                [.int(Int64(max(0, limit)))] + (id.map { [.text($0)] } ?? []))
            {
                guard let notice = try Self.notice(row) else { continue }
                notices.append(notice)
            }
            return notices
        }
    }

    static let noticeColumns = "id, kind, subject, environment, at, run_id, payload, dedupe_key"

    /// Nil for a kind that another version wrote.
    static func notice(_ row: SQLRow) throws(StoreFault) -> Notice? {
        guard let kind = Notice.Kind(rawValue: try row.text(1)) else { return nil }
        let prefix = "\(kind.rawValue):\(try row.text(2)):"
        var notice = Notice(
            kind, of: try row.text(2), environment: row.optionalText(3), at: try row.time(4),
            runID: row.optionalText(5), payload: try row.json(6),
            dedupe: String(try row.text(7).dropFirst(prefix.count)))
        notice.id = try row.text(0)
        return notice
    }

    /// - Returns: those that were not there.
    func write(_ notices: [Notice], in db: any SQLConnection) throws(StoreFault) -> [Notice] {
        var written: [Notice] = []
        for notice in notices {
            var notice = notice
            notice.id = identifiers.next(at: notice.at)
            let rows = try db.run(
                """
                insert into ops.reconcile_notices (id, at, kind, subject, environment, run_id, payload, dedupe_key)
                values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (dedupe_key) do nothing returning id
                """,
                [
                    .text(notice.id), .time(notice.at), .text(notice.kind.rawValue), .text(notice.subject),
                    .optional(notice.environment), .optional(notice.runID), .json(notice.payload),
                    .text(notice.dedupeKey),
                ])
            if !rows.isEmpty { written.append(notice) }
        }
        return written
    }
}
