public import Basics

extension Store {
    /// The most notices that go with one message.
    public static let noticesPerMessage = 200

    // MARK: Routing

    /// Decides for notices that nobody has looked at where they go, each once.
    ///
    /// A notice joins the message of its channel and group that still waits for others, or begins one.
    ///
    /// - Parameters:
    ///   - limit: the most notices at once.
    ///   - horizon: older ones go nowhere: nobody wants to read them any more.
    ///   - postings: says where a notice goes.
    /// - Returns: how many were looked at.
    /// - Throws: `StoreFault`.
    public func routeNotices(
        limit: Int = 200, notBefore horizon: Timestamp,
        _ postings: @escaping @Sendable (Notice) -> [NoticePosting]
    ) async throws(StoreFault) -> Int {
        let unrouted = "from ops.reconcile_notices where routed_at is null"
        // Most looks find nothing: they cost no write.
        let isAny = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            !(try db.run("select 1 \(unrouted) limit 1")).isEmpty
        }
        guard isAny else { return 0 }
        let lock = engine.dialect == .postgres ? " for update skip locked" : ""
        let now = time.now
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let rows = try db.run(
                "select \(Self.noticeColumns) \(unrouted) order by id limit $1\(lock)", [.int(Int64(max(1, limit)))])
            for row in rows {
                if let notice = try Self.notice(row), notice.at >= horizon {
                    for posting in postings(notice) { try route(notice, to: posting, now, in: db) }
                }
                try db.run(
                    "update ops.reconcile_notices set routed_at = $2 where id = $1",
                    [.text(try row.text(0)), .time(now)])
            }
            return rows.count
        }
    }

    private func route(
        _ notice: Notice, to posting: NoticePosting, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        let lock = engine.dialect.rowLock
        let due = now + posting.window
        var id: String?
        if let open = try db.run(
            """
            select id from ops.notice_messages where channel = $1 and group_key = $2 and state = 'collecting'\(lock)
            """, [.text(posting.channel), .text(posting.group)]
        ).first {
            let found = try open.text(0)
            let count = try db.run("select count(*) from ops.notice_deliveries where message_id = $1", [.text(found)])
            if try count.first?.int(0) ?? 0 >= Int64(Self.noticesPerMessage) {
                try db.run("update ops.notice_messages set state = 'waiting' where id = $1", [.text(found)])
            } else {
                id = found
            }
        }
        if let id {
            // One that must not wait takes the others along.
            try db.run(
                "update ops.notice_messages set available_at = $2 where id = $1 and available_at > $2",
                [.text(id), .time(due)])
        } else {
            let made = identifiers.next(at: now)
            try db.run(
                """
                insert into ops.notice_messages (id, channel, group_key, state, created_at, available_at)
                values ($1, $2, $3, 'collecting', $4, $5)
                """, [.text(made), .text(posting.channel), .text(posting.group), .time(now), .time(due)])
            id = made
        }
        try db.run(
            """
            insert into ops.notice_deliveries (notice_id, channel, message_id) values ($1, $2, $3)
            on conflict (notice_id, channel) do nothing
            """, [.text(notice.id), .text(posting.channel), .optional(id)])
    }

    // MARK: Sending

    /// When the first message of a channel is due; nil when none waits.
    ///
    /// - Throws: `StoreFault`.
    public func nextNoticeMessage(of channel: String) async throws(StoreFault) -> Timestamp? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Timestamp? in
            try db.run(
                """
                select min(available_at) from ops.notice_messages
                where channel = $1 and state in ('collecting', 'waiting')
                """, [.text(channel)]
            ).first?.optionalTime(0)
        }
    }

    /// Takes the first message of a channel that is due, unless the channel has had its fill.
    ///
    /// What is taken is nobody else's until the time is over. A channel that has had its fill goes on collecting: what
    /// comes meanwhile goes with what waits.
    ///
    /// - Parameters:
    ///   - channel: whose.
    ///   - rate: how much the channel may have; attempts count.
    ///   - holder: names this process.
    ///   - lasting: how long it is ours.
    /// - Returns: nil when nothing is due.
    /// - Throws: `StoreFault`.
    public func claimNoticeMessage(
        of channel: String, rate: NoticeRate?, holder: String, lasting: Duration
    ) async throws(StoreFault) -> NoticeClaim? {
        let now = time.now
        let isShared = engine.dialect == .postgres
        let lock = isShared ? " for update skip locked" : ""
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> NoticeClaim? in
            // One process counts and takes at a time: two that count together would both take the last one.
            if isShared { try db.run("select pg_advisory_xact_lock(72368371, hashtext($1))", [.text(channel)]) }
            if let rate {
                // A clock that was ahead silences nothing for longer; that of another service may be a little.
                let sent = try db.run(
                    """
                    select count(*) from ops.notice_messages
                    where channel = $1 and attempted_at > $2 and attempted_at <= $3
                    """, [.text(channel), .time(now - rate.span), .time(now + min(rate.span, .minutes(1)))])
                if try sent.first?.int(0) ?? 0 >= Int64(rate.limit) { return nil }
            }
            guard
                let row = try db.run(
                    """
                    select \(Self.messageColumns), unsure_since from ops.notice_messages
                    where channel = $1 and state in ('collecting', 'waiting') and available_at <= $2
                    order by available_at, id limit 1\(lock)
                    """, [.text(channel), .time(now)]
                ).first
            else { return nil }
            let before = try Self.message(row, count: 0)
            // From here on it may have arrived, unless the outcome says otherwise.
            try db.run(
                """
                update ops.notice_messages set state = 'waiting', attempts = attempts + 1, attempted_at = $2,
                  claimed_by = $3, available_at = $4, unsure_since = coalesce(unsure_since, $2) where id = $1
                """, [.text(before.id), .time(now), .text(holder), .time(now + lasting)])
            let notices = try Self.notices(of: before.id, in: db)
            let message = NoticeMessage(
                id: before.id, channel: before.channel, group: before.group, state: .waiting,
                createdAt: before.createdAt, availableAt: now + lasting, attempts: before.attempts + 1,
                finishedAt: nil, receipt: nil, errorCode: before.errorCode, reason: before.reason,
                count: notices.count)
            return NoticeClaim(
                message: message, notices: notices, unsureSince: try row.optionalTime(12), holder: holder)
        }
    }

    /// Writes down how sending ended.
    ///
    /// - Returns: false where the claim was lost to somebody else, who writes then.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func settle(_ claim: NoticeClaim, _ outcome: NoticeOutcome) async throws(StoreFault) -> Bool {
        let now = time.now
        var (state, attempts) = (NoticeMessage.State.waiting, claim.message.attempts)
        var (next, unsure, finished): (Timestamp?, Timestamp?, Timestamp?) = (nil, nil, nil)
        var (receipt, code, reason): (String?, String?, String?) = (nil, nil, nil)
        switch outcome {
        case .sent(let name): (state, receipt, finished) = (.sent, name, now)
        case .failed(let fault, let why, let retryAt, let mayHaveArrived):
            (code, reason, next) = (fault, why, retryAt)
            if mayHaveArrived { unsure = now }
        case .unseen(let fault, let why, let retryAt):
            (code, reason, next, unsure) = (fault, why, retryAt, claim.unsureSince)
        case .waiting(let why, let until):
            (reason, next, attempts, unsure) = (why, until, attempts - 1, claim.unsureSince)
        case .dead(let fault, let why, let mayHaveArrived):
            (state, code, reason, finished) = (.dead, fault, why, now)
            if mayHaveArrived { unsure = now }
        }
        let binds: [SQLValue] = [
            .text(claim.message.id), .text(claim.holder), .int(Int64(claim.message.attempts)), .text(state.rawValue),
            .int(Int64(attempts)), .time(next ?? now), .time(unsure), .time(finished), .optional(receipt),
            .optional(code), .optional(reason),
        ]
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            // Who claimed it later has another count of attempts, or another name.
            !(try db.run(
                """
                update ops.notice_messages set state = $4, attempts = $5, available_at = $6, unsure_since = $7,
                  finished_at = $8, receipt = $9, error_code = $10, reason = $11, claimed_by = null
                where id = $1 and claimed_by = $2 and attempts = $3 and state = 'waiting' returning id
                """, binds)).isEmpty
        }
    }

    // MARK: Reading

    static let messageColumns = """
        id, channel, group_key, state, created_at, available_at, attempts, finished_at, receipt, error_code, reason,
        claimed_by
        """

    static func message(_ row: SQLRow, count: Int) throws(StoreFault) -> NoticeMessage {
        let (id, state) = (try row.text(0), try row.text(3))
        guard let state = NoticeMessage.State(rawValue: state) else {
            throw .unreadable("the message \(id) has the state \(state)")
        }
        return NoticeMessage(
            id: id, channel: try row.text(1), group: try row.text(2), state: state, createdAt: try row.time(4),
            availableAt: try row.time(5), attempts: Int(clamping: try row.int(6)), finishedAt: try row.optionalTime(7),
            receipt: row.optionalText(8), errorCode: row.optionalText(9), reason: row.optionalText(10), count: count)
    }

    static func notices(of message: String, in db: any SQLConnection) throws(StoreFault) -> [Notice] {
        var notices: [Notice] = []
        for row in try db.run(
            """
            select \(Self.noticeColumns) from ops.reconcile_notices
            where id in (select notice_id from ops.notice_deliveries where message_id = $1) order by id
            """, [.text(message)])
        {
            if let notice = try notice(row) { notices.append(notice) }
        }
        return notices
    }
}
