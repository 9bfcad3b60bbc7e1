public import Basics
import Formats

extension Store {
    /// Writes down how a run ended, with what follows for its schedule and what people are told: all of it or nothing.
    ///
    /// A run that is over is shown in `ops.maintenance_runs` too. Where that table refuses it, all else is written down all
    /// the same: a schedule whose run has no end would never run again.
    ///
    /// - Throws: `StoreFault`.
    @discardableResult
    public func settle(
        _ claim: ScheduleClaim, _ outcome: ScheduleOutcome, _ terms: ScheduleTerms
    ) async throws(StoreFault) -> ScheduleSettlement {
        do throws(StoreFault) {
            return ScheduleSettlement(isOurs: try await settle(claim, outcome, terms, isShown: true), refusal: nil)
        } catch {
            guard error.isRefusal else { throw error }
            return ScheduleSettlement(isOurs: try await settle(claim, outcome, terms, isShown: false), refusal: error)
        }
    }

    private func settle(
        _ claim: ScheduleClaim, _ outcome: ScheduleOutcome, _ terms: ScheduleTerms, isShown: Bool
    ) async throws(StoreFault) -> Bool {
        let now = time.now
        let (state, code, reason, receipt, wish): (ScheduleSlot.State, String?, String?, String?, Timestamp?) =
            switch outcome {
            case .succeeded(let receipt): (.succeeded, nil, nil, receipt, nil)
            case .failed(let code, let reason, let retryAt): (.failed, code, reason, nil, retryAt)
            case .timedOut(let code, let reason, let retryAt): (.timedOut, code, reason, nil, retryAt)
            }
        let slot = claim.slot
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            let row = try db.run(
                "select \(Self.stateColumns) from ops.schedule_states where schedule_id = $1", [.text(slot.scheduleID)]
            ).first
            let before = try row.map { (row) throws(StoreFault) in try Self.scheduleState(row) }
            // Each attempt counts that ran out of time, and nothing but a success begins anew.
            let earlier = before?.timeouts ?? 0
            let timeouts = state == .timedOut ? earlier + 1 : state == .succeeded ? 0 : earlier
            let isDisabled =
                before.map { $0.disabledAt == nil } == true && timeouts >= terms.disableAfter && state == .timedOut
            // What is disabled is not tried again by itself either.
            let retryAt = isDisabled || (before?.disabledAt != nil && slot.askedBy == nil) ? nil : wish
            let settled = try db.run(
                """
                update ops.schedule_slots set state = $4, error_code = $5, reason = $6, receipt = $7, available_at = $8,
                  finished_at = $9, claimed_by = null
                where id = $1 and claimed_by = $2 and attempts = $3 and available_at = $10 and state = 'running' returning id
                """,
                [
                    .text(slot.id), .text(claim.holder), .int(Int64(slot.attempts)),
                    .text(retryAt == nil ? state.rawValue : "waiting"), .optional(code), .optional(reason),
                    .optional(receipt), .time(retryAt ?? now), .time(retryAt == nil ? now : nil),
                    .time(slot.availableAt),
                ])
            guard !settled.isEmpty else { return false }
            guard let before else { return true }
            try db.run(
                """
                update ops.schedule_states set timeouts = $2, last_state = $3, last_slot = $4, updated_at = $5,
                  disabled_at = coalesce(disabled_at, $6), disabled_reason = coalesce(disabled_reason, $7)
                where schedule_id = $1
                """,
                [
                    .text(slot.scheduleID), .int(Int64(timeouts)),
                    // What is tried again has not ended.
                    .optional(retryAt == nil ? state.rawValue : before.lastState?.rawValue), .time(slot.slot),
                    .time(now),
                    .time(isDisabled ? now : nil),
                    .optional(isDisabled ? "\(timeouts) runs in a row ran out of time" : nil),
                ])
            if isDisabled { try Self.drop(slot.scheduleID, because: "the schedule was disabled", now, in: db) }
            var notices: [Notice] = []
            func tell(_ kind: Notice.Kind) {
                notices.append(
                    Notice(
                        kind, of: slot.scheduleID, environment: terms.environment, at: now,
                        payload: [
                            "name": .string(terms.name), "slot": .string(slot.slot.description),
                            "fault": .string([code, reason].compactMap { $0 }.joined(separator: ": ")),
                            "timeouts": .int(Int64(timeouts)),
                        ], dedupe: slot.slot.description))
            }
            let wasBad = before.lastState?.isBad == true
            if isDisabled {
                tell(.scheduleDisabled)
            } else if state.isBad, !wasBad, terms.alertsOnFailure, retryAt == nil {
                tell(.scheduleFailed)
            } else if state == .succeeded {
                let isTroubled = try Self.isTroubled(slot.scheduleID, terms.environment, in: db)
                if isTroubled || wasBad && terms.alertsOnFailure { tell(.scheduleRecovered) }
            }
            _ = try write(notices, in: db)
            if isShown, retryAt == nil { try Self.mirror(slot, state, reason, receipt, terms, now, in: db) }
            return true
        }
    }

    /// Tells that schedules can't run, of each once for each reason; and again after people were told that it had recovered.
    ///
    /// - Throws: `StoreFault`; what was told until then stays told.
    public func tellBlocked(_ blocked: [BlockedSchedule], at now: Timestamp) async throws(StoreFault) {
        // Of ten thousand at once, as after the first commit with backups that nobody makes, a part at a time: neither memory
        // nor other writers wait for all of them.
        for start in stride(from: 0, to: blocked.count, by: 200) {
            let part = blocked[start..<min(start + 200, blocked.count)]
            let notices = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [Notice] in
                var notices: [Notice] = []
                for one in part {
                    let recovery = try Self.lastTold([.scheduleRecovered], of: one.id, one.environment, in: db)?.id
                    notices.append(
                        Notice(
                            .scheduleBlocked, of: one.id, environment: one.environment, at: now,
                            payload: ["name": .string(one.name), "reason": .string(one.reason)],
                            dedupe: recovery.map { "\(one.reason), after \($0)" } ?? one.reason))
                }
                return notices
            }
            try await post(notices)
        }
    }

    /// Whether people were told of a schedule last that something is wrong with it: it may never have failed, as a backup that is
    /// missing because nobody could run it.
    private static func isTroubled(
        _ id: String, _ environment: String?, in db: any SQLConnection
    ) throws(StoreFault) -> Bool {
        let troubles = Notice.Kind.scheduleRecovered.ends
        let last = try lastTold(troubles + [.scheduleRecovered], of: id, environment, in: db)
        return troubles.contains { $0.rawValue == last?.kind }
    }

    /// What people were told last of a schedule, of some kinds.
    private static func lastTold(
        _ kinds: [Notice.Kind], of id: String, _ environment: String?, in db: any SQLConnection
    ) throws(StoreFault) -> (id: String, kind: String)? {
        let row = try db.run(
            """
            select id, kind from ops.reconcile_notices
            where \(environment == nil ? "environment is null" : "environment = $2") and subject = $1
              and kind in (\(kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")))
            order by at desc, id desc limit 1
            """, [.text(id)] + (environment.map { [.text($0)] } ?? [])
        ).first
        guard let row else { return nil }
        return (try row.text(0), try row.text(1))
    }

    /// Shows a run to those who read `ops.maintenance_runs`.
    private static func mirror(
        _ slot: ScheduleSlot, _ state: ScheduleSlot.State, _ reason: String?, _ receipt: String?,
        _ terms: ScheduleTerms, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        guard try mirrors("maintenance_runs", in: db) else { return }
        let evidence: Value = [
            "slot": .string(slot.slot.description), "attempts": .int(Int64(slot.attempts)),
            "receipt": receipt.map { .string($0) } ?? .null, "by": "reconcile",
        ]
        try db.run(
            """
            insert into ops.maintenance_runs (id, chore_id, chore_name, status, started_at, completed_at, evidence,
              error_message, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $6, $6) on conflict (id) do nothing
            """,
            [
                .text(slot.id), .text(slot.scheduleID), .text(terms.name),
                .text(state == .succeeded ? "completed" : "failed"), .time(slot.startedAt), .time(now),
                .jsonb(evidence), .optional(reason),
            ])
    }
}

