import Basics
public import DesiredState
import Diff
import Formats

extension Store {
    private static let stepColumns = """
        run_id, step_id, resource_key, action, operation, title, environment, state, input, output, intended_at,
        finished_at
        """

    /// Commits what is about to be done, before it is done.
    ///
    /// - Parameters:
    ///   - entry: the step.
    ///   - isOurs: where services share the work: whether what belongs to an environment is this one's. Then nothing is
    ///     begun of a resource that belongs to another service, or of which a step of another run is open.
    ///   - successors: what comes into the place that the step empties, in whatever pass.
    /// - Returns: false where another service is at it; nothing was written.
    /// - Throws: `StoreFault`; also when the step was done already.
    @discardableResult
    public func intend(
        _ entry: JournalEntry, isOurs: (@Sendable (String?) -> Bool)? = nil, makingWayFor successors: [ResourceKey] = []
    ) async throws(StoreFault) -> Bool {
        try Self.check(runID: entry.runID)
        let isShared = engine.dialect == .postgres
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Bool in
            if let isOurs {
                let key = SQLValue.text(entry.key.description)
                // Two that look at once would both find nothing.
                if isShared { try db.run("select pg_advisory_xact_lock(72368373, hashtext($1))", [key]) }
                let elsewhere = try db.run(
                    """
                    select 1 from ops.reconcile_steps
                    where resource_key = $1 and run_id <> $2 and state in ('intended', 'unknown') limit 1
                    """, [key, .text(entry.runID)])
                guard elsewhere.isEmpty else { return false }
                let owner = try db.run(
                    "select environment from ops.reconcile_inventory where resource_key = $1", [key]
                ).first
                if let owner, !isOurs(owner.optionalText(0)) { return false }
            }
            let written = try db.run(
                """
                insert into ops.reconcile_steps (\(Self.stepColumns))
                values ($1, $2, $3, $4, $5, $6, $7, 'intended', $8, $9, $10, $11)
                on conflict (run_id, step_id) do update
                set state = 'intended', input = excluded.input, output = excluded.output,
                  intended_at = excluded.intended_at, finished_at = null
                where reconcile_steps.state <> 'done'
                returning step_id
                """,
                [
                    .text(entry.runID), .text(entry.stepID), .text(entry.key.description), .text(entry.action.rawValue),
                    .text(entry.operation), .text(entry.title), .optional(entry.environment), .json(entry.input),
                    .json(entry.output), .time(entry.intendedAt), .null,
                ])
            guard !written.isEmpty else { throw .journalOutOfStep(entry.stepID, "it was done already") }
            if let environment = entry.environment { try Self.note([environment], ofRun: entry.runID, in: db) }
            try Self.remember(successors, of: entry, in: db)
            return true
        }
    }

    /// Commits what a step came to, and what follows for the inventory, in one transaction.
    ///
    /// - Throws: `StoreFault`; also when the step was never intended or has another end already.
    public func settle(_ entry: JournalEntry, inventory change: InventoryChange? = nil) async throws(StoreFault) {
        try Self.check(runID: entry.runID)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            let written = try db.run(
                """
                update ops.reconcile_steps set state = $3, output = $4, finished_at = $5
                where run_id = $1 and step_id = $2 and (state in ('intended', 'unknown') or state = $3)
                returning step_id
                """,
                [
                    .text(entry.runID), .text(entry.stepID), .text(entry.state.rawValue), .json(entry.output),
                    .time(entry.finishedAt ?? time.now),
                ])
            guard !written.isEmpty else {
                throw .journalOutOfStep(entry.stepID, "it was never intended, or it has another end already")
            }
            if let change { try apply(change, in: db) }
        }
    }

    /// The steps of which nobody knows whether they happened, oldest first.
    ///
    /// - Throws: `StoreFault`.
    public func openEntries() async throws(StoreFault) -> [JournalEntry] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [JournalEntry] in
            try Self.entries(
                db.run(
                    """
                    select \(Self.stepColumns) from ops.reconcile_steps where state in ('intended', 'unknown')
                    order by intended_at, run_id, step_id
                    """))
        }
    }

    /// The steps of one run in the order in which they began.
    ///
    /// - Throws: `StoreFault`.
    public func journal(ofRun runID: String) async throws(StoreFault) -> [JournalEntry] {
        try Self.check(runID: runID)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [JournalEntry] in
            try Self.steps(ofRun: runID, in: db)
        }
    }

    static func steps(ofRun runID: String, in db: any SQLConnection) throws(StoreFault) -> [JournalEntry] {
        try entries(
            db.run(
                """
                select \(stepColumns) from ops.reconcile_steps where run_id = $1
                order by intended_at, step_id
                """, [.text(runID)]))
    }

    /// The step of a resource that began last, in whatever run.
    ///
    /// - Parameters:
    ///   - key: the resource.
    ///   - isDone: whether only steps count that are known to have had their effect.
    /// - Returns: nil where none ever did.
    /// - Throws: `StoreFault`.
    public func lastStep(of key: ResourceKey, isDone: Bool = false) async throws(StoreFault) -> JournalEntry? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> JournalEntry? in
            try Self.entries(
                db.run(
                    """
                    select \(Self.stepColumns) from ops.reconcile_steps
                    where resource_key = $1\(isDone ? " and state = 'done'" : "")
                    order by intended_at desc, run_id desc, step_id desc limit 1
                    """, [.text(key.description)])
            ).first
        }
    }

    private static func entries(_ rows: [SQLRow]) throws(StoreFault) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        for row in rows {
            guard let key = ResourceKey(try row.text(2)), let action = ChangeAction(rawValue: try row.text(3)),
                let state = JournalEntry.State(rawValue: try row.text(7))
            else {
                throw .unreadable(
                    "step \(try row.text(1)) of run \(try row.text(0)) names no known key, action or state")
            }
            entries.append(
                JournalEntry(
                    runID: try row.text(0), stepID: try row.text(1), key: key, action: action,
                    operation: try row.text(4), title: try row.text(5), environment: row.optionalText(6), state: state,
                    input: try row.json(8), output: try row.json(9), intendedAt: try row.time(10),
                    finishedAt: try row.optionalTime(11)))
        }
        return entries
    }
}
