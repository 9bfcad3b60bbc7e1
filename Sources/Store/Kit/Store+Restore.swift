public import Basics
import DesiredState
import Formats

extension Store {
    /// How long environments that would have ended soon are kept after a restore.
    public static let restoreGrace = Duration.days(3)

    /// Further than any count of a token's or a lease's generation comes between a backup and its restore.
    private static let leap = 1_000_000

    /// What a store that comes from a backup can't know, made safe.
    public struct Restoration: Sendable, Hashable {
        /// Environments that are pinned for ``restoreGrace``: an extension made since the backup may be missing.
        public var pinned: [String] = []
        /// Environments that stay suspended for ``restoreGrace``: a longer suspension may be missing.
        public var suspended: [String] = []
        /// Approvals taken back: they may have been used since, and would be used again.
        public var approvals = 0
        /// Marks of what goes removed: it may have been wanted again meanwhile, and its grace begins anew.
        public var marks = 0
        /// Schedules that go on from now: which of their times were kept since the backup is not known.
        public var schedules = 0
        /// Scheduled runs that had no end in the backup, and are closed: they may have come to one since.
        public var scheduledRuns = 0
        /// Users who can come in as of the backup, although that may have been taken back since.
        public var users: [String] = []
        /// Keys that are good as of the backup, although they may have been taken back since.
        public var keys: [String] = []
        /// Steps that were open in the backup: the next pass looks what became of them.
        public var openSteps = 0
        /// The latest thing that the backup knows of.
        public var latest: Timestamp?

        init() {}

        fileprivate var detail: Value {
            [
                "approvals": .int(Int64(approvals)), "keys": .strings(keys), "latest": .text(latest?.description),
                "marks": .int(Int64(marks)), "pinned": .strings(pinned),
                "scheduled_runs": .int(Int64(scheduledRuns)), "schedules": .int(Int64(schedules)),
                "suspended": .strings(suspended), "users": .strings(users),
            ]
        }
    }