/// What became of the times of a backup, as far as they are remembered.
public struct BackupPast: Sendable, Hashable {
    /// The last time whose run succeeded.
    public var lastSuccess: Timestamp?
    /// The first time that is remembered.
    public var first: Timestamp?
    /// The cron expression and zone by which it is due, and since when; nil where that was never noted.
    public var timing: String?
    public var timedSince: Timestamp?

    public init(
        lastSuccess: Timestamp? = nil, first: Timestamp? = nil, timing: String? = nil, timedSince: Timestamp? = nil
    ) {
        self.lastSuccess = lastSuccess
        self.first = first
        self.timing = timing
        self.timedSince = timedSince
    }
}

extension Store {
    /// What became of the times of the schedules whose id begins so, by id.
    ///
    /// - Throws: `StoreFault`.
    public func backupPasts(startingWith prefix: String) async throws(StoreFault) -> [String: BackupPast] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String: BackupPast] in
            var pasts: [String: BackupPast] = [:]
            // One question for all of them, each of which is answered from an index.
            for row in try db.run(
                """
                select s.schedule_id,
                  (select r.slot from ops.schedule_slots r
                    where r.schedule_id = s.schedule_id and r.state = 'succeeded' order by r.slot desc limit 1),
                  (select r.slot from ops.schedule_slots r
                    where r.schedule_id = s.schedule_id order by r.slot limit 1), s.timing, s.timed_since
                from ops.schedule_states s where substr(s.schedule_id, 1, \(prefix.unicodeScalars.count)) = $1
                """, [.text(prefix)])
            {
                pasts[try row.text(0)] = BackupPast(
                    lastSuccess: try row.optionalTime(1), first: try row.optionalTime(2), timing: row.optionalText(3),
                    timedSince: try row.optionalTime(4))
            }
            return pasts
        }
    }
}
