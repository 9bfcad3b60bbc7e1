extension Migration {
    /// How many records of the audit log are older than its chain, and on which pull requests the last word was said.
    ///
    /// On a store that is new the chain is there before the first record: no record without a link is ever right.
    static let lastWords = Migration(
        version: 31, name: "last words", types: [],
        tables: [
            Table("pull_requests", .addition, ["settled_at timestamptz"]),
            // By which the last notice of a matter is found.
            Table(
                "reconcile_notices", .addition, [],
                indexes: ["index reconcile_notices_matter on (kind, subject, id)"]),
        ],
        repairs: [
            """
            insert into ops.audit_head (name, sequence, digest)
            select 'unchained', count(*), '' from ops.audit_log
            where cast(id as text) not in (select audit_id from ops.audit_chain)
            """,
            // So that a log without a head is one whose head was taken away.
            """
            insert into ops.audit_head (name, sequence, digest) values ('audit', 0, '\(Store.auditOrigin)')
            on conflict (name) do nothing
            """,
        ])
}
