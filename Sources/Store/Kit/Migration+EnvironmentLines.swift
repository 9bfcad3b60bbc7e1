extension Migration {
    /// A way to what is told of one environment, and to what differs in it, that needs no look at all lines.
    static let environmentLines = Migration(
        version: 20, name: "lines of environments", types: [],
        tables: [
            Table(
                "run_events", .addition, ["environment text"],
                indexes: [
                    "index run_events_environment on (environment, timestamp desc, id desc) "
                        + "where environment is not null"
                ]),
            Table(
                "audit_log", .addition, [], indexes: ["index audit_log_target on (target, at desc, id desc)"]),
            Table(
                "reconcile_notices", .addition, [],
                indexes: ["index reconcile_notices_environment on (environment, at desc, id desc)"]),
            Table(
                "drift_items", .addition, [],
                indexes: ["index drift_items_environment on (environment) where status = 'open'"]),
        ],
        repairs: [
            "update ops.run_events set environment = payload ->> 'environment' "
                + "where payload ->> 'environment' is not null"
        ])
}
