import Basics

/// Who runs what waits.
extension Store {
    /// Those that run, whoever runs them; of one whose holder is gone the time is over.
    static let runningSlots = """
        select schedule_id, lane from ops.schedule_slots
        where finished_at is null and state = 'running' and available_at > $1
        """

    /// Of each schedule what comes next, those that have waited longest first; what was begun before what was not.
    ///
    /// One of each: a schedule with many times that wait would hide all others. Times that were written down together are taken
    /// in their order. What it is parted by stands in no index as it is written here: SQLite would walk the one of all times
    /// that ever were, to have them parted already.
    static let dueSlots = """
        select id, schedule_id from (
          select id, schedule_id, slot, available_at,
            row_number() over (partition by schedule_id || '' order by \(slotOrder)) as place
          from ops.schedule_slots where finished_at is null and available_at <= $1
        ) due where place = 1 order by available_at, slot, id
        """

    private static let slotOrder = "case when state = 'running' then 0 else 1 end, available_at, slot, id"

    /// Takes a slot that is due, unless the lane has its fill of running ones.
    ///
    /// No schedule runs beside itself, in whichever lane it began. A slot whose holder is gone is taken as it was left, in the same
    /// attempt; one that was written down for another lane is taken along.
    ///
    /// - Parameters:
    ///   - bounds: the schedules of the lane, as it is now, that this process can run.
    ///   - lane: whose.
    ///   - workers: how many of the lane may run at once, whoever runs them.
    ///   - holder: names this process.
    ///   - served: when each was served last here, as a number that grows: who was longest ago comes first, so that one with
    ///     many times that wait doesn't keep a lane to itself.
    /// - Returns: nil when nothing is due or the lane is full.
    /// - Throws: `StoreFault`.
    public func claimSlot(
        of bounds: [String: ScheduleBounds], lane: String, workers: Int, holder: String, served: [String: Int] = [:]
    ) async throws(StoreFault) -> ScheduleClaim? {
        let now = time.now
        let isShared = engine.dialect == .postgres
        @Sendable func waiting(_ db: any SQLConnection) throws(StoreFault) -> [(id: String, schedule: String)] {
            var busy: Set<String> = []
            var running = 0
            for row in try db.run(Self.runningSlots, [.time(now)]) {
                busy.insert(try row.text(0))
                if try row.text(1) == lane { running += 1 }
            }
            guard running < workers else { return [] }
            var waiting: [(id: String, schedule: String)] = []
            for row in try db.run(Self.dueSlots, [.time(now)]) {
                let schedule = try row.text(1)
                if bounds[schedule] != nil, !busy.contains(schedule) { waiting.append((try row.text(0), schedule)) }
            }
            return waiting
        }
        // Most looks find nothing: they cost no write.
        let isAny = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            !(try waiting(db)).isEmpty
        }
        guard isAny else { return nil }
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> ScheduleClaim? in
            // Two that count together would both take the last place; in two lanes, the same schedule.
            if isShared { try db.run("select pg_advisory_xact_lock(72368372, 0)") }
            // A sort that keeps the order of those that are equal.
            let all = try waiting(db).enumerated().sorted {
                let (one, other) = (served[$0.element.schedule] ?? 0, served[$1.element.schedule] ?? 0)
                return one == other ? $0.offset < $1.offset : one < other
            }
            for (_, head) in all {
                guard let bounds = bounds[head.schedule],
                    let before = try Self.next(of: head, bounds, now, isShared: isShared, in: db)
                else { continue }
                let taken = try db.run(
                    """
                    update ops.schedule_slots set state = 'running', lane = $6, attempts = $5, claimed_by = $2,
                      available_at = $3, started_at = coalesce(started_at, $4) where id = $1
                    returning \(Self.slotColumns)
                    """,
                    [
                        .text(before.id), .text(holder), .time(now + bounds.timeLimit + .minutes(2)), .time(now),
                        .int(Int64(before.attempts + (before.state == .running ? 0 : 1))), .text(lane),
                    ])
                guard let row = taken.first else { continue }
                return ScheduleClaim(
                    slot: try Self.slot(row), holder: holder, wasAbandoned: before.state == .running)
            }
            return nil
        }
    }

    /// What of a schedule is taken; what has waited too long is left out before.
    ///
    /// Nil where nothing is left, or its end is being written down just now.
    private static func next(
        of head: (id: String, schedule: String), _ bounds: ScheduleBounds, _ now: Timestamp, isShared: Bool,
        in db: any SQLConnection
    ) throws(StoreFault) -> ScheduleSlot? {
        let lock = isShared ? " for update skip locked" : ""
        let columns = "select \(slotColumns) from ops.schedule_slots"
        let isDue = "finished_at is null and available_at <= $2"
        guard
            let row = try db.run("\(columns) where id = $1 and \(isDue)\(lock)", [.text(head.id), .time(now)]).first
        else { return nil }
        let slot = try slot(row)
        guard slot.attempts == 0, slot.askedBy == nil, slot.slot < now - bounds.deadline else { return slot }
        try drop(
            head.schedule, because: "it waited for a worker longer than \(bounds.deadline.shortText)", now,
            "and attempts = 0 and slot < $4", [.time(now - bounds.deadline)], in: db)
        let rest = try db.run(
            "\(columns) where schedule_id = $1 and \(isDue) order by \(slotOrder) limit 1\(lock)",
            [.text(head.schedule), .time(now)])
        return try rest.first.map { (row) throws(StoreFault) in try Self.slot(row) }
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
}
