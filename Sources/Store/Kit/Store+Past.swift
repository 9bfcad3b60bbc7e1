public import Basics

extension Store {
    /// How many rows of a table are past.
    public struct PastRows: Sendable, Hashable {
        /// Without its schema.
        public let table: String
        public let count: Int
    }

    /// One table of things that come to an end, and which of its rows nobody asks for any more.
    private struct Past {
        let table: String
        var key = "id"
        /// Of a row that is past; `$1` is the instant before which it ended.
        let condition: String
        /// Whether the table is the platform's too: then it may be missing, or another's.
        var isMirror = false
    }

    /// What is cut below is never asked for again: no pass opens it anew, tells it once more or takes it for something else.
    private static let pasts = [
        // One that comes back begins anew anyway.
        Past(
            table: "convergence_findings",
            condition:
                "status = 'resolved' and resolved_at < $1 and (kind = 'drift' or evidence ->> 'by' = 'reconcile')",
            isMirror: true),
        Past(table: "drift_items", condition: "status = 'resolved' and resolved_at < $1"),
        // One without an end holds until its difference is another one.
        Past(table: "drift_marks", condition: "coalesce(ended_at, until) < $1"),
        Past(table: "reconcile_approvals", condition: "coalesce(used_at, revoked_at, expires_at) < $1"),
        Past(
            table: "mail_events",
            condition: "provider = 'mailgun' and received_at < $1 and raw ->> 'events' is not null", isMirror: true),
        Past(
            table: "maintenance_runs", condition: "completed_at < $1 and evidence ->> 'by' = 'reconcile'",
            isMirror: true),
        // Once its last word was said, or where none ever was. Of a fork the commit is kept that its label let in: else
        // whoever closes it and opens it again later would be let in with another one.
        Past(
            table: "pull_requests", key: "number",
            condition: """
                state <> 'open' and closed_at < $1 and (not is_fork or approved_sha is null)
                and (settled_at is not null
                  or comment_digest is null and status_digest is null and checked_sha is null)
                and not exists (select 1 from ops.environments e
                  where e.slug = 'pr-' || cast(ops.pull_requests.number as text) and e.tier is not null
                    and (e.status is null or e.status <> 'gone'))
                """),
        // The last of each matter stays while it may be told again: what goes on is told by each pass, and known by its key.
        Past(
            table: "reconcile_notices",
            condition: """
                at < $1
                and not exists (select 1 from ops.notice_deliveries d where d.notice_id = ops.reconcile_notices.id)
                and (environment in (select slug from ops.environments where status = 'gone')
                  or exists (select 1 from ops.reconcile_notices n
                    where n.kind = ops.reconcile_notices.kind and n.subject = ops.reconcile_notices.subject
                      and coalesce(n.environment, '') = coalesce(ops.reconcile_notices.environment, '')
                      and n.id > ops.reconcile_notices.id))
                """),
    ]

    /// Deletes what came to its end before an instant, of all that a pass or a person leaves behind beside its run.
    ///
    /// What other programs wrote into tables of the platform stays.
    ///
    /// - Parameters:
    ///   - instant: what ended before it goes.
    ///   - isDryRun: only counts.
    /// - Returns: how much, by table; without those that another program has.
    /// - Throws: `StoreFault`.
    public func cutPast(before instant: Timestamp, isDryRun: Bool) async throws(StoreFault) -> [PastRows] {
        var counts: [PastRows] = []
        for past in Self.pasts {
            if past.isMirror, try await !isMirrored(past.table) { continue }
            counts.append(
                PastRows(
                    table: past.table,
                    count: try await cut("ops.\(past.table)", past.key, past.condition, instant, isDryRun)))
        }
        // Last: what was told of them goes before they do.
        counts.append(
            PastRows(
                table: "environments", count: try await cutGoneEnvironments(before: instant, isDryRun: isDryRun)))
        return counts
    }
}
