public import Basics
public import DesiredState
public import Diff
public import Formats

/// A deletion that fails: what, since when, how often, and why it failed last.
public struct StuckDeletion: Sendable, Hashable {
    public let key: ResourceKey
    public let environment: String?
    public let since: Timestamp
    public let lastAt: Timestamp
    public let attempts: Int
    /// Code, message, place and hint of the last fault.
    public let fault: Value
}

extension Store {
    /// Marks what nothing wants, and takes marks away; each with its notice, all or nothing.
    ///
    /// A mark of the same object moves only on: who makes it anew has found that the grace of the one before doesn't count.
    /// Where it holds no hour yet, it gets one.
    ///
    /// - Throws: `StoreFault`.
    public func changeMarks(
        add marks: [PruneMark], remove keys: [ResourceKey], runID: String, notices: [Notice] = []
    ) async throws(StoreFault) {
        guard !marks.isEmpty || !keys.isEmpty else { return }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for key in keys {
                try db.run("delete from ops.prune_marks where resource_key = $1", [.text(key.description)])
            }
            for mark in marks {
                try db.run(
                    """
                    insert into ops.prune_marks (
                      resource_key, provider_id, environment, marked_at, goes_at, revision, run_id)
                    values ($1, $2, $3, $4, $5, $6, $7)
                    on conflict (resource_key) do update
                    set provider_id = excluded.provider_id, environment = excluded.environment,
                      marked_at = excluded.marked_at, goes_at = excluded.goes_at, revision = excluded.revision,
                      run_id = excluded.run_id
                    where prune_marks.provider_id <> excluded.provider_id or prune_marks.marked_at < excluded.marked_at
                      or (prune_marks.goes_at is null and excluded.goes_at is not null
                        and prune_marks.marked_at = excluded.marked_at)
                    """,
                    [
                        .text(mark.key.description), .text(mark.providerID), .optional(mark.environment),
                        .time(mark.markedAt), .time(mark.goesAt), .text(mark.revision),
                        .text(runID),
                    ])
            }
            _ = try write(notices, in: db)
        }
    }

    /// What is marked to go, sorted by key.
    ///
    /// - Throws: `StoreFault`.
    public func pruneMarks() async throws(StoreFault) -> [PruneMark] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [PruneMark] in
            try Self.pruneMarks(in: db)
        }
    }

    static func pruneMarks(in db: any SQLConnection) throws(StoreFault) -> [PruneMark] {
        var marks: [PruneMark] = []
        for row in try db.run(
            "select resource_key, provider_id, environment, marked_at, revision, goes_at from ops.prune_marks")
        {
            guard let key = ResourceKey(try row.text(0)) else {
                throw .unreadable("\(try row.text(0)) in ops.prune_marks is no key")
            }
            marks.append(
                PruneMark(
                    key: key, providerID: try row.text(1), environment: row.optionalText(2),
                    markedAt: try row.time(3), revision: try row.text(4),
                    goesAt: try row.optionalTime(5)))
        }
        return marks.sorted { $0.key < $1.key }
    }

    /// Those of the keys whose deletion failed and neither happened since nor was withdrawn, sorted by key.
    ///
    /// - Throws: `StoreFault`.
    public func stuckDeletions(of keys: [ResourceKey]) async throws(StoreFault) -> [StuckDeletion] {
        try await deletions(of: keys).compactMap(\.stuck)
    }

    /// Those of the keys that are gone since their last step, and of which people were told that their deletion is stuck.
    ///
    /// Whether that step deleted the object, or found that it was gone.
    ///
    /// - Throws: `StoreFault`.
    public func lateDeletions(of keys: [ResourceKey]) async throws(StoreFault) -> [StuckDeletion] {
        try await told(deletions(of: keys).compactMap(\.late))
    }

    /// Those of the keys of which people were told that their deletion is stuck, and nothing since, sorted by key; also where
    /// the object was changed since.
    ///
    /// - Parameter keys: what is wanted.
    /// - Returns: what failed, since when and how often.
    /// - Throws: `StoreFault`.
    public func withdrawnDeletions(of keys: [ResourceKey]) async throws(StoreFault) -> [StuckDeletion] {
        try await told(deletions(of: keys).compactMap { $0.stuck ?? $0.kept })
    }

    /// Those of the deletions of which people were told; an attempt whose fate came out later counts no more as failed.
    private func told(_ deletions: [StuckDeletion]) async throws(StoreFault) -> [StuckDeletion] {
        guard !deletions.isEmpty else { return [] }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [StuckDeletion] in
            var told: [StuckDeletion] = []
            for deletion in deletions
            where try Self.instant(of: .deletionStuck, deletion.key, since: deletion.since, in: db) != nil {
                told.append(deletion)
            }
            return told
        }
    }

    /// What came of the deletions of an object that failed: they stand, it went later, or something else was done with it.
    private struct FailedDeletions: Sendable {
        var stuck: StuckDeletion?
        var late: StuckDeletion?
        var kept: StuckDeletion?
    }

    private func deletions(of keys: [ResourceKey]) async throws(StoreFault) -> [FailedDeletions] {
        guard !keys.isEmpty else { return [] }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [FailedDeletions] in
            var deletions: [FailedDeletions] = []
            for key in keys.sorted() { deletions.append(try Self.deletions(of: key, in: db)) }
            return deletions
        }
    }

    private static func deletions(of key: ResourceKey, in db: any SQLConnection) throws(StoreFault) -> FailedDeletions {
        var found = FailedDeletions()
        // When what is stuck was wanted again: what fails after that is another matter.
        var withdrawnAt: Timestamp?
        for row in try db.run(
            """
            select intended_at, action, state, environment, output from ops.reconcile_steps
            where resource_key = $1 order by intended_at, step_id
            """, [.text(key.description)])
        {
            let (at, action, state) = (try row.time(0), try row.text(1), try row.text(2))
            if let end = withdrawnAt, end <= at { (found, withdrawnAt) = (FailedDeletions(), nil) }
            // Whatever was done with the object ends what went before.
            if state == "done" {
                let isGone = action == "delete" || action == "forget"
                found = FailedDeletions(
                    stuck: nil, late: isGone ? found.stuck : nil, kept: isGone ? nil : found.stuck ?? found.kept)
            }
            guard action == "delete", state == "failed" || state == "unknown" else { continue }
            let isNew = found.stuck == nil
            found = FailedDeletions(
                stuck: StuckDeletion(
                    key: key, environment: row.optionalText(3), since: found.stuck?.since ?? at, lastAt: at,
                    attempts: (found.stuck?.attempts ?? 0) + 1, fault: try row.json(4)))
            if isNew { withdrawnAt = try instant(of: .deletionWithdrawn, key, since: at, in: db) }
        }
        return withdrawnAt == nil ? found : FailedDeletions()
    }

    /// When people were told something of what has been stuck since an instant; nil where they weren't.
    private static func instant(
        of kind: Notice.Kind, _ key: ResourceKey, since: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> Timestamp? {
        let notice = Notice.dedupeKey(kind, of: key.description, since.description)
        return try db.run("select at from ops.reconcile_notices where dedupe_key = $1", [.text(notice)]).first?.time(0)
    }
}
