extension Migration {
    /// What people said of differences, since when each attribute differs, and a way to the last step of a resource.
    static let driftMarks = Migration(
        version: 9, name: "drift marks", types: [],
        tables: [
            Table("drift_items", .addition, ["seen json"]),
            Table(
                "reconcile_steps", .addition, [],
                indexes: ["index reconcile_steps_key on (resource_key, intended_at desc)"]),
            Table(
                "drift_marks", .essential,
                [
                    "id text primary key", "resource_key text not null",
                    "kind text not null check (kind in ('acknowledged', 'muted'))", "difference text",
                    "reason text not null", "actor text not null", "created_at timestamptz not null",
                    "until timestamptz", "ended_at timestamptz", "ended_by text",
                ], indexes: ["index drift_marks_key on (resource_key)"]),
        ])
}
