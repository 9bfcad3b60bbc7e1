extension Migration {
    /// What providers tell by hooks: the ledger of deliveries, and the tables that the console reads in its own shapes.
    ///
    /// `deleted_at` is ours: when something was found gone; a row is never removed.
    static let webhooks = Migration(
        version: 8, name: "webhooks", types: [],
        tables: [
            Table(
                "webhook_deliveries", .essential,
                [
                    "id text primary key", "provider text not null", "delivery_id text not null",
                    "event text not null", "scope text", "lane integer not null default 1",
                    "headers jsonb not null default '{}'", "body text", "body_sha256 text not null",
                    "body_bytes bigint not null",
                    "state text not null check (state in ('received', 'processed', 'ignored', 'failed', 'dead'))",
                    "attempts integer not null default 0", "reason text", "error_code text",
                    "received_at timestamptz not null", "available_at timestamptz not null", "claimed_by text",
                    "finished_at timestamptz",
                ], constraints: ["unique (provider, delivery_id)"],
                indexes: [
                    "index webhook_deliveries_open on (lane, id) where state in ('received', 'failed')",
                    "index webhook_deliveries_ended on (finished_at) where finished_at is not null",
                    "index webhook_deliveries_dead on (id) where state = 'dead'",
                ]),
            Table(
                "work_items", .mirror,
                [
                    "id uuid primary key default gen_random_uuid()", "work_item_ref text not null",
                    "system text not null check (system in ('plane', 'github', 'linear', 'jira'))",
                    "external_id text not null", "project_ref text", "title text not null",
                    "status text not null default 'open'", "assignee text", "url text", "updated_at timestamptz",
                    "ingested_at timestamptz not null default now()", "deleted_at timestamptz",
                ], constraints: ["unique (work_item_ref)"],
                indexes: [
                    "index work_items_system_idx on (system)", "index work_items_updated_idx on (updated_at desc)",
                ]),
            Table(
                "mail_events", .mirror,
                [
                    "id uuid primary key default gen_random_uuid()",
                    "env text not null check (env in ('prod', 'stage', 'dev', 'unknown'))",
                    "provider text not null default 'mailgun' "
                        + "check (provider in ('mailgun', 'ses', 'sendgrid', 'smtp'))",
                    "message_id text not null", "subject text", "sender text", "recipient text", "transport text",
                    "stamp text", "raw jsonb not null default '{}'", "received_at timestamptz not null default now()",
                ], constraints: ["unique (message_id)"],
                indexes: [
                    "index mail_events_env_idx on (env)", "index mail_events_received_idx on (received_at desc)",
                ]),
        ])
}
