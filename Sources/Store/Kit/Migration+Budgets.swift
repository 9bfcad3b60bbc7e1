extension Migration {
    /// The second version: the requests that one credential may make, as all processes share them.
    static let budgets = Migration(
        version: 2, name: "request budgets", types: [],
        tables: [
            Table(
                "request_budgets", .essential,
                [
                    "credential text primary key", "account text not null", "version bigint not null default 0",
                    "updated_at timestamptz not null default now()",
                ])
        ])
}
