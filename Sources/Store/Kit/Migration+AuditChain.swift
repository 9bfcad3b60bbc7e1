extension Migration {
    /// Links that make a change of the audit log show.
    static let auditChain = Migration(
        version: 4, name: "audit chain", types: [],
        tables: [
            Table(
                "audit_chain", .essential,
                [
                    "sequence bigint primary key", "audit_id text not null", "previous text not null",
                    "digest text not null",
                ], constraints: ["unique (audit_id)"]),
            // One row: whoever writes holds it until its link is there, so that links never fork.
            Table(
                "audit_head", .essential,
                ["name text primary key", "sequence bigint not null", "digest text not null"]),
        ])
}
