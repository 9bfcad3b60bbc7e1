extension Migration {
    /// How environments end, what is marked before it goes, and what people should be told.
    static let lives = Migration(
        version: 7, name: "lives", types: [],
        tables: [
            Table(
                "environments", .essential,
                [
                    "id uuid primary key default gen_random_uuid()", "slug text not null", "deployed_at timestamptz",
                    "active_at timestamptz", "pinned_until timestamptz", "pin_reason text", "pinned_by text",
                    "suspended_until timestamptz", "suspend_reason text", "suspended_by text",
                ], constraints: ["unique (slug)"]),
            Table(
                "prune_marks", .essential,
                [
                    "resource_key text primary key", "provider_id text not null", "environment text",
                    "marked_at timestamptz not null", "revision text not null", "run_id text not null",
                ]),
            Table(
                "reconcile_notices", .essential,
                [
                    "id uuid primary key", "at timestamptz not null", "kind text not null", "subject text not null",
                    "environment text", "run_id text", "payload json not null", "dedupe_key text not null",
                ], constraints: ["unique (dedupe_key)"], indexes: ["index reconcile_notices_at on (at)"]),
        ])
}
