/// How far somebody has read what happens: the last event of a run and the last notice.
public struct ChangeCursor: Sendable, Hashable, CustomStringConvertible {
    public var event: String
    public var notice: String

    public init(event: String = "", notice: String = "") {
        self.event = event
        self.notice = notice
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: Character("~"), omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, parts.allSatisfy({ $0.isEmpty || IdentifierSource.isUUID($0) }) else { return nil }
        (event, notice) = (parts[0], parts[1])
    }

    public var description: String { "\(event)~\(notice)" }
}

/// Something that happened.
public struct StoredChange: Sendable, Hashable {
    /// Where a reader is who has read this.
    public let cursor: ChangeCursor
    /// `run` or `notice`.
    public let topic: String
    /// The run, or what a notice is about.
    public let subject: String
    /// The type of the event, or the kind of the notice.
    public let kind: String
}

extension Store {
    /// Where a reader is who has read everything.
    ///
    /// - Throws: `StoreFault`.
    public func latestChange() async throws(StoreFault) -> ChangeCursor {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ChangeCursor in
            ChangeCursor(
                event: try db.run(Self.latestEvent).first?.text(0) ?? "",
                notice: try db.run("select id from ops.reconcile_notices order by id desc limit 1", []).first?.text(0)
                    ?? "")
        }
    }

    /// What happened after a point, in the order of writing; events of runs before notices.
    ///
    /// - Throws: `StoreFault`.
    public func changes(after cursor: ChangeCursor, limit: Int) async throws(StoreFault) -> [StoredChange] {
        // The ids of this program grow with time, those of an empty cursor begin before all of them.
        let least = "00000000-0000-0000-0000-000000000000"
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [StoredChange] in
            var position = cursor
            var changes: [StoredChange] = []
            for row in try db.run(
                Self.eventsAfter, [.text(cursor.event.isEmpty ? least : cursor.event), .int(Int64(max(0, limit)))])
            {
                position.event = try row.text(0)
                changes.append(
                    StoredChange(cursor: position, topic: "run", subject: try row.text(1), kind: try row.text(2)))
            }
            for row in try db.run(
                "select id, subject, kind from ops.reconcile_notices where id > $1 order by id limit $2",
                [.text(cursor.notice.isEmpty ? least : cursor.notice), .int(Int64(max(0, limit)))])
            {
                position.notice = try row.text(0)
                changes.append(
                    StoredChange(cursor: position, topic: "notice", subject: try row.text(1), kind: try row.text(2)))
            }
            return changes
        }
    }

    // Events outside, so that the order is that of their key and the first rows are all that is read: SQLite keeps a cross
    // join as it is written, where it would begin with every run otherwise. To PostgreSQL it is a join like another.
    static let latestEvent = """
        select e.id from ops.run_events e cross join ops.runs r
        where r.id = e.run_id and r.run_type = 'reconcile' order by e.id desc limit 1
        """
    static let eventsAfter = """
        select e.id, e.run_id, e.event_type from ops.run_events e cross join ops.runs r
        where r.id = e.run_id and r.run_type = 'reconcile' and e.id > $1 order by e.id limit $2
        """

    /// How far the latest run is, in a few words that change when it moves.
    ///
    /// - Throws: `StoreFault`.
    public func pulse() async throws(StoreFault) -> String {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> String in
            guard
                let run = try db.run(
                    """
                    select id, last_phase from ops.runs where run_type = 'reconcile'
                    order by created_at desc, id desc limit 1
                    """, []
                ).first
            else { return "" }
            let steps = try db.run(
                "select count(*), count(finished_at) from ops.reconcile_steps where run_id = $1", [.text(run.text(0))]
            ).first
            return "\(try run.text(0)) \(run.optionalText(1) ?? "") \(try steps?.int(0) ?? 0) \(try steps?.int(1) ?? 0)"
        }
    }
}
