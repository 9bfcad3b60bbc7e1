extension Migration {
    /// How many changes of a plan need a person's yes, so that a list of plans reads none of them.
    static let planWaits = Migration(
        version: 23, name: "plans that wait", types: [],
        tables: [
            Table("plans", .addition, ["waits integer not null default 0"]),
            Table("reconcile_approvals", .addition, [], indexes: ["index reconcile_approvals_run on (run_id)"]),
        ],
        // As plans are written, without a space; a value that says so has its quotes escaped.
        repairs: [
            """
            update ops.plans set waits = (length(cast(document as text)) \
            - length(replace(cast(document as text), '"decision":"needs_approval"', ''))) \
            / length('"decision":"needs_approval"')
            """
        ])
}
