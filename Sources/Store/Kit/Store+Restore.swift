public import Basics
internal import Formats

extension Store {
    /// How long environments that would have ended soon are kept after a restore.
    public static let restoreGrace = Duration.days(3)

    /// What a store that comes from a backup can't know, made safe.
    public struct Restoration: Sendable, Hashable {
        /// Environments that are pinned for ``restoreGrace``: an extension made since the backup may be missing.
        public var pinned: [String] = []
        /// Approvals taken back: they may have been used since, and would be used again.
        public var approvals = 0
        /// Marks of what goes removed: it may have been wanted again meanwhile, and its grace begins anew.
        public var marks = 0
        /// Steps that were open in the backup: the next pass looks what became of them.
        public var openSteps = 0
        /// The latest thing that the backup knows of.
        public var latest: Timestamp?

        init() {}
    }

    /// Takes away from a store that was restored what may be out of date in a way that could delete or repeat.
    ///
    /// What is there is looked at by the next pass anyway; this is about what can't be seen from outside: approvals,
    /// marks, the ends of environments, leases that processes of before still believe to hold.
    ///
    /// - Parameter actor: who restored it, for the audit log.
    /// - Returns: what was taken away.
    /// - Throws: `StoreFault`.
    public func settleRestored(by actor: String) async throws(StoreFault) -> Restoration {
        let now = time.now
        let id = identifiers.next(at: now)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Restoration in
            var restoration = Restoration()
            restoration.latest = try db.run("select max(started_at) from ops.runs").first?.optionalTime(0)
            let until = now + Self.restoreGrace
            let ending = try db.run(
                """
                update ops.environments
                set is_pinned = true, pinned_until = $1, pinned_by = $2,
                  pin_reason = 'restored from a backup: an extension may be missing'
                where expires_at < $1 and not is_pinned and status <> 'gone' returning slug
                """, [.time(until), .text(actor)])
            for row in ending { restoration.pinned.append(try row.text(0)) }
            restoration.pinned.sort()
            restoration.approvals = try db.run(
                """
                update ops.reconcile_approvals set revoked_at = $1, revoked_by = $2
                where revoked_at is null and used_at is null and expires_at > $1 returning id
                """, [.time(now), .text(actor)]
            ).count
            restoration.marks = try db.run("delete from ops.prune_marks where true returning resource_key").count
            // A holder of before has a token that this store may give out again: it must never fit any more.
            try db.run("update ops.leases set holder = '', expires_at = $1, token = token + 1000000", [.time(now)])
            restoration.openSteps = try Int(
                clamping: db.run("select count(*) from ops.reconcile_steps where state in ('intended', 'unknown')")
                    .first?.int(0) ?? 0)
            try Self.write(
                AuditRecord(
                    at: now, action: "store.restored", target: "store", actor: actor,
                    detail: [
                        "approvals": .int(Int64(restoration.approvals)), "marks": .int(Int64(restoration.marks)),
                        "pinned": .strings(restoration.pinned),
                        "latest": restoration.latest.map { .string($0.description) } ?? .null,
                    ]), id: id, in: db)
            return restoration
        }
    }
}
