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

    /// How far some schedules have come, by id: of many of them all are read.
    ///
    /// - Throws: `StoreFault`.
    public func scheduleStates(of ids: [String]) async throws(StoreFault) -> [String: ScheduleState] {
        guard ids.count <= 200 else { return try await scheduleStates() }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String: ScheduleState] in
            var states: [String: ScheduleState] = [:]
            for id in ids {
                let rows = try db.run(
                    "select \(Self.stateColumns) from ops.schedule_states where schedule_id = $1", [.text(id)])
                for row in rows { states[id] = try Self.scheduleState(row) }
            }
            return states
        }
    }

    /// Begins with schedules that were never seen: what was due before now is nobody's business.
    ///
    /// - Parameters:
    ///   - ids: theirs.
    ///   - timings: the cron expression and zone of each, as far as that is known.
    /// - Throws: `StoreFault`.
    public func beginSchedules(_ ids: [String], timings: [String: String] = [:]) async throws(StoreFault) {
        guard !ids.isEmpty else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for id in ids {
                try db.run(
                    """
                    insert into ops.schedule_states (schedule_id, cursor_at, updated_at, timing, timed_since)
                    values ($1, $2, $2, $3, $4) on conflict (schedule_id) do nothing
                    """,
                    [.text(id), .time(now), .optional(timings[id]), .time(timings[id] == nil ? nil : now)])
            }
        }
    }

    /// Notes by which cron expression and zone schedules go on.
    ///
    /// By another one than before they begin now, as if they were new: of its times before nobody knew. Where none was noted yet
    /// they stay where they are.
    ///
    /// - Parameter timings: each is noted unless somebody else has noted another one since it was read.
    /// - Throws: `StoreFault`; those before may have been noted.
    public func retimeSchedules(_ timings: [ScheduleTiming]) async throws(StoreFault) {
        for start in stride(from: 0, to: timings.count, by: 200) {
            let some = timings[start..<min(start + 200, timings.count)]
            let now = time.now
            try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                for one in some {
                    guard let before = one.before else {
                        try db.run(
                            "update ops.schedule_states set timing = $2 where schedule_id = $1 and timing is null",
                            [.text(one.id), .text(one.timing)])
                        continue
                    }
                    // A cursor of a clock that was ahead is another matter.
                    try db.run(
                        """
                        update ops.schedule_states set timing = $2, timed_since = $4, updated_at = $4,
                          cursor_at = case when cursor_at < $4 then $4 else cursor_at end
                        where schedule_id = $1 and timing = $3
                        """, [.text(one.id), .text(one.timing), .text(before), .time(now)])
                }
            }
        }
    }

    /// Moves schedules on, with the times that became due, each unless somebody else has moved it.
    ///
    /// Very many may be due at one instant: they share transactions, so that each doesn't wait for the disk.
    ///
    /// - Returns: the ids of those that were moved by this call.
    /// - Throws: `StoreFault`; those before may have been moved.
    @discardableResult
    public func advance(_ moves: [ScheduleMove]) async throws(StoreFault) -> Set<String> {
        var moved: Set<String> = []
        var rest = moves[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(200))
            rest = rest.dropFirst(some.count)
            let now = time.now
            let salt = identifiers.next(at: now)
            moved.formUnion(
                try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [String] in
                    var moved: [String] = []
                    for move in some where try advance(move, salt, now, in: db) { moved.append(move.state.id) }
                    return moved
                })
        }
        return moved
    }

    private func advance(
        _ move: ScheduleMove, _ salt: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> Bool {
        let (state, slots) = (move.state, move.slots)
        let moved = try db.run(
            """
            update ops.schedule_states set cursor_at = $3, updated_at = $4
            where schedule_id = $1 and cursor_at = $2 returning schedule_id
            """, [.text(state.id), .time(state.cursor), .time(move.cursor), .time(now)])
        guard !moved.isEmpty else { return false }
        if let reason = move.dropReason {
            // After a clock was set back a time comes once more, and others that wait are still to come.
            let last = slots.filter { $0.skipReason == nil }.map(\.slot).max()
            let condition = "and attempts = 0" + (last == nil ? "" : " and slot < $4")
            let dropped = try Self.drop(
                state.id, because: reason, now, condition, last.map { [.time($0)] } ?? [], in: db)
            if let reason = move.dropReasonBesideRun, !dropped.isEmpty, try Self.isUnderWay(state.id, in: db) {
                for id in dropped {
                    try db.run("update ops.schedule_slots set reason = $2 where id = $1", [.text(id), .text(reason)])
                }
            }
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
        _ = try write(move.notices, in: db)
        return true
    }

    private static func isUnderWay(_ id: String, in db: any SQLConnection) throws(StoreFault) -> Bool {
        !(try db.run(
            """
            select 1 from ops.schedule_slots
            where schedule_id = $1 and state = 'running' and finished_at is null limit 1
            """, [.text(id)])).isEmpty
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
    ///
    /// - Returns: the ids of what was left out.
    @discardableResult
    static func drop(
        _ id: String, because reason: String, _ now: Timestamp, _ condition: String = "", _ binds: [SQLValue] = [],
        in db: any SQLConnection
    ) throws(StoreFault) -> [String] {
        try db.run(
            """
            update ops.schedule_slots set state = 'skipped', finished_at = $2, reason = $3
            where schedule_id = $1 and state = 'waiting' and finished_at is null and asked_by is null \(condition)
            returning id
            """, [.text(id), .time(now), .text(reason)] + binds
        ).map { (row) throws(StoreFault) in try row.text(0) }
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

    /// Forgets how far schedules have come that nothing wants since before an instant, and of which no time is left.
    ///
    /// Those that are wanted are noted as such, at most once a day: theirs may be due once a year.
    ///
    /// - Parameters:
    ///   - wanted: the ids of all that there are.
    ///   - instant: what was wanted, moved or ran later stays.
    /// - Returns: how many were forgotten.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func forgetSchedules(notIn wanted: Set<String>, before instant: Timestamp) async throws(StoreFault) -> Int {
        let now = time.now
        let silent = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [(String, Timestamp)] in
            try db.run(
                "select schedule_id, updated_at from ops.schedule_states where updated_at < $1", [.time(now - .days(1))]
            ).map { (row) throws(StoreFault) in (try row.text(0), try row.time(1)) }
        }
        let kept = silent.filter { wanted.contains($0.0) }.map(\.0)
        let over = silent.filter { !wanted.contains($0.0) && $0.1 < instant }.map(\.0)
        guard !kept.isEmpty || !over.isEmpty else { return 0 }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            for id in kept {
                try db.run(
                    "update ops.schedule_states set updated_at = $2 where schedule_id = $1 and updated_at < $2",
                    [.text(id), .time(now)])
            }
            var count = 0
            for id in over {
                count += try db.run(
                    """
                    delete from ops.schedule_states where schedule_id = $1 and updated_at < $2 and not exists
                      (select 1 from ops.schedule_slots s where s.schedule_id = $1)
                    returning schedule_id
                    """, [.text(id), .time(instant)]
                ).count
            }
            return count
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
        "schedule_id, cursor_at, timeouts, last_state, last_slot, disabled_at, disabled_reason, timing"

    static func scheduleState(_ row: SQLRow) throws(StoreFault) -> ScheduleState {
        ScheduleState(
            id: try row.text(0), cursor: try row.time(1), timeouts: Int(clamping: try row.int(2)),
            lastState: row.optionalText(3).flatMap { ScheduleSlot.State(rawValue: $0) },
            lastSlot: try row.optionalTime(4), disabledAt: try row.optionalTime(5), disabledReason: row.optionalText(6),
            timing: row.optionalText(7))
    }

    static let slotColumns = """
        id, schedule_id, slot, lane, asked_by, state, attempts, available_at, started_at, finished_at, receipt,
        error_code, reason
        """

    static func slot(_ row: SQLRow) throws(StoreFault) -> ScheduleSlot {
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
