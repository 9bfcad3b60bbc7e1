extension Migration {
    /// What people allowed before it ran.
    static let approvals = Migration(
        version: 3, name: "stored approvals", types: [],
        tables: [
            Table(
                "reconcile_approvals", .essential,
                [
                    "id text primary key", "run_id text not null", "resource_key text not null", "action text not null",
                    "change_digest text not null", "approved_by text not null", "reason text",
                    "created_at timestamptz not null", "expires_at timestamptz not null", "revoked_at timestamptz",
                    "revoked_by text", "used_at timestamptz", "used_by text",
                ], indexes: ["index reconcile_approvals_expires on (expires_at)"])
        ])
}
