extension Migration {
    /// Which services share the work on a store, so that each knows how much of it is its own.
    static let shards = Migration(
        version: 19, name: "shards", types: [],
        tables: [
            Table(
                "reconcile_services", .essential,
                [
                    "holder text primary key", "shards bigint not null", "expires_at timestamptz not null",
                    "updated_at timestamptz not null", "next_pass_at timestamptz",
                    "failures integer not null default 0", "is_aside boolean not null default false",
                ])
        ])
}
