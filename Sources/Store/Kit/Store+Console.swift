public import Basics
public import Formats

/// How the passes of some time went.
public struct RunTally: Sendable, Hashable {
    public var runs = 0
    public var failed = 0
    /// What they changed for each environment, counted as the list of deployments has it.
    public var deployments = 0

    public init() {}
}

/// What one run did for one environment.
public struct DeploymentRow: Sendable, Hashable {
    public let runID: String
    /// Nil: what environments share.
    public let environment: String?
    public let steps: Int
    public let failed: Int
    public let unsettled: Int
    public let from: Timestamp
    /// Nil: its run is under way, or nobody knows when that ended.
    public let to: Timestamp?
    /// Whether its run has come to its end: until then there may be more to do for it.
    public var hasEnded = true
    /// The commit that the run brought about.
    public var revision: String?
    /// Who wrote that commit.
    public var author: String?

    /// The same for a run and an environment, whoever asks; as `ops.deployments` has it.
    public var id: String { Self.id(ofRun: runID, environment) }

    /// Where it stands among deployments, the newest first.
    public var cursor: PageCursor { PageCursor(at: from, id: id) }

    /// What it came to; `ops.deployments`, whose readers know the other three alone, has `failed` for `unsettled`.
    public var state: State {
        if failed > 0 { return .failed }
        return hasEnded ? unsettled > 0 ? .unsettled : .success : .deploying
    }

    /// What the steps of a run for an environment come to.
    public enum State: String, Sendable, Hashable, CaseIterable {
        case success, failed
        /// Its run is under way.
        case deploying
        /// Its run has ended, and nobody knows what became of a step: the next pass looks.
        case unsettled
    }

    /// The author's name alone, for the address that git writes after it is nobody's business; nil where it has none.
    public var authorName: String? {
        let name = (author ?? "").prefix { $0 != "<" }
        return name.allSatisfy(\.isWhitespace) ? nil : String(name.last == " " ? name.dropLast() : name)
    }

    static func id(ofRun run: String, _ environment: String?) -> String {
        IdentifierSource.id(of: "\(run) \(environment ?? "")")
    }
}

extension Store {
    /// The run with exactly this id; nil when there is none.
    ///
    /// - Throws: `StoreFault`.
    public func run(withID id: String) async throws(StoreFault) -> RunRecord? {
        guard IdentifierSource.isUUID(id) else { return nil }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> RunRecord? in
            try Self.run(withID: id, in: db)
        }
    }

    /// The run with exactly this id, and its steps in the order in which they began; nil when there is none.
    ///
    /// - Throws: `StoreFault`.
    public func runWithSteps(_ id: String) async throws(StoreFault) -> (run: RunRecord, journal: [JournalEntry])? {
        guard IdentifierSource.isUUID(id) else { return nil }
        return try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> (run: RunRecord, journal: [JournalEntry])? in
            guard let run = try Self.run(withID: id, in: db) else { return nil }
            return (run, try Self.steps(ofRun: id, in: db))
        }
    }

    private static func run(withID id: String, in db: any SQLConnection) throws(StoreFault) -> RunRecord? {
        try records(
            db.run("select \(runColumns) from ops.runs where id = $1 and run_type = 'reconcile'", [.text(id)])
        ).first
    }

    /// The plan that was kept last, with its run; nil before the first.
    ///
    /// - Throws: `StoreFault`.
    public func latestPlan() async throws(StoreFault) -> (runID: String, document: Value)? {
        let found = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [(String, Value)] in
            // The ids of runs grow with time.
            guard let row = try db.run("select run_id, document from ops.plans order by run_id desc limit 1", []).first
            else { return [] }
            return [(try row.text(0), try row.json(1))]
        }
        return found.first
    }

    /// How many passes there were since an instant, and how they went; looks are left out.
    ///
    /// - Throws: `StoreFault`.
    public func runTally(since instant: Timestamp) async throws(StoreFault) -> RunTally {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> RunTally in
            var tally = RunTally()
            for row in try db.run(
                """
                select last_phase, case when last_phase <> 'succeeded' then input_json end, count(*) from ops.runs
                where created_at > $1 and run_type = 'reconcile' and last_phase <> 'planned' group by 1, 2
                """, [.time(instant)])
            {
                // A look that failed, or was stopped, is in the phase of a pass that did.
                let input = row.optionalText(1) == nil ? Value.null : try row.jsonb(1)
                guard input["dry_run"]?.boolValue != true else { continue }
                let count = Int(clamping: try row.int(2))
                tally.runs += count
                if row.optionalText(0) == RunPhase.failed.rawValue { tally.failed += count }
            }
            tally.deployments = try db.run(
                """
                select run_id from ops.reconcile_steps
                where run_id in (select id from ops.runs where run_type = 'reconcile' and created_at > $1)
                group by run_id, environment
                """, [.time(instant)]
            ).count
            return tally
        }
    }

    /// What the latest runs did, by run and environment, newest first.
    ///
    /// - Parameters:
    ///   - runs: how many runs back are looked at.
    ///   - environment: only this one.
    /// - Returns: one row for each run and environment.
    /// - Throws: `StoreFault`.
    public func deployments(
        ofLast runs: Int, environment: String? = nil
    ) async throws(StoreFault) -> [DeploymentRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [DeploymentRow] in
            var rows: [DeploymentRow] = []
            var binds: [SQLValue] = [.int(Int64(max(0, runs)))]
            if let environment { binds.append(.text(environment)) }
            for row in try db.run(
                """
                select run_id, environment, count(*), sum(case when state = 'failed' then 1 else 0 end),
                  sum(case when state in ('intended', 'unknown') then 1 else 0 end), min(intended_at), max(finished_at),
                  (select metadata from ops.runs where id = run_id),
                  (select last_phase from ops.runs where id = run_id),
                  (select completed_at from ops.runs where id = run_id)
                from ops.reconcile_steps
                where run_id in (select id from ops.runs where run_type = 'reconcile' order by created_at desc limit $1)
                  \(environment == nil ? "" : "and environment = $2")
                group by run_id, environment order by 6 desc, 2
                """, binds)
            {
                let metadata = row.optionalText(7) == nil ? Value.null : try row.jsonb(7)
                let unsettled = Int(clamping: try row.optionalInt(4) ?? 0)
                let phase = row.optionalText(8).flatMap(RunPhase.init(rawValue:))
                let hasEnded = phase?.isUnderWay != true
                // A step of which nobody knows what became ended, as far as anybody knows, with its run.
                let end = unsettled > 0 ? try row.optionalTime(9) : try row.optionalTime(6)
                rows.append(
                    DeploymentRow(
                        runID: try row.text(0), environment: row.optionalText(1), steps: Int(clamping: try row.int(2)),
                        failed: Int(clamping: try row.optionalInt(3) ?? 0), unsettled: unsettled, from: try row.time(5),
                        to: hasEnded ? end : nil, hasEnded: hasEnded,
                        revision: metadata["revision"]?.stringValue, author: metadata["author"]?.stringValue))
            }
            return rows
        }
    }
}
