import Basics
import Formats

extension Store {
    /// Shows what a run did for each environment as a deployment, where `ops.deployments` has the shape that the platform's
    /// existing console reads; called again, it says the same of the run anew.
    ///
    /// What is made for no environment has none here either. The state is `success`, `failed`, or `deploying` while the fate
    /// of a step isn't known.
    ///
    /// - Throws: `StoreFault`.
    public func showDeployments(ofRun run: RunRecord) async throws(StoreFault) {
        try Self.check(runID: run.id)
        let author = run.metadata["author"]?.stringValue
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            guard try Self.mirrors("deployments", in: db) else { return }
            try db.run("delete from ops.deployments where artifacts_json ->> 'run_id' = $1", [.text(run.id)])
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
                let (begun, ended) = (try row.time(4), try row.optionalTime(5))
                let message =
                    "\(steps) \(steps == 1 ? "step" : "steps")" + (failed > 0 ? ", \(failed) failed" : "")
                    + (open > 0 ? ", \(open) not settled" : "")
                try db.run(
                    """
                    insert into ops.deployments (id, environment_id, sha, branch, state, author, msg, duration,
                      artifacts_json, created_at, finished_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                    """,
                    [
                        .text(identifiers.next(at: time.now)), .optional(row.optionalText(6)),
                        .text(run.revision ?? "unknown"), .optional(row.optionalText(7)),
                        .text(failed > 0 ? "failed" : open > 0 ? "deploying" : "success"), .optional(author),
                        .text(message), .int(ended.map { ($0 - begun).components.seconds } ?? 0),
                        .jsonb(["run_id": .string(run.id), "steps": .int(steps)]), .time(begun), .time(ended),
                    ])
            }
        }
    }
}
