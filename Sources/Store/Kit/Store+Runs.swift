public import Basics
import DesiredState
import Formats

extension Store {
    static let runColumns =
        "id, last_phase, input_json, metadata, started_at, completed_at, error_json, status"

    /// Writes a new run; one with the same id that is there already is left alone.
    ///
    /// - Throws: `StoreFault`.
    public func beginRun(_ run: RunRecord) async throws(StoreFault) {
        try Self.check(runID: run.id)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                insert into ops.runs (id, run_type, agent, status, source, idempotency_key, metadata, started_at,
                  completed_at, created_at, updated_at, error_json, input_json, last_phase)
                values ($1, 'reconcile', 'odooops-reconciler', $2, 'manual', $3, $4, $5, $6, $5, $7, $8, $9, $10)
                on conflict (id) do nothing
                """,
                [
                    .text(run.id), .text(Self.status(of: run.phase)), .text("reconcile:\(run.id)"),
                    .jsonb(run.metadata), .time(run.startedAt), .time(Self.end(of: run)), .time(time.now),
                    run.error.isNull ? .null : .jsonb(run.error), .jsonb(Self.input(of: run)),
                    .text(run.phase.rawValue),
                ])
        }
    }

    /// Writes how far a run is.
    ///
    /// - Throws: `StoreFault`; of kind `fenced` when another process has ended the run meanwhile.
    public func updateRun(_ run: RunRecord) async throws(StoreFault) {
        try Self.check(runID: run.id)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            let updated = try db.run(
                """
                update ops.runs set status = $2, metadata = $3, completed_at = $4, updated_at = $5, error_json = $6,
                  input_json = $7, last_phase = $8
                where id = $1 and (last_phase is null or last_phase not in ('succeeded', 'failed', 'canceled')
                  or last_phase = $8)
                returning id
                """,
                [
                    .text(run.id), .text(Self.status(of: run.phase)), .jsonb(run.metadata), .time(Self.end(of: run)),
                    .time(time.now), run.error.isNull ? .null : .jsonb(run.error), .jsonb(Self.input(of: run)),
                    .text(run.phase.rawValue),
                ])
            guard updated.isEmpty else { return }
            guard let row = try db.run("select last_phase from ops.runs where id = $1", [.text(run.id)]).first else {
                throw .invalid("run \(run.id) was never begun")
            }
            throw .runEnded(run.id, as: row.optionalText(0) ?? "unknown")
        }
    }

    /// Adds to a run's story; an event whose idempotency key the run has already is left out.
    ///
    /// - Throws: `StoreFault`.
    public func appendEvents(_ events: [RunEvent]) async throws(StoreFault) {
        guard !events.isEmpty else { return }
        for event in events { try Self.check(runID: event.runID) }
        let rows = events.map { event -> [SQLValue] in
            [
                .text(identifiers.next(at: event.at)), .text(event.runID), .text(event.type),
                .optional(event.idempotencyKey.map { "\(event.runID):\($0)" }), .jsonb(event.payload), .time(event.at),
                .time(time.now), .optional(event.payload["environment"]?.stringValue),
                .text(LogLine.Level(event).rawValue),
            ]
        }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for row in rows {
                try db.run(
                    """
                    insert into ops.run_events (id, run_id, event_type, idempotency_key, source, payload, timestamp,
                      ingested_at, environment, level)
                    values ($1, $2, $3, $4, 'manual', $5, $6, $7, $8, $9)
                    on conflict (idempotency_key) do nothing
                    """, row)
            }
        }
    }

    /// The latest runs, newest first.
    ///
    /// - Parameters:
    ///   - limit: how many at the most.
    ///   - before: the id of a run; only older ones are given.
    /// - Returns: the runs, the rest of a page when `before` is given.
    /// - Throws: `StoreFault`.
    public func runs(limit: Int, before: String? = nil) async throws(StoreFault) -> [RunRecord] {
        if let before { try Self.check(runID: before) }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [RunRecord] in
            try Self.latestRuns(limit, before: before, in: db)
        }
    }

    static func latestRuns(
        _ limit: Int, before: String? = nil, in db: any SQLConnection
    ) throws(StoreFault) -> [RunRecord] {
        let older = before == nil ? "" : "and (created_at, id) < (select created_at, id from ops.runs where id = $2)"
        return try records(
            db.run(
                """
                select \(runColumns) from ops.runs
                where run_type = 'reconcile' \(older)
                order by created_at desc, id desc limit $1
                """, [.int(Int64(max(0, limit)))] + (before.map { [.text($0)] } ?? [])))
    }

    /// The run with an id, with an id that begins so, or the `latest`.
    ///
    /// - Returns: nil when there is none.
    /// - Throws: `StoreFault` when more than one run begins so.
    public func run(matching idOrPrefix: String) async throws(StoreFault) -> RunRecord? {
        if idOrPrefix == "latest" { return try await runs(limit: 1).first }
        let prefix = idOrPrefix.lowercased()
        guard IdentifierSource.isPrefix(prefix) else { return nil }
        // A whole id is found by its index; what only begins one is looked for among all.
        if IdentifierSource.isUUID(prefix) { return try await run(withID: prefix) }
        let found = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [RunRecord] in
            try Self.records(
                db.run(
                    """
                    select \(Self.runColumns) from ops.runs
                    where run_type = 'reconcile' and cast(id as text) like $1 order by created_at desc, id desc limit 5
                    """, [.text(prefix + "%")]))
        }
        guard found.count < 2 else { throw .ambiguousRun(idOrPrefix, found.map(\.id)) }
        return found.first
    }

    /// A run's story in the order in which it happened.
    ///
    /// - Throws: `StoreFault`.
    public func events(ofRun runID: String) async throws(StoreFault) -> [RunEvent] {
        try Self.check(runID: runID)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [RunEvent] in
            var events: [RunEvent] = []
            for row in try db.run(
                """
                select event_type, payload, timestamp, idempotency_key from ops.run_events where run_id = $1
                order by timestamp, id
                """, [.text(runID)])
            {
                let key = row.optionalText(3).map { $0.hasPrefix("\(runID):") ? String($0.dropFirst(37)) : $0 }
                events.append(
                    RunEvent(
                        runID: runID, type: try row.text(0), payload: try row.jsonb(1), at: try row.time(2),
                        idempotencyKey: key))
            }
            return events
        }
    }

    /// The runs, but for one, that are under way and that no lease names.
    static let leftRuns = """
        select \(runColumns) from ops.runs
        where agent = 'odooops-reconciler' and \(isUnderWay) and id <> $1
          and not exists (select 1 from ops.leases where \(isShardLease)
            and leases.holder like '%/' || cast(runs.id as text))
        order by started_at, id
        """

    /// Which runs of a reconciler have not come to an end; the index of these is found by the same words.
    static let isUnderWay = "run_type = 'reconcile' and last_phase in ('pending', 'planning', 'applying')"

    /// Ends as failed what a process that is gone has left in the middle; runs that wait for an approval stay.
    ///
    /// A dry run takes no lease, so another process may be in the middle of one: it counts as left after an hour.
    ///
    /// Only a holder of the reconciler's leases may call it; a run that is named by one of them is under way.
    ///
    /// - Parameters:
    ///   - current: the id of the caller's own run.
    ///   - now: when they ended.
    /// - Returns: the runs as they are now.
    /// - Throws: `StoreFault`.
    public func abandonRuns(except current: String, at now: Timestamp) async throws(StoreFault) -> [RunRecord] {
        try Self.check(runID: current)
        let error = Value.object(
            [
                "code": "STORE-0040",
                "message": "its end was never written down: its process is gone, or could not write it",
                "hint": "the next run looks at its open steps first; `reconcile show` of this run lists them",
            ] as KeyValuePairs)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> [RunRecord] in
            var ended: [RunRecord] = []
            for var run in try Self.records(
                db.run(Self.leftRuns, [.text(current)]))
            where !run.isDryRun || now - run.startedAt > .hours(1) {
                run.phase = .failed
                run.error = error
                run.completedAt = now
                try db.run(
                    """
                    update ops.runs set status = 'failed', last_phase = 'failed', completed_at = $2, updated_at = $3,
                      error_json = $4
                    where id = $1
                    """, [.text(run.id), .time(Self.end(of: run)), .time(now), .jsonb(error)])
                ended.append(run)
            }
            return ended
        }
    }

    /// When a run ended, not more than 24 days after it began.
    ///
    /// The table that the console reads computes the milliseconds between both as a 32-bit integer: a run that is
    /// ended a month after its process died would make that statement fail.
    private static func end(of run: RunRecord) -> Timestamp? {
        run.completedAt.map { min($0, run.startedAt + .days(24)) }
    }

    /// Refuses what PostgreSQL would not give back as it was.
    static func check(runID: String) throws(StoreFault) {
        guard IdentifierSource.isUUID(runID) else {
            throw .invalid(
                "\(runID) is no run id", hint: "a run id is a UUID in lower case; `reconcile runs` lists them")
        }
    }

    /// The five words that the existing console knows.
    private static func status(of phase: RunPhase) -> String {
        switch phase {
        case .pending, .awaitingApproval: "pending"
        case .planning, .applying: "running"
        case .planned, .succeeded: "completed"
        case .failed: "failed"
        case .canceled: "cancelled"
        }
    }

    private static func phase(ofStatus status: String) -> RunPhase {
        switch status {
        case "pending": .pending
        case "running": .applying
        case "completed": .succeeded
        case "cancelled": .canceled
        default: .failed
        }
    }

    private static func input(of run: RunRecord) -> Value {
        .object(
            [
                "dry_run": .bool(run.isDryRun), "revision": run.revision.map { Value.string($0) } ?? Value.null,
                "trigger": .string(run.trigger.rawValue),
            ] as KeyValuePairs)
    }

    static func records(_ rows: [SQLRow]) throws(StoreFault) -> [RunRecord] {
        var records: [RunRecord] = []
        for row in rows {
            let input = try row.jsonb(2)
            let status = try row.text(7)
            let phase = row.optionalText(1).flatMap(RunPhase.init(rawValue:)) ?? phase(ofStatus: status)
            records.append(
                RunRecord(
                    id: try row.text(0),
                    trigger: input["trigger"]?.stringValue.flatMap(RunTrigger.init(rawValue:)) ?? .manual,
                    phase: phase, isDryRun: input["dry_run"]?.boolValue ?? false,
                    revision: input["revision"]?.stringValue,
                    startedAt: try row.optionalTime(4) ?? Timestamp(seconds: 0), completedAt: try row.optionalTime(5),
                    metadata: try row.jsonb(3), error: try row.jsonb(6)))
        }
        return records
    }
}
