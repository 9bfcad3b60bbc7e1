extension Migration {
    /// For which environments a run did or planned something: to whoever's role holds at some alone, these runs are theirs.
    ///
    /// Of each environment they are found in the order of a list, however many others there are. What was only planned before
    /// is not looked for: its plans are long, and gone with their time.
    static let runEnvironments = Migration(
        version: 29, name: "runs of environments", types: [],
        tables: [
            Table(
                "run_environments", .essential,
                [
                    "run_id uuid not null references ops.runs (id) on delete cascade", "environment text not null",
                    // When the run began, as its own row says.
                    "began_at timestamptz not null",
                ], constraints: ["primary key (run_id, environment)"],
                indexes: [
                    "index run_environments_latest on (environment, began_at desc, run_id desc)",
                    // By which those are found each day whose plan is gone.
                    "index run_environments_began on (began_at)",
                ]),
            // Of runs in another phase than succeeded there are few.
            Table(
                "runs", .addition, [],
                indexes: [
                    "index runs_phase on (last_phase, created_at desc, id desc) where run_type = 'reconcile'"
                ]),
        ],
        repairs: [
            """
            insert into ops.run_environments (run_id, environment, began_at) \
            select distinct s.run_id, s.environment, r.created_at \
            from ops.reconcile_steps s join ops.runs r on r.id = s.run_id \
            where s.environment is not null and r.created_at is not null
            """
        ])
}
