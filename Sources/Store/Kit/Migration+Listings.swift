extension Migration {
    /// A way to the latest runs, and to the latest deliveries, that needs no look at all of them.
    static let listings = Migration(
        version: 18, name: "lists by time", types: [],
        tables: [
            Table(
                "runs", .addition, [],
                indexes: ["index idx_runs_type_created on (run_type, created_at desc, id desc)"]),
            Table(
                "webhook_deliveries", .addition, [],
                indexes: ["index webhook_deliveries_received on (received_at desc, id desc)"]),
        ])
}
