public import Basics
import DesiredState
import Diff
import Formats

/// What came of what a person decided of an environment's life.
public struct LifeChange: Sendable {
    /// The environment as it is afterwards.
    public let row: EnvironmentRow
    /// False where it was so already: nothing was written, audited or told then.
    public let isChanged: Bool

    public init(row: EnvironmentRow, isChanged: Bool) {
        self.row = row
        self.isChanged = isChanged
    }
}

/// What people decide of an environment's life, each with its audit record and its notice.
extension Store {
    /// Adds days to an environment's life; an end that is known moves with them.
    ///
    /// - Parameters:
    ///   - slug: the environment.
    ///   - days: how many.
    ///   - most: the most days that all its extensions may add up to; nil: no limit.
    ///   - audit: who and when.
    /// - Returns: it as it is afterwards, and whether that is new.
    /// - Throws: `StoreFault` when the store knows no such environment, and when the limit is passed.
    @discardableResult
    public func extendEnvironment(
        _ slug: String, days: Int, most: Int? = nil, audit: AuditRecord
    ) async throws(StoreFault) -> LifeChange {
        guard (-36_500...36_500).contains(days), days != 0 else {
            throw .invalid(
                "an environment can't be extended by \(days.of("day"))", hint: "give between 1 and 36500 days")
        }
        return try await change(
            slug, "extension_days = extension_days + cast($2 as integer)", [.int(Int64(days))], audit: audit,
            notice: .environmentExtended, adding: days,
            isAlready: { _, _ in false }
        ) { (row: EnvironmentRow) throws(StoreFault) -> Void in
            // Inside the transaction, so that two people together can't pass it.
            guard let most, row.extensionDays > most else { return }
            throw .invalid(
                "\(slug) can't be extended by \(days.of("more day")): the policy allows \(most) in all, and it has "
                    + "\(row.extensionDays - days)",
                hint: "pin it with a reason and an end, or raise extension_days.most in .odooops/policies.yaml")
        }
    }

    /// Keeps an environment from expiring, or no longer; one that is so already stays as it is.
    ///
    /// - Parameters:
    ///   - slug: the environment.
    ///   - isPinned: whether it is kept.
    ///   - reason: why, for whoever finds it.
    ///   - until: when that ends by itself; nil: not.
    ///   - audit: who and when.
    /// - Returns: it as it is afterwards, and whether that is new.
    /// - Throws: `StoreFault` when the store knows no such environment.
    @discardableResult
    public func setPinned(
        _ slug: String, _ isPinned: Bool, reason: String? = nil, until: Timestamp? = nil, audit: AuditRecord
    ) async throws(StoreFault) -> LifeChange {
        try await change(
            slug, "is_pinned = $2, pin_reason = $4, pinned_until = $5, pinned_by = $6",
            Self.terms(isPinned, reason, until, audit), audit: audit,
            notice: isPinned ? .environmentPinned : .environmentUnpinned
        ) { row, now in
            guard isPinned, row.isPinned(at: now) else { return isPinned == row.isPinned(at: now) }
            return (row.pinReason, row.pinnedUntil, row.pinnedBy) == (reason, until, audit.actor)
        }
    }

    /// Keeps the reconciler from changing an environment, or no longer; one that is so already stays as it is.
    ///
    /// - Parameters:
    ///   - slug: the environment.
    ///   - isSuspended: whether it is left alone.
    ///   - reason: why, for whoever finds it.
    ///   - until: when that ends by itself; nil: not.
    ///   - audit: who and when.
    /// - Returns: it as it is afterwards, and whether that is new.
    /// - Throws: `StoreFault` when the store knows no such environment.
    @discardableResult
    public func setSuspended(
        _ slug: String, _ isSuspended: Bool, reason: String? = nil, until: Timestamp? = nil, audit: AuditRecord
    ) async throws(StoreFault) -> LifeChange {
        try await change(
            slug, "is_suspended = $2, suspend_reason = $4, suspended_until = $5, suspended_by = $6",
            Self.terms(isSuspended, reason, until, audit), audit: audit,
            notice: isSuspended ? .environmentSuspended : .environmentResumed
        ) { row, now in
            guard isSuspended, row.isSuspended(at: now) else { return isSuspended == row.isSuspended(at: now) }
            return (row.suspendReason, row.suspendedUntil, row.suspendedBy) == (reason, until, audit.actor)
        }
    }

    private static func terms(
        _ flag: Bool, _ reason: String?, _ until: Timestamp?, _ audit: AuditRecord
    ) -> [SQLValue] {
        [.bool(flag)] + (flag ? [.optional(reason), .time(until), .text(audit.actor)] : [.null, .null, .null])
    }

    // Of the values the first stands for `$2` in the assignment, the others for `$4` and on.
    private func change(
        _ slug: String, _ assignment: String, _ values: [SQLValue], audit: AuditRecord, notice kind: Notice.Kind,
        adding days: Int = 0, isAlready: @escaping @Sendable (EnvironmentRow, Timestamp) -> Bool,
        check: @escaping @Sendable (EnvironmentRow) throws(StoreFault) -> Void = { _ throws(StoreFault) in }
    ) async throws(StoreFault) -> LifeChange {
        let id = identifiers.next(at: audit.at)
        let notice = Notice(
            kind, of: slug, environment: slug, at: audit.at,
            payload: ["actor": .string(audit.actor), "detail": audit.detail], dedupe: id)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> LifeChange in
            // Holds the row, so that of two who do the same together the second finds it done.
            let held = try db.run(
                "update ops.environments set updated_at = updated_at where slug = $1 and tier is not null returning slug",
                [.text(slug)])
            guard !held.isEmpty, let found = try Self.environmentRows("and slug = $1", [.text(slug)], in: db).first
            else { throw .unknownEnvironment(slug, place: engine.place) }
            // People are told once for each transition, and the audit log names nobody who changed nothing.
            if isAlready(found, time.now) { return LifeChange(row: found, isChanged: false) }
            let changed = try db.run(
                """
                update ops.environments set \(assignment), updated_at = $3
                where slug = $1 and tier is not null returning slug
                """, [.text(slug), values[0], .time(time.now)] + values.dropFirst())
            guard !changed.isEmpty, let before = try Self.environmentRows("and slug = $1", [.text(slug)], in: db).first
            else { throw .unknownEnvironment(slug, place: engine.place) }
            try check(before)
            // Told at once wherever it is shown, and not only by the next pass.
            var row = before
            row.settle(at: time.now, adding: days)
            if row != before {
                try db.run(
                    "update ops.environments set expires_at = $2, status = $3, metadata = $4 where slug = $1",
                    [.text(slug), .time(row.expiresAt), .text(row.status.rawValue), .jsonb(row.metadata)])
            }
            try Self.write(audit, id: id, in: db)
            _ = try write([notice], in: db)
            // Read before it counts: a read that fails afterwards would look as if nothing had been done.
            guard let row = try Self.environmentRows("and slug = $1", [.text(slug)], in: db).first else {
                throw .unknownEnvironment(slug, place: engine.place)
            }
            return LifeChange(row: row, isChanged: true)
        }
    }
}
