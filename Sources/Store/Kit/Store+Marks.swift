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
    /// A mark of the same object stays as it is: a second pass begins no new grace.
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
                    insert into ops.prune_marks (resource_key, provider_id, environment, marked_at, revision, run_id)
                    values ($1, $2, $3, $4, $5, $6)
                    on conflict (resource_key) do update
                    set provider_id = excluded.provider_id, environment = excluded.environment,
                      marked_at = excluded.marked_at, revision = excluded.revision, run_id = excluded.run_id
                    where prune_marks.provider_id <> excluded.provider_id
                    """,
                    [
                        .text(mark.key.description), .text(mark.providerID), .optional(mark.environment),
                        .time(mark.markedAt), .text(mark.revision), .text(runID),
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
            "select resource_key, provider_id, environment, marked_at, revision from ops.prune_marks")
        {
            guard let key = ResourceKey(try row.text(0)) else {
                throw .unreadable("\(try row.text(0)) in ops.prune_marks is no key")
            }
            marks.append(
                PruneMark(
                    key: key, providerID: try row.text(1), environment: row.optionalText(2),
                    markedAt: try row.time(3), revision: try row.text(4)))
        }
        return marks.sorted { $0.key < $1.key }
    }

    /// Those of the keys whose deletion failed and didn't happen since, sorted by key.
    ///
    /// - Throws: `StoreFault`.
    public func stuckDeletions(of keys: [ResourceKey]) async throws(StoreFault) -> [StuckDeletion] {
        try await deletions(of: keys).compactMap(\.stuck)
    }

    /// Those of the keys whose last step is a deletion that happened after others had failed, with those others.
    ///
    /// - Throws: `StoreFault`.
    public func lateDeletions(of keys: [ResourceKey]) async throws(StoreFault) -> [StuckDeletion] {
        try await deletions(of: keys).compactMap(\.late)
    }

    private func deletions(
        of keys: [ResourceKey]
    ) async throws(StoreFault) -> [(stuck: StuckDeletion?, late: StuckDeletion?)] {
        guard !keys.isEmpty else { return [] }
        return try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> [(StuckDeletion?, StuckDeletion?)] in
            var deletions: [(StuckDeletion?, StuckDeletion?)] = []
            for key in keys.sorted() {
                var (stuck, late): (StuckDeletion?, StuckDeletion?)
                for row in try db.run(
                    """
                    select intended_at, action, state, environment, output from ops.reconcile_steps
                    where resource_key = $1 order by intended_at, step_id
                    """, [.text(key.description)])
                {
                    let (isDeletion, state) = (try row.text(1) == "delete", try row.text(2))
                    // Whatever was done with the object ends what went before.
                    if state == "done" { (stuck, late) = (nil, isDeletion ? stuck : nil) }
                    guard isDeletion, state == "failed" || state == "unknown" else { continue }
                    let at = try row.time(0)
                    stuck = StuckDeletion(
                        key: key, environment: row.optionalText(3), since: stuck?.since ?? at, lastAt: at,
                        attempts: (stuck?.attempts ?? 0) + 1, fault: try row.json(4))
                    late = nil
                }
                deletions.append((stuck, late))
            }
            return deletions
        }
    }
}
