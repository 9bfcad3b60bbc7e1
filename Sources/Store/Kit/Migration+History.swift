extension Migration {
    /// A way to the differences that ended within a time.
    static let history = Migration(
        version: 26, name: "history", types: [],
        tables: [
            Table(
                "drift_items", .addition, [],
                indexes: ["index drift_items_resolved on (resolved_at) where status = 'resolved'"])
        ])
}
