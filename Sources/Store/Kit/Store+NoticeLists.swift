public import Basics

extension Store {
    /// The last messages, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - channel: only its own; nil: all.
    ///   - states: only in one of these; empty: in any.
    ///   - id: only those that were made before this one.
    /// - Returns: the messages.
    /// - Throws: `StoreFault`.
    public func noticeMessages(
        limit: Int, channel: String? = nil, states: [NoticeMessage.State] = [], before id: String? = nil
    ) async throws(StoreFault) -> [NoticeMessage] {
        var conditions: [String] = []
        var binds: [SQLValue] = [.int(Int64(max(0, limit)))]
        if let channel {
            binds.append(.text(channel))
            conditions.append("channel = $\(binds.count)")
        }
        if let id {
            binds.append(.text(id))
            conditions.append("id < $\(binds.count)")
        }
        if !states.isEmpty {
            conditions.append("state in (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))")
        }
        let condition = conditions.isEmpty ? "" : "where " + conditions.joined(separator: " and ")
        return try await noticeMessages("\(condition) order by id desc limit $1", binds)
    }

    /// The messages whose id begins so; at most ten.
    ///
    /// - Throws: `StoreFault`.
    public func noticeMessages(matching text: String) async throws(StoreFault) -> [NoticeMessage] {
        guard IdentifierSource.isPrefix(text) else { return [] }
        return try await noticeMessages(
            "where substr(cast(id as text), 1, \(text.utf8.count)) = $1 order by id desc limit 10", [.text(text)])
    }

    /// What goes with a message, in the order of writing.
    ///
    /// - Throws: `StoreFault`.
    public func notices(of message: String) async throws(StoreFault) -> [Notice] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [Notice] in
            try Self.notices(of: message, in: db)
        }
    }

    /// Brings a message back that is dead or waits for its next attempt, with its audit record.
    ///
    /// - Returns: whether there was something to bring back.
    /// - Throws: `StoreFault`.
    public func retryNoticeMessage(_ id: String, audit: AuditRecord) async throws(StoreFault) -> Bool {
        let now = time.now
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            let revived = try db.run(
                """
                update ops.notice_messages set state = 'waiting', attempts = 0, available_at = $2, finished_at = null,
                  claimed_by = null
                where id = $1 and state in ('dead', 'waiting') returning id
                """, [.text(id), .time(now)])
            if !revived.isEmpty { try Self.write(audit, id: auditID, in: db) }
            return !revived.isEmpty
        }
    }

    /// How many wait and are dead.
    ///
    /// - Throws: `StoreFault`.
    public func noticeQueue() async throws(StoreFault) -> NoticeQueue {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> NoticeQueue in
            var queue = NoticeQueue()
            for row in try db.run(
                """
                select channel, state, count(*), min(created_at) from ops.notice_messages
                where state in ('collecting', 'waiting', 'dead') group by channel, state
                """)
            {
                let (channel, count) = (try row.text(0), Int(clamping: try row.int(2)))
                if try row.text(1) == NoticeMessage.State.dead.rawValue {
                    queue.dead[channel, default: 0] += count
                } else {
                    queue.waiting[channel, default: 0] += count
                    if let oldest = try row.optionalTime(3) { queue.oldest = min(queue.oldest ?? oldest, oldest) }
                }
            }
            let unrouted = try db.run("select count(*) from ops.reconcile_notices where routed_at is null")
            queue.unrouted = Int(clamping: try unrouted.first?.int(0) ?? 0)
            return queue
        }
    }

    /// The code of a message whose channel isn't there.
    public static let channelGone = "NOTICE-0004"

    /// Gives up what nobody will send: it waits for a channel that isn't there, and has been due since before an instant.
    ///
    /// Another service on this store may have the channel, as a new one beside the old one that it follows: what it sends is not
    /// due for long.
    ///
    /// - Parameters:
    ///   - channels: those that there are.
    ///   - instant: what became due later stays.
    /// - Returns: how many were given up, by channel.
    /// - Throws: `StoreFault`.
    public func buryNoticeMessages(
        notOf channels: Set<String>, dueBefore instant: Timestamp
    ) async throws(StoreFault) -> [String: Int] {
        let now = time.now
        let old = "state in ('collecting', 'waiting') and available_at < $1"
        let lost = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            try db.run("select distinct channel from ops.notice_messages where \(old)", [.time(instant)])
                .map { (row) throws(StoreFault) in try row.text(0) }.filter { !channels.contains($0) }
        }
        // Most looks find nothing: they cost no write.
        guard !lost.isEmpty else { return [:] }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [String: Int] in
            var buried: [String: Int] = [:]
            for channel in lost {
                let rows = try db.run(
                    """
                    update ops.notice_messages set state = 'dead', finished_at = $3, error_code = $4, reason = $5,
                      claimed_by = null
                    where channel = $2 and \(old) returning id
                    """,
                    [
                        .time(instant), .text(channel), .time(now), .text(Self.channelGone),
                        .text("there is no channel \(channel) any more: it was renamed or removed"),
                    ])
                if !rows.isEmpty { buried[channel] = rows.count }
            }
            return buried
        }
    }

    /// Forgets messages that were sent before an instant; the dead stay until somebody has looked at them, but for those
    /// whose channel wasn't there: nobody can bring them back.
    ///
    /// The notices themselves stay for longer: they keep a transition from being told twice.
    ///
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    public func forgetNoticeMessages(before instant: Timestamp) async throws(StoreFault) -> Int {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let isOver = "(state = 'sent' or state = 'dead' and error_code = '\(Self.channelGone)')"
            let old = "from ops.notice_messages where \(isOver) and finished_at < $1"
            try db.run(
                "delete from ops.notice_deliveries where message_id in (select id \(old))", [.time(instant)])
            return try db.run("delete \(old) returning id", [.time(instant)]).count
        }
    }

    private func noticeMessages(_ condition: String, _ binds: [SQLValue]) async throws(StoreFault) -> [NoticeMessage] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [NoticeMessage] in
            var messages: [NoticeMessage] = []
            for row in try db.run(
                """
                select \(Self.messageColumns), (select count(*) from ops.notice_deliveries d where d.message_id = m.id)
                from ops.notice_messages m \(condition)
                """, binds)
            {
                messages.append(try Self.message(row, count: Int(clamping: try row.int(12))))
            }
            return messages
        }
    }
}
