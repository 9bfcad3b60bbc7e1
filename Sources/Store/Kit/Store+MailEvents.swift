import Basics
import Formats

extension Store {
    /// The most events that a row lists; of a message to a whole list the newest stay.
    static let mailEventLimit = 500

    /// Adds events to `ops.mail_events`, each once, in one transaction.
    ///
    /// - Returns: how many were new.
    /// - Throws: `StoreFault`.
    public func putMailEvents(_ events: [MailEventRecord]) async throws(StoreFault) -> Int {
        guard !events.isEmpty else { return 0 }
        let now = time.now
        let rows = events.sorted { ($0.messageID, $0.at, $0.eventID) < ($1.messageID, $1.at, $1.eventID) }
            .map { (identifiers.next(at: now), $0) }
        let dialect = engine.dialect
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            var written = 0
            for (id, event) in rows {
                switch try Self.put(event, id: id, dialect, in: db) {
                case .created, .updated: written += 1
                default: break
                }
            }
            return written
        }
    }

    /// Puts an event into its message's row: `raw` holds the newest event and the list of all.
    static func put(
        _ event: MailEventRecord, id: String, _ dialect: SQLDialect, in db: any SQLConnection
    ) throws(StoreFault) -> MirrorOutcome {
        guard try mirrors("mail_events", in: db) else { return .unmirrored }
        let stamp = event.stamp ?? event.at.description
        let first: Value = .object(["events": .list([event.line]), "latest": event.raw])
        let isNew = try !db.run(
            """
            insert into ops.mail_events (id, env, provider, message_id, subject, sender, recipient, transport, stamp, raw,
              received_at)
            values ($1, $2, 'mailgun', $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (message_id) do nothing returning id
            """,
            [
                .text(id), .text(event.environment), .text(event.messageID), .optional(event.subject),
                .optional(event.sender), .optional(event.recipient), .optional(event.transport), .text(stamp),
                .jsonb(first), .time(event.at),
            ]
        ).isEmpty
        if isNew { return .created }
        let lock = dialect.rowLock
        guard
            let row = try db.run(
                "select raw from ops.mail_events where message_id = $1\(lock)", [.text(event.messageID)]
            ).first
        else { throw .unreadable("the message \(event.messageID) is gone") }
        let known = try row.jsonb(0)
        var lines = known["events"]?.listValue ?? []
        guard !lines.contains(where: { $0["id"]?.stringValue == event.eventID }) else { return .unchanged }
        lines.append(event.line)
        lines.sort { instant($0) < instant($1) }
        lines.removeFirst(max(0, lines.count - mailEventLimit))
        let isLatest = lines.last?["id"]?.stringValue == event.eventID
        // What somebody else wrote stays where it was.
        var raw = known.objectValue ?? Value.Object()
        raw["events"] = .list(lines)
        if isLatest || raw["latest"] == nil { raw["latest"] = event.raw }
        try db.run(
            """
            update ops.mail_events set raw = $2, env = case when env = 'unknown' then $3 else env end,
              subject = coalesce(subject, $4), sender = coalesce(sender, $5), recipient = coalesce(recipient, $6),
              transport = coalesce(transport, $7), stamp = coalesce(stamp, $8)
            where message_id = $1
            """,
            [
                .text(event.messageID), .jsonb(.object(raw)), .text(event.environment), .optional(event.subject),
                .optional(event.sender), .optional(event.recipient), .optional(event.transport), .text(stamp),
            ])
        return .updated
    }

    private static func instant(_ line: Value) -> Timestamp {
        line["at"]?.instantValue ?? Timestamp(seconds: 0)
    }
}
