public import Basics
public import DesiredState
public import Diff
import Formats

extension Store {
    /// What makes two differences the same one over time.
    private struct DriftIdentity: Hashable {
        let key: String
        let cause: String
    }

    private struct OpenDrift {
        let id: String
        let environment: String?
        let detail: String
        let firstSeen: Timestamp
        /// As it is kept: of most differences nobody asks for it.
        let seen: String
    }

    /// Brings the open differences up to what a run has seen; writes nothing when nothing changed.
    ///
    /// - Parameters:
    ///   - items: what differs now.
    ///   - runID: the run that has seen it.
    ///   - now: when.
    ///   - isOurs: where services share the work: whose differences these are; others are left as they stand.
    ///   - isGone: whether an open difference that is not among `items`, by its key and the environment that it was of, is
    ///     gone for sure: it is resolved then. What nobody could look at is not.
    /// - Returns: how many differences are new, other than before, and gone.
    /// - Throws: `StoreFault`.
    public func recordDrift(
        _ items: [DriftItem], runID: String, at now: Timestamp,
        isOurs: (@Sendable (ResourceKey, String?) -> Bool)? = nil,
        isGone: @escaping @Sendable (ResourceKey, String?) -> Bool
    ) async throws(StoreFault) -> DriftDelta {
        try Self.check(runID: runID)
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> DriftDelta in
            // What moves from one service to another may be seen by both at once.
            if isOurs != nil, engine.dialect == .postgres { try db.run("lock table ops.drift_items in exclusive mode") }
            let before = try Self.openDrift(in: db)
            var seen: Set<DriftIdentity> = []
            var (opened, changed, resolved) = (0, 0, 0)
            for item in items {
                if let isOurs, !isOurs(item.key, item.environment) { continue }
                let identity = DriftIdentity(key: item.key.description, cause: item.cause.rawValue)
                guard seen.insert(identity).inserted else { continue }
                let text = StoredJSON.text(Self.detail(of: item))
                if let known = before[identity] {
                    if known.detail == text, known.environment == item.environment { continue }
                    try db.run(
                        """
                        update ops.drift_items set environment = $2, detail = $3, last_seen = $4, run_id = $5, seen = $6
                        where id = $1
                        """,
                        [
                            .text(known.id), .optional(item.environment), .text(text), .time(now), .text(runID),
                            Self.since(item, now, before: known),
                        ])
                    changed += 1
                } else {
                    try db.run(
                        """
                        insert into ops.drift_items (id, resource_key, cause, environment, detail, status, first_seen,
                          last_seen, run_id, seen)
                        values ($1, $2, $3, $4, $5, 'open', $6, $6, $7, $8)
                        """,
                        [
                            .text(identifiers.next(at: now)), .text(identity.key), .text(identity.cause),
                            .optional(item.environment), .text(text), .time(now), .text(runID),
                            Self.since(item, now, before: nil),
                        ])
                    opened += 1
                }
            }
            for (identity, known) in before where !seen.contains(identity) {
                guard let key = ResourceKey(identity.key), isGone(key, known.environment) else { continue }
                if let isOurs, !isOurs(key, known.environment) { continue }
                try db.run(
                    """
                    update ops.drift_items set status = 'resolved', resolved_at = $2, resolved_by = $3 where id = $1
                    """, [.text(known.id), .time(now), .text(runID)])
                resolved += 1
            }
            return DriftDelta(opened: opened, changed: changed, resolved: resolved)
        }
    }

    /// The newest pass that looked at the world, whatever became of its steps; one that is under way, or else a dry run, only where
    /// none has ended.
    ///
    /// A run that failed before it had a plan has seen nothing.
    ///
    /// - Returns: nil where nobody has looked yet.
    /// - Throws: `StoreFault`.
    public func lastLook() async throws(StoreFault) -> RunRecord? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> RunRecord? in
            try Self.lastLook(in: db)
        }
    }

    static func lastLook(in db: any SQLConnection) throws(StoreFault) -> RunRecord? {
        // What a pass that is under way has seen isn't written down yet.
        if let pass = try newest("completed_at is not null and \(hasPlan)", in: db) { return pass }
        if let pass = try newest(hasPlan, in: db) { return pass }
        return try newest("last_phase = 'planned'", in: db)
    }

    /// The newest pass that came as far as its plan and was no dry run; nil where there is none.
    ///
    /// - Throws: `StoreFault`.
    public func lastPass() async throws(StoreFault) -> RunRecord? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> RunRecord? in
            try Self.newest(Self.hasPlan, in: db)
        }
    }

    private static func newest(_ condition: String, in db: any SQLConnection) throws(StoreFault) -> RunRecord? {
        try records(
            db.run(
                """
                select \(runColumns) from ops.runs where run_type = 'reconcile' and \(condition)
                order by created_at desc, id desc limit 1
                """)
        ).first
    }

    /// Of a row of `ops.runs`: whether it is of a pass that came as far as its plan.
    private static let hasPlan = """
        (last_phase in ('awaiting_approval', 'applying', 'succeeded')
          or exists (select 1 from ops.plans where ops.plans.run_id = ops.runs.id))
        """

    /// What differs, sorted by key; each was last seen by the latest run that looked.
    ///
    /// - Parameters:
    ///   - environments: only of these; nil: of all, and of none.
    ///   - keys: only of these resources; nil: of all.
    /// - Returns: what differs.
    /// - Throws: `StoreFault`.
    public func openDrift(
        of environments: [String]? = nil, keys: [ResourceKey]? = nil
    ) async throws(StoreFault) -> [DriftRecord] {
        let filter = DriftFilter(environments: environments, keys: keys)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [DriftRecord] in
            try Self.openDrift(filter, at: time.now, in: db)
        }
    }

    /// One environment that this program has written, and what differs of it; nil where there is none.
    ///
    /// - Throws: `StoreFault`.
    public func environmentWithDrift(
        _ slug: String
    ) async throws(StoreFault) -> (row: EnvironmentRow, drift: [DriftRecord])? {
        try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> (row: EnvironmentRow, drift: [DriftRecord])? in
            guard let row = try Self.environmentRows("and slug = $1", [.text(slug)], in: db).first else { return nil }
            return (row, try Self.openDrift(DriftFilter(environments: [slug]), at: time.now, in: db))
        }
    }

    private static func openDrift(
        _ filter: DriftFilter, at now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> [DriftRecord] {
        let conditions = filter.conditions
        return try openDrift(conditions.clause("and"), conditions.binds, at: now, in: db).sorted {
            $0.key == $1.key ? $0.cause.rawValue < $1.cause.rawValue : $0.key < $1.key
        }
    }

    /// A part of what differs, by the bytes of key and cause.
    ///
    /// - Parameters:
    ///   - filter: only these.
    ///   - limit: the most.
    ///   - place: only what comes after this key and cause.
    ///   - isQuiet: only what people know, or only what they don't; nil: both.
    /// - Returns: the differences, and whether there are more.
    /// - Throws: `StoreFault`.
    public func driftPage(
        _ filter: DriftFilter = DriftFilter(), limit: Int, after place: (key: String, cause: String)? = nil,
        isQuiet: Bool? = nil
    ) async throws(StoreFault) -> (rows: [DriftRecord], hasMore: Bool) {
        let order =
            engine.dialect == .postgres ? #"resource_key collate "C", cause collate "C""# : "resource_key, cause"
        var conditions = filter.conditions
        conditions.add(after: place, order)
        // Whether people know of it, and whether it is a finding alone, is seen in a row that was read.
        let most = isQuiet == nil && filter.cause == nil ? "limit \(max(0, limit) + 1)" : ""
        let (clause, binds) = (conditions.clause("and"), conditions.binds)
        let rows = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [DriftRecord] in
            try Self.openDrift("\(clause) order by \(order) \(most)", binds, at: time.now, in: db)
        }.filter { row in
            (isQuiet.map { $0 == row.isQuiet } ?? true) && (filter.cause.map { $0 == row.causeWord } ?? true)
        }
        return (Array(rows.prefix(limit)), rows.count > limit)
    }

    static func openDrift(
        _ clause: String, _ binds: [SQLValue], at now: Timestamp, in db: any SQLConnection
    ) throws(StoreFault) -> [DriftRecord] {
        let latest = try db.run(
            """
            select started_at from ops.runs
            where run_type = 'reconcile' and (last_phase = 'planned' or \(Self.hasPlan))
            order by created_at desc, id desc limit 1
            """
        ).first?.optionalTime(0)
        let marks = Dictionary(grouping: try Self.driftMarks(at: now, in: db), by: \.key)
        var records: [DriftRecord] = []
        for row in try db.run(
            """
            select resource_key, cause, environment, detail, first_seen, last_seen, run_id, seen from ops.drift_items
            where status = 'open' \(clause)
            """, binds)
        {
            guard let key = ResourceKey(try row.text(0)), let cause = ChangeCause(rawValue: try row.text(1)) else {
                throw .unreadable("\(try row.text(0)) in ops.drift_items names no known key or cause")
            }
            let (firstSeen, lastSeen, detail) = (try row.time(4), try row.time(5), try row.json(3))
            // Most have no mark, and their digest is asked of nobody.
            let mark = marks[key].flatMap { marks in
                let difference = DriftRecord.difference(cause, detail)
                return marks.first { $0.covers(key, difference, at: now) }
            }
            records.append(
                DriftRecord(
                    key: key, cause: cause, environment: row.optionalText(2), detail: detail, firstSeen: firstSeen,
                    lastSeen: max(lastSeen, latest ?? lastSeen), runID: try row.text(6),
                    attributesSince: Self.instants(try row.json(7)), mark: mark))
        }
        return records
    }

    private static func openDrift(in db: any SQLConnection) throws(StoreFault) -> [DriftIdentity: OpenDrift] {
        var open: [DriftIdentity: OpenDrift] = [:]
        for row in try db.run(
            """
            select id, resource_key, cause, environment, detail, first_seen, seen from ops.drift_items
            where status = 'open'
            """)
        {
            open[DriftIdentity(key: try row.text(1), cause: try row.text(2))] = OpenDrift(
                id: try row.text(0), environment: row.optionalText(3), detail: try row.text(4),
                firstSeen: try row.time(5), seen: try row.text(6))
        }
        return open
    }

    /// Summary, attributes and place; of a sensitive attribute only that it differs.
    private static func detail(of item: DriftItem) -> Value {
        var detail: Value.Object = ["summary": .string(item.summary)]
        detail["attributes"] = .list(
            item.attributes.map { change in
                var attribute: Value.Object = ["path": .string(change.path), "sensitive": .bool(change.isSensitive)]
                if !change.isSensitive {
                    attribute["before"] = change.before ?? .null
                    attribute["after"] = change.after ?? .null
                }
                if let reference = change.reference { attribute["reference"] = .string(reference.description) }
                if let mark = change.mark { attribute["source"] = place(mark) }
                return .object(attribute)
            })
        if let source = item.source { detail["source"] = place(source) }
        if let finding = item.finding { detail["finding"] = .string(finding) }
        return .object(detail)
    }

    private static func place(_ mark: SourceMark) -> Value {
        .object(
            ["file": .string(mark.file), "line": .int(Int64(mark.line)), "column": .int(Int64(mark.column))]
                as KeyValuePairs)
    }

    /// Since when each attribute differs: one that differed before keeps its instant.
    private static func since(_ item: DriftItem, _ now: Timestamp, before: OpenDrift?) -> SQLValue {
        // A row from before this was kept says it of all at once.
        let earlier = before.map { known in
            let seen = Self.instants(StoredJSON.value(known.seen) ?? .null)
            return seen.isEmpty ? Self.paths(known.detail).reduce(into: [:]) { $0[$1] = known.firstSeen } : seen
        }
        var seen = Value.Object()
        for attribute in item.attributes {
            seen[attribute.path] = .string((earlier?[attribute.path] ?? now).description)
        }
        return .json(.object(seen))
    }

    private static func paths(_ detail: String) -> [String] {
        (StoredJSON.value(detail)?["attributes"]?.listValue ?? []).compactMap { $0["path"]?.stringValue }
    }

    private static func instants(_ seen: Value) -> [String: Timestamp] {
        var instants: [String: Timestamp] = [:]
        for member in seen.objectValue?.members ?? [] {
            instants[member.name] = member.value.instantValue
        }
        return instants
    }
}
