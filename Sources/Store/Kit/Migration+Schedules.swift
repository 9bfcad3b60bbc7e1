extension Migration {
    /// What runs by the clock: how far each schedule has come, and what became of each of its times.
    static let schedules = Migration(
        version: 15, name: "schedules", types: [],
        tables: [
            Table(
                "schedule_states", .essential,
                [
                    "schedule_id text primary key", "cursor_at timestamptz not null",
                    "timeouts integer not null default 0", "last_state text", "last_slot timestamptz",
                    "disabled_at timestamptz", "disabled_reason text", "updated_at timestamptz not null",
                ]),
            Table(
                "schedule_slots", .essential,
                [
                    "id uuid primary key", "schedule_id text not null", "slot timestamptz not null",
                    "lane text not null", "asked_by text", "state text not null", "attempts integer not null default 0",
                    "available_at timestamptz not null", "claimed_by text", "started_at timestamptz",
                    "finished_at timestamptz", "receipt text", "error_code text", "reason text",
                ], constraints: ["unique (schedule_id, slot)"],
                indexes: ["index schedule_slots_due on (lane, available_at) where finished_at is null"]),
            Table(
                "maintenance_runs", .mirror,
                [
                    "id uuid primary key", "chore_id text not null", "chore_name text not null",
                    "status text not null default 'pending'", "started_at timestamptz", "completed_at timestamptz",
                    "evidence jsonb default '{}'", "error_message text", "created_at timestamptz default now()",
                    "updated_at timestamptz default now()",
                ]),
        ])
}
