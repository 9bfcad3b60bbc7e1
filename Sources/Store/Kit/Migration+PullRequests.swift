extension Migration {
    /// What was last seen of each pull request, and said on it.
    ///
    /// A row stays when its pull request is closed: it keeps an older word of it from bringing its preview back.
    static let pullRequests = Migration(
        version: 14, name: "pull_requests", types: [],
        tables: [
            Table(
                "pull_requests", .essential,
                [
                    "repository text not null", "number bigint not null",
                    "state text not null check (state in ('open', 'closed', 'merged'))", "head_ref text not null",
                    "head_sha text not null", "base_ref text not null", "labels jsonb not null default '[]'",
                    "is_fork boolean not null default false", "is_draft boolean not null default false",
                    "approved_sha text", "updated_at timestamptz not null", "closed_at timestamptz",
                    "comment_digest text", "status_digest text", "seen_at timestamptz not null",
                ], constraints: ["primary key (repository, number)"])
        ])
}
