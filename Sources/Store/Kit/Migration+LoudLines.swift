extension Migration {
    /// A way to what others wrote without a word of its level and may be louder than information by what it holds.
    ///
    /// However many such lines there are, few of them are: only these stand in the index.
    static let loudLines = Migration(
        version: 28, name: "loud lines of others", types: [],
        tables: [
            Table(
                "run_events", .addition, [],
                indexes: [
                    "index run_events_unlevelled_loud on (timestamp desc, id desc) "
                        + "where level is null and \(LogQuery.isImpliedLoud)"
                ])
        ])
}
