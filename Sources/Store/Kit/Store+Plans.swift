public import Basics
import DesiredState
import Diff
public import Formats

extension Store {
    /// Keeps a run's plan; a second plan of the same run replaces the first.
    ///
    /// The document is kept as it is in `ops.plans`, and mirrored into `ops.artifacts` where that table has the shape
    /// that the existing console reads. What people should be told of the plan is written with it.
    ///
    /// - Returns: why `ops.artifacts` refused its copy; nil where it holds one, or is another's.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func savePlan(
        runID: String, fingerprint: Digest, document: Value, notices: [Notice] = []
    ) async throws(StoreFault) -> StoreFault? {
        try await savePlan(
            runID: runID, fingerprint: fingerprint, revision: document["revision"]?.stringValue ?? "unknown",
            text: JSON.write(document), canonical: String(decoding: JSON.canonical(document), as: UTF8.self),
            waits: (document["changes"]?.listValue ?? []).count(where: PlanDocument.waitsForPerson),
            environments: Self.environments(ofPlan: document), notices: notices)
    }

    /// The environments that a plan has a change, a difference or something marked of.
    private static func environments(ofPlan document: Value) -> [String] {
        let members = ["changes", "drift", "prune"].flatMap { document[$0]?.listValue ?? [] }
        return Set(members.compactMap { $0["environment"]?.stringValue }).sorted { $0.precedesByBytes($1) }
    }

    /// Keeps a run's plan, of which only the text is at hand: long plans are many times the size of it.
    ///
    /// - Parameters:
    ///   - runID: the run.
    ///   - fingerprint: the plan's.
    ///   - revision: the commit that it is of.
    ///   - text: its document.
    ///   - canonical: the same in canonical form.
    ///   - waits: how many of its changes need a person's yes.
    ///   - environments: those that it has a change, a difference or something marked of; each once.
    ///   - notices: what people are told of it.
    /// - Returns: why `ops.artifacts` refused its copy; nil where it holds one, or is another's.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func savePlan(
        runID: String, fingerprint: Digest, revision: String, text: String, canonical: String, waits: Int,
        environments: [String], notices: [Notice]
    ) async throws(StoreFault) -> StoreFault? {
        try Self.check(runID: runID)
        let summary = PlanSummaryText.summary(in: canonical)
        let plan: @Sendable (any SQLConnection) throws(StoreFault) -> Void = {
            (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                insert into ops.plans (run_id, fingerprint, document, created_at, waits) values ($1, $2, $3, $4, $5)
                on conflict (run_id) do update
                set fingerprint = excluded.fingerprint, document = excluded.document, created_at = excluded.created_at,
                  waits = excluded.waits
                """,
                [.text(runID), .text(fingerprint.description), .text(text), .time(time.now), .int(Int64(waits))])
            try Self.note(environments, ofRun: runID, in: db)
            _ = try write(notices, in: db)
            // Whoever watches the run sees that it goes on from here, with what.
            try db.run(
                "update ops.runs set last_phase = 'applying' where id = $1 and last_phase = 'planning'", [.text(runID)])
            try note(revision: revision, summary: summary, ofRun: runID, in: db)
        }
        do throws(StoreFault) {
            try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                try plan(db)
                guard try Self.mirrors("artifacts", in: db) else { return }
                try mirrorPlan(ofRun: runID, revision: revision, canonical: canonical, in: db)
            }
            return nil
        } catch {
            guard error.isRefusal else { throw error }
            // The console's table is the platform's, with rules of its own: it has no say in whether there is a plan.
            try await engine.transaction(plan)
            return error
        }
    }

    /// Says of a run that is under way what it brings about and how much that is; its end writes all of it anew.
    private func note(
        revision: String, summary: Value?, ofRun runID: String, in db: any SQLConnection
    ) throws(StoreFault) {
        guard
            let row = try db.run(
                "select metadata, input_json from ops.runs where id = $1 and last_phase = 'applying'", [.text(runID)]
            ).first
        else { return }
        var metadata = try row.jsonb(0).objectValue ?? Value.Object()
        var input = try row.jsonb(1).objectValue ?? Value.Object()
        metadata["revision"] = .string(revision)
        input["revision"] = .string(revision)
        if let summary { metadata["summary"] = summary }
        try db.run(
            "update ops.runs set metadata = $2, input_json = $3, updated_at = $4 where id = $1",
            [.text(runID), .jsonb(.object(metadata)), .jsonb(.object(input)), .time(time.now)])
    }

    private func mirrorPlan(
        ofRun runID: String, revision: String, canonical: String, in db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(
            """
            insert into ops.artifacts (id, kind, sha, run_id, metadata, created_at, status, env, name)
            values ($1, 'reconcile_plan', $2, $3, $4, $5, 'success', 'reconciler', $6)
            on conflict (id) do update
            set sha = excluded.sha, metadata = excluded.metadata, created_at = excluded.created_at
            """,
            [
                .text(IdentifierSource.id(of: "plan of \(runID)")), .text(revision), .text(runID),
                .jsonb(canonical: canonical), .time(time.now), .text("plan-\(runID)"),
            ])
    }

    /// A run's plan as it was saved; nil when it has none.
    ///
    /// - Throws: `StoreFault`.
    public func plan(ofRun runID: String) async throws(StoreFault) -> Value? {
        try Self.check(runID: runID)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Value? in
            guard let row = try db.run("select document from ops.plans where run_id = $1", [.text(runID)]).first else {
                return nil
            }
            return try row.json(0)
        }
    }

    /// Whether a run's plan is kept here.
    ///
    /// - Throws: `StoreFault`.
    public func hasPlan(ofRun runID: String) async throws(StoreFault) -> Bool {
        try Self.check(runID: runID)
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Bool in
            try !db.run("select 1 from ops.plans where run_id = $1", [.text(runID)]).isEmpty
        }
    }

    /// Whether a table that we only mirror into has the shape for it; found out when the schema was migrated.
    static func mirrors(_ table: String, in db: any SQLConnection) throws(StoreFault) -> Bool {
        try state("unmirrored.\(table)", in: db) == nil
    }
}
