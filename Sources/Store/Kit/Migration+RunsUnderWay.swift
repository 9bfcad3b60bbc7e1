extension Migration {
    /// A way to the runs that have not come to an end, which each pass looks for, past all those that have.
    static let runsUnderWay = Migration(
        version: 25, name: "runs under way", types: [],
        tables: [
            Table(
                "runs", .addition, [],
                indexes: ["index runs_under_way on (agent, started_at, id) where \(Store.isUnderWay)"])
        ])
}
