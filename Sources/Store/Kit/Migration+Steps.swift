extension Migration {
    /// A way to the steps of one environment.
    static let steps = Migration(
        version: 16, name: "steps of environments", types: [],
        tables: [
            Table(
                "reconcile_steps", .addition, [],
                indexes: ["index reconcile_steps_environment on (environment, intended_at)"])
        ])
}
