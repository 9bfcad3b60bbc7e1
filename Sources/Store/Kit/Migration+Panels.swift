extension Migration {
    /// What the panels of the existing console ask of our tables: runs and their events that belong to nobody, and two
    /// columns of environments under the names of another variant of that table.
    ///
    /// The columns are made from ours by PostgreSQL itself, which alone answers that console; SQLite has neither.
    static let panels = Migration(
        version: 22, name: "panels", types: [],
        tables: [
            Table(
                "environments", .addition,
                [
                    "branch_pattern text generated always as (branch) stored",
                    "config jsonb generated always as (jsonb_object(array['db', database_name])) stored",
                ])
        ],
        readable: ["runs", "run_events"],
        // As the platform's own policies have it: a run that somebody began is theirs alone.
        readableRows: [
            "runs": "created_by is null",
            "run_events": "run_id in (select id from ops.runs where created_by is null)",
        ])
}
