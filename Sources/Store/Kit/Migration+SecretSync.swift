extension Migration {
    /// Who set which secrets at a provider, and what was left as it was: names, never values.
    static let secretSync = Migration(
        version: 6, name: "secret syncs", types: [],
        tables: [
            Table(
                "secret_sync_runs", .essential,
                [
                    "id text primary key", "provider text not null", "target text not null", "actor text not null",
                    "status text not null check (status in ('running', 'success', 'error'))",
                    "pushed jsonb not null default '[]'", "skipped jsonb not null default '[]'", "error text",
                    "error_code text", "started_at timestamptz not null", "finished_at timestamptz",
                ], indexes: ["index secret_sync_runs_started on (started_at)"])
        ])
}
