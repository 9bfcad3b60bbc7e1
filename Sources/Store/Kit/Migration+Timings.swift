extension Migration {
    /// By which cron expression and zone a schedule came to where it is, and since when.
    static let timings = Migration(
        version: 33, name: "timings", types: [],
        tables: [Table("schedule_states", .addition, ["timing text", "timed_since timestamptz"])])
}
