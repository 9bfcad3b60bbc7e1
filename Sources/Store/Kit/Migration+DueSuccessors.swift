extension Migration {
    /// What something has made way for, and that isn't in its place yet.
    static let dueSuccessors = Migration(
        version: 34, name: "due successors", types: [],
        tables: [
            Table(
                "due_successors", .essential,
                [
                    "resource_key text primary key", "held_by text not null", "emptied_at timestamptz not null",
                    "run_id text not null",
                ])
        ])
}
