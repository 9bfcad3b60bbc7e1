import Basics
import Formats

extension Store {
    /// Shows what runs did for each environment as deployments, where `ops.deployments` has the shape that the platform's
    /// existing console reads; called again, it says the same of a run anew.
    ///
    /// What is made for no environment has none here either. The state is `success`, `failed`, or `deploying` while its run is
    /// under way. That console knows no word for what an ended run left open: it is `failed` until a later run has settled it.
    ///
    /// - Throws: `StoreFault`.
    public func showDeployments(ofRuns ids: [String]) async throws(StoreFault) {
        for id in ids { try Self.check(runID: id) }
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            guard try Self.mirrors("deployments", in: db) else { return }
            for id in ids {
                let rows = try db.run("select \(Self.runColumns) from ops.runs where id = $1", [.text(id)])
                guard let run = try Self.records(rows).first else { continue }
                try Self.showDeployments(of: run, in: db)
            }
        }
    }

    private static func showDeployments(of run: RunRecord, in db: any SQLConnection) throws(StoreFault) {
        let author = run.metadata["author"]?.stringValue
        for row in try db.run(
            """
            select s.environment, count(*), sum(case when s.state = 'failed' then 1 else 0 end),
              sum(case when s.state in ('intended', 'unknown') then 1 else 0 end), min(s.intended_at),
              max(s.finished_at), e.id, e.branch
            from ops.reconcile_steps s left join ops.environments e on e.slug = s.environment
            where s.run_id = $1 group by s.environment, e.id, e.branch order by s.environment
            """, [.text(run.id)])
        {
            let (steps, failed, open) = (try row.int(1), try row.optionalInt(2) ?? 0, try row.optionalInt(3) ?? 0)
            let isUnderWay = failed == 0 && run.phase.isUnderWay
            let begun = try row.time(4)
            let ended = isUnderWay ? nil : open > 0 ? run.completedAt : try row.optionalTime(5)
            let message =
                steps.of("step") + (failed > 0 ? ", \(failed) failed" : "")
                + (open > 0 ? ", \(open) not settled" : "")
            // The table has no index by runs: a row is found again by an id that follows from its run and environment.
            try db.run(
                """
                insert into ops.deployments (id, environment_id, sha, branch, state, author, msg, duration,
                  artifacts_json, created_at, finished_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                on conflict (id) do update
                set environment_id = excluded.environment_id, sha = excluded.sha, branch = excluded.branch,
                  state = excluded.state, author = excluded.author, msg = excluded.msg, duration = excluded.duration,
                  artifacts_json = excluded.artifacts_json, created_at = excluded.created_at,
                  finished_at = excluded.finished_at
                """,
                [
                    .text(DeploymentRow.id(ofRun: run.id, row.optionalText(0))),
                    .optional(row.optionalText(6)), .text(run.revision ?? "unknown"), .optional(row.optionalText(7)),
                    .text(isUnderWay ? "deploying" : failed > 0 || open > 0 ? "failed" : "success"), .optional(author),
                    .text(message), .int(ended.map { ($0 - begun).components.seconds } ?? 0),
                    .jsonb(["run_id": .string(run.id), "steps": .int(steps)]), .time(begun), .time(ended),
                ])
        }
    }
}