    /// Takes away from a store that was restored what may be out of date in a way that could delete, repeat or let in.
    ///
    /// What is there is looked at by the next pass anyway; this is about what can't be seen from outside: approvals,
    /// marks, the ends of environments, times of schedules, sessions and tokens, leases that processes of before still
    /// believe to hold. Who may come in is told, for nobody but people knows from whom that was taken since.
    ///
    /// - Parameter actor: who restored it, for the audit log.
    /// - Returns: what was taken away, and who can come in.
    /// - Throws: `StoreFault`.
    public func settleRestored(by actor: String) async throws(StoreFault) -> Restoration {
        let now = time.now
        let id = identifiers.next(at: now)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Restoration in
            var restoration = Restoration()
            restoration.latest = try db.run("select max(started_at) from ops.runs").first?.optionalTime(0)
            try Self.keepEnvironments(&restoration, actor, now, in: db)
            restoration.approvals = try db.run(
                """
                update ops.reconcile_approvals set revoked_at = $1, revoked_by = $2
                where revoked_at is null and used_at is null and expires_at > $1 returning id
                """, [.time(now), .text(actor)]
            ).count
            // A yes to what moves to another environment may have been taken back since, like the approval that it came from.
            if var lineage = try Self.state("lineage", in: db)?.objectValue, lineage["granted"] != nil {
                lineage["granted"] = nil
                try Self.setState("lineage", .object(lineage), at: now, in: db)
            }
            restoration.marks = try db.run("delete from ops.prune_marks where true returning resource_key").count
            // What came since would come once more into a closed window.
            try db.run("delete from ops.due_successors")
            try Self.keepSchedules(&restoration, now, in: db)
            try Self.endLogins(&restoration, now, in: db)
            // A holder of before has a token that this store may give out again: it must never fit any more.
            try db.run(
                "update ops.leases set holder = '', expires_at = $1, token = token + \(Self.leap)", [.time(now)])
            restoration.openSteps = try Int(
                clamping: db.run("select count(*) from ops.reconcile_steps where state in ('intended', 'unknown')")
                    .first?.int(0) ?? 0)
            try Self.write(
                AuditRecord(
                    at: now, action: "store.restored", target: "store", actor: actor, detail: restoration.detail),
                id: id, in: db)
            return restoration
        }
    }

    /// Pins what would end soon, and leaves alone what was: who said more since said it to another store.
    private static func keepEnvironments(
        _ restoration: inout Restoration, _ actor: String, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        let (until, latest) = (now + restoreGrace, restoration.latest)
        for var row in try environmentRows(in: db) where row.status != .gone {
            if row.graceEnds != nil {
                // Its marks go, and the grace begins anew.
                row.graceEnds = nil
                try db.run(
                    "update ops.environments set metadata = $2 where slug = $1",
                    [.text(row.slug), .jsonb(row.metadata)])
            }
            // One whose suspension ended before the backup was made was free then.
            let isSuspended = row.isSuspended && row.suspendedUntil.map { latest ?? $0 <= $0 } == true
            if isSuspended, let end = row.suspendedUntil, end < until {
                try db.run(
                    """
                    update ops.environments set suspended_until = $2, suspended_by = $3, updated_at = $4,
                      suspend_reason = 'restored from a backup: a longer suspension may be missing'
                    where slug = $1
                    """, [.text(row.slug), .time(until), .text(actor), .time(now)])
                restoration.suspended.append(row.slug)
            }
            // While it is left alone, or its document can't be read, nobody writes down when it would end.
            let isEndUnknown = row.expiresAt == nil && !row.neverEnds && (isSuspended || row.status == .unknown)
            // The time of what nothing wants counts no longer, and somebody may have said since that it stays.
            guard isEndUnknown || row.isUnwanted || row.expiresAt.map({ $0 < until }) == true else { continue }
            // A pin that has ended, or is about to, may have been made longer too.
            guard !row.isPinned || row.pinnedUntil.map({ $0 < until }) == true else { continue }
            try db.run(
                """
                update ops.environments set is_pinned = true, pinned_until = $2, pinned_by = $3, updated_at = $4,
                  pin_reason = 'restored from a backup: an extension may be missing'
                where slug = $1
                """, [.text(row.slug), .time(until), .text(actor), .time(now)])
            restoration.pinned.append(row.slug)
        }
    }

    /// Has schedules go on from now: what was due since the backup may have run, and would run twice.
    private static func keepSchedules(
        _ restoration: inout Restoration, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        restoration.schedules = try db.run(
            "update ops.schedule_states set cursor_at = $1, updated_at = $1 where cursor_at < $1 returning schedule_id",
            [.time(now)]
        ).count
        // What a person asked for too: it may have run since just the same.
        let waiting = try db.run(
            """
            update ops.schedule_slots set state = 'skipped', finished_at = $1, reason = $2
            where state = 'waiting' and finished_at is null returning id
            """, [.time(now), .text("the store was restored: whether it ran since the backup is not known")])
        let running = try db.run(
            """
            update ops.schedule_slots set state = 'failed', finished_at = $1, reason = $2, error_code = 'JOB-0003',
              claimed_by = null
            where state = 'running' and finished_at is null returning id
            """, [.time(now), .text("it ran when the backup was made that was restored; its end is not known")])
        restoration.scheduledRuns = waiting.count + running.count
    }

    /// Ends sessions and tokens, some of which had been ended since the backup, and says who can come in again.
    private static func endLogins(
        _ restoration: inout Restoration, _ now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run("update ops.access_sessions set ended_at = $1 where ended_at is null", [.time(now)])
        try db.run("update ops.access_users set token_generation = token_generation + \(leap)")
        for row in try db.run("select name from ops.access_users where disabled_at is null") {
            restoration.users.append(try row.text(0))
        }
        for row in try db.run(
            "select name from ops.access_keys where revoked_at is null and (expires_at is null or expires_at > $1)",
            [.time(now)])
        {
            restoration.keys.append(try row.text(0))
        }
        restoration.users.sort { $0.precedesByBytes($1) }
        restoration.keys.sort { $0.precedesByBytes($1) }
    }
}
