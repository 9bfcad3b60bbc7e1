import Basics
import DesiredState
import Formats

extension Store {
    private static let pullRequestColumns = """
        repository, number, state, head_ref, head_sha, base_ref, labels, is_fork, is_draft, approved_sha, updated_at,
        closed_at, comment_digest, status_digest, checked_sha, settled_at
        """

    /// What was last seen of a repository's pull requests, also of those that are closed; sorted by number.
    ///
    /// - Throws: `StoreFault`.
    public func pullRequests(of repository: String) async throws(StoreFault) -> [PullRequestRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [PullRequestRow] in
            var rows: [PullRequestRow] = []
            for row in try db.run(
                "select \(Self.pullRequestColumns) from ops.pull_requests where repository = $1 order by number",
                [.text(repository.lowercased())])
            {
                rows.append(try Self.pullRequest(row))
            }
            return rows
        }
    }

    /// Writes what was seen; an older word never replaces a newer one, whoever says it.
    ///
    /// What was said on them (`commentDigest`, `statusDigest`, `checkedCommit`) is left as it is.
    ///
    /// - Returns: how many rows were written.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func savePullRequests(_ rows: [PullRequestRow]) async throws(StoreFault) -> Int {
        guard !rows.isEmpty else { return 0 }
        let now = time.now
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            var written = 0
            for row in rows.sorted(by: { $0.pullRequest.number < $1.pullRequest.number }) {
                let pull = row.pullRequest
                written += try db.run(
                    """
                    insert into ops.pull_requests (repository, number, state, head_ref, head_sha, base_ref, labels,
                      is_fork, is_draft, approved_sha, updated_at, closed_at, seen_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                    on conflict (repository, number) do update
                    set state = excluded.state, head_ref = excluded.head_ref, head_sha = excluded.head_sha,
                      base_ref = excluded.base_ref, labels = excluded.labels, is_fork = excluded.is_fork,
                      is_draft = excluded.is_draft, approved_sha = excluded.approved_sha,
                      updated_at = excluded.updated_at, closed_at = excluded.closed_at, seen_at = excluded.seen_at,
                      settled_at = case when excluded.state = 'open' then null else pull_requests.settled_at end
                    where excluded.updated_at >= pull_requests.updated_at returning number
                    """,
                    [
                        .text(row.repository), .int(pull.number), .text(row.state.rawValue), .text(pull.head),
                        .text(pull.headCommit), .text(pull.base), .jsonb(.strings(pull.labels)), .bool(pull.isFork),
                        .bool(pull.isDraft), .optional(pull.approvedCommit), .time(pull.updatedAt),
                        .time(row.closedAt), .time(now),
                    ]
                ).count
            }
            return written
        }
    }

    /// Notes what stands on a pull request now, so that it isn't said again.
    ///
    /// - Throws: `StoreFault`.
    public func noteReport(
        on number: Int64, of repository: String, commentDigest: String?, statusDigest: String?
    ) async throws(StoreFault) {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                """
                update ops.pull_requests set comment_digest = $3, status_digest = $4
                where repository = $1 and number = $2
                """,
                [
                    .text(repository.lowercased()), .int(number), .optional(commentDigest), .optional(statusDigest),
                ])
        }
    }

    /// Notes that the last word was said on pull requests that are over; one that is opened again has others to come.
    ///
    /// - Throws: `StoreFault`.
    public func settlePullRequests(_ numbers: [Int64], of repository: String) async throws(StoreFault) {
        guard !numbers.isEmpty else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            for number in numbers {
                try db.run(
                    """
                    update ops.pull_requests set settled_at = $3
                    where repository = $1 and number = $2 and state <> 'open'
                    """, [.text(repository.lowercased()), .int(number), .time(now)])
            }
        }
    }

    /// Notes which commit of a pull request carries our check from now on; nil: none does.
    ///
    /// - Throws: `StoreFault`.
    public func noteChecked(
        _ commit: String?, on number: Int64, of repository: String
    ) async throws(StoreFault) {
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try db.run(
                "update ops.pull_requests set checked_sha = $3 where repository = $1 and number = $2",
                [.text(repository.lowercased()), .int(number), .optional(commit)])
        }
    }

    private static func pullRequest(_ row: SQLRow) throws(StoreFault) -> PullRequestRow {
        let (repository, number, state) = (try row.text(0), try row.int(1), try row.text(2))
        guard let state = PullRequest.State(rawValue: state) else {
            throw .unreadable("the pull request \(repository)#\(number) has the state \(state)")
        }
        let labels = (try row.jsonb(6).listValue ?? []).compactMap(\.stringValue)
        var pull = PullRequest(
            number: number, head: try row.text(3), headCommit: try row.text(4), base: try row.text(5), labels: labels,
            isFork: try row.bool(7), isDraft: try row.bool(8), updatedAt: try row.time(10))
        pull.approvedCommit = row.optionalText(9)
        var known = PullRequestRow(
            repository: repository, pull, state: state, closedAt: try row.optionalTime(11),
            commentDigest: row.optionalText(12), statusDigest: row.optionalText(13),
            checkedCommit: row.optionalText(14))
        known.isSettled = try row.optionalTime(15) != nil
        return known
    }
}
