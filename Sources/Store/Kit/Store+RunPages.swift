public import Basics
import Formats

/// Runs in parts: all of them, or those of some environments.
extension Store {
    /// Runs, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most.
    ///   - cursor: where the part before ended.
    ///   - phase: only in it.
    ///   - since: only those that began then or later.
    ///   - until: only those that began before.
    ///   - environments: only those that did or planned something for one of these; nil: all.
    /// - Returns: the runs.
    /// - Throws: `StoreFault`.
    public func runPage(
        limit: Int, after cursor: PageCursor? = nil, phase: RunPhase? = nil, since: Timestamp? = nil,
        until: Timestamp? = nil, environments: [String]? = nil
    ) async throws(StoreFault) -> Page<RunRecord> {
        let wanted = RunList(limit: max(0, limit) + 1, cursor: cursor, phase: phase, since: since, until: until)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Page<RunRecord> in
            let rows: [SQLRow]
            if let environments, wanted.isWalkedByEnvironment {
                let ids = try wanted.latest(of: environments, in: db)
                var conditions = Conditions()
                conditions.add("id", oneOf: ids)
                rows = try db.run(RunList.text(conditions, limit: wanted.limit), conditions.binds)
            } else {
                let conditions = wanted.conditions(of: environments)
                rows = try db.run(RunList.text(conditions, limit: wanted.limit), conditions.binds)
            }
            var found: [(cursor: PageCursor, row: RunRecord)] = []
            for (row, record) in zip(rows, try Self.records(rows)) {
                found.append((PageCursor(at: try row.time(8), id: record.id), record))
            }
            return Page(found, limit: limit)
        }
    }

    /// Whether a run did or planned something for one of these environments, as far as that is kept.
    ///
    /// - Throws: `StoreFault`.
    public func run(_ id: String, concerns environments: [String]) async throws(StoreFault) -> Bool {
        try Self.check(runID: id)
        var conditions = Conditions([.text(id)])
        conditions.add("environment", oneOf: environments)
        let (clause, binds) = (conditions.clause("and"), conditions.binds)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            try !db.run("select 1 from ops.run_environments where run_id = $1 \(clause) limit 1", binds).isEmpty
        }
    }

    /// Remembers for which environments a run has planned something, where it keeps no plan in the store.
    ///
    /// - Throws: `StoreFault`.
    public func noteEnvironments(_ environments: [String], ofRun runID: String) async throws(StoreFault) {
        try Self.check(runID: runID)
        guard !environments.isEmpty else { return }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.note(environments, ofRun: runID, in: db)
        }
    }

    /// Some at a time, for a statement takes only so many values.
    static func note(
        _ environments: [String], ofRun runID: String, in db: any SQLConnection
    ) throws(StoreFault) {
        let begun = try db.run(
            "select created_at from ops.runs where id = $1 and created_at is not null", [.text(runID)])
        guard !environments.isEmpty, let at = try begun.first?.time(0) else { return }
        var rest = environments[...]
        while !rest.isEmpty {
            let part = rest.prefix(500)
            rest = rest.dropFirst(500)
            let places = part.indices.map { "($1, $\($0 - part.startIndex + 3), $2)" }.joined(separator: ", ")
            try db.run(
                """
                insert into ops.run_environments (run_id, environment, began_at) values \(places)
                on conflict (run_id, environment) do nothing
                """, [.text(runID), .time(at)] + part.map { .text($0) })
        }
    }
}

/// Which runs a list shows.
struct RunList: Sendable {
    /// One more than is shown.
    let limit: Int
    let cursor: PageCursor?
    let phase: RunPhase?
    let since: Timestamp?
    let until: Timestamp?

    /// Whether the runs of environments are walked from the newest on: nearly every one of them is wanted.
    ///
    /// Of runs that did not succeed there are few, which the index by phases has.
    var isWalkedByEnvironment: Bool { phase == nil || phase == .succeeded }

    static func text(_ conditions: Conditions, limit: Int) -> String {
        """
        select \(Store.runColumns), created_at from ops.runs where run_type = 'reconcile' \(conditions.clause("and"))
        order by created_at desc, id desc limit \(limit)
        """
    }

    /// What a run has to be.
    func conditions(of environments: [String]?) -> Conditions {
        var conditions = Conditions()
        conditions.add(after: cursor, "created_at", "id")
        conditions.add("last_phase = ?", (phase?.rawValue).map { .text($0) })
        conditions.add("created_at >= ?", since.map { .time($0) })
        conditions.add("created_at < ?", until.map { .time($0) })
        conditions.add(
            "exists (select 1 from ops.run_environments e where e.run_id = ops.runs.id and e.environment",
            oneOf: environments, end: ")")
        return conditions
    }

    /// The ids of the newest that are wanted of any of these environments, each of which is walked for itself.
    func latest(of environments: [String], in db: any SQLConnection) throws(StoreFault) -> [String] {
        var found: [String: Timestamp] = [:]
        for environment in environments {
            let query = walk(environment)
            for row in try db.run(query.text, query.binds) { found[try row.text(0)] = try row.time(1) }
        }
        let newest = found.sorted { $0.value == $1.value ? $0.key > $1.key : $0.value > $1.value }
        return newest.prefix(limit).map(\.key)
    }

    /// The walk over the runs of one environment, by its index alone but for the phase.
    func walk(_ environment: String) -> (text: String, binds: [SQLValue]) {
        var conditions = Conditions([.text(environment)])
        conditions.add(after: cursor, "e.began_at", "e.run_id")
        conditions.add("e.began_at >= ?", since.map { .time($0) })
        conditions.add("e.began_at < ?", until.map { .time($0) })
        conditions.add(
            "exists (select 1 from ops.runs r where r.id = e.run_id and r.last_phase = ?)",
            (phase?.rawValue).map { .text($0) })
        let text = """
            select e.run_id, e.began_at from ops.run_environments e where e.environment = $1 \(conditions.clause("and"))
            order by e.began_at desc, e.run_id desc limit \(limit)
            """
        return (text, conditions.binds)
    }
}
