extension Migration {
    /// What is told to whom: notices gathered into messages, each with what became of it.
    static let notices = Migration(
        version: 12, name: "notices", types: [],
        tables: [
            Table(
                "reconcile_notices", .addition, ["routed_at timestamptz"],
                indexes: ["index reconcile_notices_unrouted on (id) where routed_at is null"]),
            Table(
                "notice_messages", .essential,
                [
                    "id uuid primary key", "channel text not null", "group_key text not null",
                    "state text not null check (state in ('collecting', 'waiting', 'sent', 'dead'))",
                    "created_at timestamptz not null", "available_at timestamptz not null", "claimed_by text",
                    "attempts integer not null default 0", "attempted_at timestamptz", "unsure_since timestamptz",
                    "finished_at timestamptz", "receipt text", "error_code text", "reason text",
                ],
                indexes: [
                    "unique index notice_messages_open on (channel, group_key) where state = 'collecting'",
                    "index notice_messages_due on (channel, available_at) where state in ('collecting', 'waiting')",
                    "index notice_messages_attempted on (channel, attempted_at)",
                ]),
            // One row for each notice and channel: nothing is told twice.
            Table(
                "notice_deliveries", .essential,
                [
                    "notice_id uuid not null references ops.reconcile_notices (id)", "channel text not null",
                    "message_id uuid not null references ops.notice_messages (id)",
                ], constraints: ["primary key (notice_id, channel)"],
                indexes: ["index notice_deliveries_message on (message_id)"]),
        ])
}
