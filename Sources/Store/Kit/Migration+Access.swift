extension Migration {
    /// Who may do what, logins of browsers, and what was answered to writes that may be sent again.
    static let access = Migration(
        version: 11, name: "access", types: [],
        tables: [
            Table(
                "access_users", .essential,
                [
                    "id text primary key", "name text not null", "password text", "grants json not null",
                    "created_at timestamptz not null", "updated_at timestamptz not null", "disabled_at timestamptz",
                ], constraints: ["unique (name)"]),
            Table(
                "access_keys", .essential,
                [
                    "id text primary key", "name text not null", "digest text not null", "grants json not null",
                    "scopes json", "created_at timestamptz not null", "created_by text not null",
                    "expires_at timestamptz", "revoked_at timestamptz",
                ], constraints: ["unique (digest)"],
                indexes: ["unique index access_keys_name on (name) where revoked_at is null"]),
            Table(
                "access_sessions", .essential,
                [
                    "digest text primary key", "id text not null", "user_id text not null",
                    "created_at timestamptz not null", "expires_at timestamptz not null", "ended_at timestamptz",
                    "origin text not null",
                ],
                indexes: [
                    "index access_sessions_user on (user_id)", "index access_sessions_expires on (expires_at)",
                ]),
            Table(
                "api_requests", .essential,
                [
                    "caller text not null", "idempotency_key text not null", "request_digest text not null",
                    "status integer", "body text", "at timestamptz not null",
                ], constraints: ["primary key (caller, idempotency_key)"],
                indexes: ["index api_requests_at on (at)"]),
        ])
}
