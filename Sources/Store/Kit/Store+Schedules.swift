public import Basics
import Formats

extension Store {
    // MARK: The clock

    /// How far the schedules have come, by id.
    ///
    /// - Throws: `StoreFault`.
    public func scheduleStates() async throws(StoreFault) -> [String: ScheduleState] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String: ScheduleState] in
            var states: [String: ScheduleState] = [:]
            for row in try db.run("select \(Self.stateColumns) from ops.schedule_states") {
                let state = try Self.scheduleState(row)
                states[state.id] = state
            }
            return states
        }
    }

    /// Begins with schedules that were never seen: what was due before now is nobody's business.
    ///
    /// - Throws: `StoreFault`.
    public func beginSchedules(_ ids: [String]) async throws(StoreFault) {
        guard !ids.isEmpty else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for id in ids {
                try db.run(
                    """
                    insert into ops.schedule_states (schedule_id, cursor_at, updated_at) values ($1, $2, $2)
                    on conflict (schedule_id) do nothing
                    """, [.text(id), .time(now)])
            }
        }
    }

    /// Moves a schedule on, with the times that became due, unless somebody else has moved it.
    ///
    /// - Parameters:
    ///   - state: as it was read.
    ///   - cursor: up to where everything is decided now.
    ///   - slots: the times that run or are skipped. One that is known already stays what it is; where it still waits
    ///     for its first attempt, its time has come now at the latest.
    ///   - reason: why times of the clock that still wait for their first attempt, and come before those that run by
    ///     `slots`, are left out now; nil: they stay.
    ///   - notices: what people should be told of it.
    /// - Returns: whether it was moved by this call.
    /// - Throws: `StoreFault`.
    public func advance(
        _ state: ScheduleState, to cursor: Timestamp, slots: [NewScheduleSlot], dropping reason: String? = nil,
        notices: [Notice] = []
    ) async throws(StoreFault) -> Bool {
        let now = time.now
        let salt = identifiers.next(at: now)
        // After a clock was set back a time comes once more, and others that wait are still to come.
        let last = slots.filter { $0.skipReason == nil }.map(\.slot).max()
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            let moved = try db.run(
                """
                update ops.schedule_states set cursor_at = $3, updated_at = $4
                where schedule_id = $1 and cursor_at = $2 returning schedule_id
                """, [.text(state.id), .time(state.cursor), .time(cursor), .time(now)])
            guard !moved.isEmpty else { return false }
            if let reason {
                let condition = "and attempts = 0" + (last == nil ? "" : " and slot < $4")
                try Self.drop(state.id, because: reason, now, condition, last.map { [.time($0)] } ?? [], in: db)
            }
            let kept = slots.isEmpty ? salt : try Self.slotSalt(salt, now, in: db)
            for slot in slots {
                let id = Self.slotID(of: state.id, at: slot.slot, kept)
                let isSkipped = slot.skipReason != nil
                try db.run(
                    """
                    insert into ops.schedule_slots (id, schedule_id, slot, lane, state, available_at, finished_at, reason)
                    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (schedule_id, slot) do nothing
                    """,
                    [
                        .text(id), .text(state.id), .time(slot.slot), .text(slot.lane),
                        .text(isSkipped ? "skipped" : "waiting"), .time(now), .time(isSkipped ? now : nil),
                        .optional(slot.skipReason),
                    ])
                if isSkipped { continue }
                // One that is known already may have been written down by a clock that was ahead.
                try db.run(
                    """
                    update ops.schedule_slots set available_at = $3
                    where schedule_id = $1 and slot = $2 and state = 'waiting' and attempts = 0 and asked_by is null
                      and available_at > $3
                    """, [.text(state.id), .time(slot.slot), .time(now)])
            }
            _ = try write(notices, in: db)
            return true
        }
    }

    /// By what a time of a schedule is known for ever, to whatever runs it too.
    ///
    /// It follows from both, so that a store that comes from a backup, and decides a time once more, finds the run that was begun
    /// for it. Other stores have others: they may look at the same schedules.
    static func slotID(of schedule: String, at slot: Timestamp, _ salt: String) -> String {
        var digits = Array(Digest(of: "\(salt)\n\(schedule)\n\(slot.microseconds)").hex.utf8.prefix(32))
        // A UUID of the eighth version (RFC 9562): its digits mean what its maker says.
        digits[12] = UInt8(ascii: "8")
        digits[16] = UInt8(ascii: "8")
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return parts.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    /// What tells the times of this store from those of others: what was written first.
    private static func slotSalt(
        _ salt: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> String {
        if let kept = try state("schedules.salt", in: db)?.stringValue { return kept }
        try db.run(
            "insert into ops.reconcile_state (key, value, updated_at) values ($1, $2, $3) on conflict (key) do nothing",
            [.text("schedules.salt"), .json(.string(salt)), .time(now)])
        return try state("schedules.salt", in: db)?.stringValue ?? salt
    }

    /// Leaves out what the clock wants of a schedule and nobody has begun; what a person asked for stays.
    static func drop(
        _ id: String, because reason: String, _ now: Timestamp, _ condition: String = "", _ binds: [SQLValue] = [],
        in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(
            """
            update ops.schedule_slots set state = 'skipped', finished_at = $2, reason = $3
            where schedule_id = $1 and state = 'waiting' and finished_at is null and asked_by is null \(condition)
            """, [.text(id), .time(now), .text(reason)] + binds)
    }

    /// Has a schedule run once now because a person asks, with its audit record.
    ///
    /// Who asks while one of this very instant waits, of a person or of the clock, asks for that one.
    ///
    /// - Parameters:
    ///   - id: the schedule's.
    ///   - lane: whose workers it waits for.
    ///   - audit: who asks, and when.
    /// - Returns: the id of what waits now.
    /// - Throws: `StoreFault`.
    public func requestSlot(of id: String, lane: String, audit: AuditRecord) async throws(StoreFault) -> String {
        let (slotID, auditID) = (identifiers.next(at: audit.at), identifiers.next(at: audit.at))
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> String in
            var found: String?
            // What has begun, or was left out, has its instant: the order has the next one that is free.
            var instant = audit.at
            while found == nil {
                let made = try db.run(
                    """
                    insert into ops.schedule_slots (id, schedule_id, slot, lane, asked_by, state, available_at)
                    values ($1, $2, $3, $4, $5, 'waiting', $6) on conflict (schedule_id, slot) do nothing returning id
                    """,
                    [
                        .text(slotID), .text(id), .time(instant), .text(lane), .text(audit.actor), .time(audit.at),
                    ])
                let there =
                    made.isEmpty
                    ? try db.run(
                        """
                        update ops.schedule_slots set asked_by = coalesce(asked_by, $3)
                        where schedule_id = $1 and slot = $2 and state = 'waiting' and attempts = 0 returning id
                        """, [.text(id), .time(instant), .text(audit.actor)]) : made
                found = try there.first.map { (row) throws(StoreFault) in try row.text(0) }
                instant = instant + .microseconds(1)
            }
            try Self.write(audit, id: auditID, in: db)
            return found ?? slotID
        }
    }

    /// Lets a schedule run by itself again, with its audit record.
    ///
    /// - Returns: false where it wasn't disabled.
    /// - Throws: `StoreFault`.
    public func enableSchedule(_ id: String, audit: AuditRecord) async throws(StoreFault) -> Bool {
        let auditID = identifiers.next(at: audit.at)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            let enabled = try db.run(
                """
                update ops.schedule_states set disabled_at = null, disabled_reason = null, timeouts = 0, updated_at = $2
                where schedule_id = $1 and disabled_at is not null returning schedule_id
                """, [.text(id), .time(audit.at)])
            if !enabled.isEmpty { try Self.write(audit, id: auditID, in: db) }
            return !enabled.isEmpty
        }
    }

    // MARK: Working

    /// Takes a slot that is due, unless the lane has its fill of running ones.
    ///
    /// No schedule runs beside itself. A slot whose holder is gone is taken as it was left, in the same attempt.
    ///
    /// - Parameters:
    ///   - bounds: the schedules that this process can run.
    ///   - lane: whose.
    ///   - workers: how many of the lane may run at once, whoever runs them.
    ///   - holder: names this process.
    /// - Returns: nil when nothing is due or the lane is full.
    /// - Throws: `StoreFault`.
    public func claimSlot(
        of bounds: [String: ScheduleBounds], lane: String, workers: Int, holder: String
    ) async throws(StoreFault) -> ScheduleClaim? {
        let now = time.now
        let isShared = engine.dialect == .postgres
        let due = """
            select \(Self.slotColumns) from ops.schedule_slots
            where lane = $1 and finished_at is null and available_at <= $2 order by available_at, id limit 100
            """
        let binds: [SQLValue] = [.text(lane), .time(now)]
        // Most looks find nothing: they cost no write.
        let isAny = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            !(try db.run(due, binds)).isEmpty
        }
        guard isAny else { return nil }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> ScheduleClaim? in
            // Two that count together would both take the last place.
            if isShared { try db.run("select pg_advisory_xact_lock(72368372, hashtext($1))", [.text(lane)]) }
            let running = try db.run(
                """
                select schedule_id from ops.schedule_slots
                where lane = $1 and state = 'running' and finished_at is null and available_at > $2
                """, binds)
            guard running.count < workers else { return nil }
            let busy = Set(running.compactMap { $0.optionalText(0) })
            // A slot of the lane whose end is being written down is not waited for.
            for row in try db.run(due + (isShared ? " for update skip locked" : ""), binds) {
                let before = try Self.slot(row)
                guard let bounds = bounds[before.scheduleID], !busy.contains(before.scheduleID) else { continue }
                if before.attempts == 0, before.askedBy == nil, before.slot < now - bounds.deadline {
                    let reason = "it waited for a worker longer than \(bounds.deadline.shortText)"
                    try db.run(
                        """
                        update ops.schedule_slots set state = 'skipped', finished_at = $2, reason = $3 where id = $1
                        """, [.text(before.id), .time(now), .text(reason)])
                    continue
                }
                let taken = try db.run(
                    """
                    update ops.schedule_slots set state = 'running', attempts = $5, claimed_by = $2,
                      available_at = $3, started_at = coalesce(started_at, $4) where id = $1
                    returning \(Self.slotColumns)
                    """,
                    [
                        .text(before.id), .text(holder), .time(now + bounds.timeLimit + .minutes(2)), .time(now),
                        .int(Int64(before.attempts + (before.state == .running ? 0 : 1))),
                    ])
                guard let row = taken.first else { continue }
                return ScheduleClaim(
                    slot: try Self.slot(row), holder: holder, wasAbandoned: before.state == .running)
            }
            return nil
        }
    }

    /// Leaves a run to whoever comes next, in the same attempt: this process is about to end.
    ///
    /// - Throws: `StoreFault`.
    public func release(_ claim: ScheduleClaim) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                update ops.schedule_slots set available_at = $4
                where id = $1 and claimed_by = $2 and available_at = $3 and state = 'running'
                """,
                [.text(claim.slot.id), .text(claim.holder), .time(claim.slot.availableAt), .time(now)])
        }
    }

    // MARK: Reading

    /// The last slots, newest first; of one schedule, or of all.
    ///
    /// - Throws: `StoreFault`.
    public func scheduleSlots(of id: String? = nil, limit: Int) async throws(StoreFault) -> [ScheduleSlot] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [ScheduleSlot] in
            var slots: [ScheduleSlot] = []
            let condition = id == nil ? "" : "where schedule_id = $2 "
            for row in try db.run(
                "select \(Self.slotColumns) from ops.schedule_slots \(condition)order by slot desc, id desc limit $1",
                [.int(Int64(max(0, limit)))] + (id.map { [.text($0)] } ?? []))
            {
                slots.append(try Self.slot(row))
            }
            return slots
        }
    }

    /// Forgets slots that ended before an instant; the schedules stand behind them, so that none runs again.
    ///
    /// - Returns: how many.
    /// - Throws: `StoreFault`.
    public func forgetSlots(before instant: Timestamp) async throws(StoreFault) -> Int {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            try db.run("delete from ops.schedule_slots where finished_at < $1 returning id", [.time(instant)]).count
        }
    }

    /// Closes what has waited since before an instant and nobody here can run: its schedule is gone, or blocked for long.
    ///
    /// So are runs whose process died, and that nobody has taken over.
    ///
    /// - Throws: `StoreFault`.
    public func dropWaiting(since instant: Timestamp) async throws(StoreFault) {
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                update ops.schedule_slots set state = 'skipped', finished_at = $2, reason = $3
                where state = 'waiting' and finished_at is null and available_at < $1
                """, [.time(instant), .time(now), .text("nobody could run it for so long")])
            try db.run(
                """
                update ops.schedule_slots set state = 'failed', finished_at = $2, reason = $3, error_code = 'JOB-0003',
                  claimed_by = null
                where state = 'running' and finished_at is null and available_at < $1
                """,
                [
                    .time(instant), .time(now),
                    .text("the service died while it ran, and nobody could take it over; its end is not known"),
                ])
        }
    }

    static let stateColumns =
        "schedule_id, cursor_at, timeouts, last_state, last_slot, disabled_at, disabled_reason"

    static func scheduleState(_ row: SQLRow) throws(StoreFault) -> ScheduleState {
        ScheduleState(
            id: try row.text(0), cursor: try row.time(1), timeouts: Int(clamping: try row.int(2)),
            lastState: row.optionalText(3).flatMap { ScheduleSlot.State(rawValue: $0) },
            lastSlot: try row.optionalTime(4), disabledAt: try row.optionalTime(5), disabledReason: row.optionalText(6))
    }

    private static let slotColumns = """
        id, schedule_id, slot, lane, asked_by, state, attempts, available_at, started_at, finished_at, receipt,
        error_code, reason
        """

    private static func slot(_ row: SQLRow) throws(StoreFault) -> ScheduleSlot {
        guard let state = ScheduleSlot.State(rawValue: try row.text(5)) else {
            throw .unreadable("the slot \(try row.text(0)) has the state \(try row.text(5))")
        }
        return ScheduleSlot(
            id: try row.text(0), scheduleID: try row.text(1), slot: try row.time(2), lane: try row.text(3),
            askedBy: row.optionalText(4), state: state, attempts: Int(clamping: try row.int(6)),
            availableAt: try row.time(7), startedAt: try row.optionalTime(8), finishedAt: try row.optionalTime(9),
            receipt: row.optionalText(10), errorCode: row.optionalText(11), reason: row.optionalText(12))
    }
}
