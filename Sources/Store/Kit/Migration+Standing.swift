extension Migration {
    /// A way to what is counted for each status, and to what is told louder than information, that needs no look at all rows.
    static let standing = Migration(
        version: 21, name: "counts and loud lines", types: [],
        tables: [
            Table(
                "environments", .addition, [],
                indexes: [
                    // With all that is asked for, so that no row has to be read.
                    "index environments_standing on (status, is_suspended, suspended_until, tier) "
                        + "where tier is not null"
                ]),
            Table(
                "drift_items", .addition, [],
                indexes: ["index drift_items_cause on (cause, status) where status = 'open'"]),
            Table(
                "run_events", .addition, ["level text"],
                indexes: [
                    "index run_events_loud on (level, timestamp desc, id desc) where \(LogQuery.isLoud)",
                    // Of those that others write.
                    "index run_events_unlevelled on (timestamp desc, id desc) where level is null",
                ]),
        ],
        repairs: ["update ops.run_events set level = \(LogQuery.impliedLevel) where level is null"])
}
