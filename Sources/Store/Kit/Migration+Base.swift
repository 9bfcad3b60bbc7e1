extension Migration {
    /// All migrations, in order.
    static let all = [
        base, budgets, approvals, auditChain, digitalOcean, secretSync, lives, webhooks, driftMarks, echoes, access,
        notices, integrations, pullRequests, schedules, steps, forgottenLogins, listings, shards,
        environmentLines, standing, panels, planWaits, checkedCommits, runsUnderWay, history,
        tokenGenerations, loudLines, runEnvironments, modules, lastWords, toldHours, timings,
        dueSuccessors,
    ]

    /// The latest version that this program knows.
    static var latest: Int { all.last?.version ?? 0 }

    /// The first version: what the existing console reads in the shapes that it reads, and our own tables.
    private static let base = Migration(
        version: 1, name: "base",
        types: [
            EnumType(name: "run_status", labels: ["pending", "running", "completed", "failed", "cancelled"]),
            EnumType(name: "event_source", labels: ["odoo", "supabase", "n8n", "manual"]),
        ], tables: console + own)

    private static let console = [
        Table(
            "runs", .essential,
            [
                "id uuid primary key default gen_random_uuid()", "run_type text not null",
                "status ops.run_status not null default 'pending'", "source ops.event_source not null default 'odoo'",
                "odoo_db text", "odoo_model text", "odoo_id bigint", "started_at timestamptz default now()",
                "completed_at timestamptz",
                "duration_ms integer "
                    + "generated always as (extract(epoch from (completed_at - started_at)) * 1000) stored",
                "metadata jsonb default '{}'", "created_by uuid", "created_at timestamptz default now()",
                "updated_at timestamptz default now()", "agent text", "input_json jsonb default '{}'",
                "error_json jsonb", "idempotency_key text", "last_phase varchar(64)", "checkpoint_at timestamptz",
            ], constraints: ["unique (idempotency_key)"],
            indexes: ["index idx_runs_created on (created_at desc)", "index idx_runs_status on (status)"]),
        Table(
            "run_events", .essential,
            [
                "id uuid primary key default gen_random_uuid()",
                "run_id uuid references ops.runs (id) on delete cascade", "event_type text not null",
                "idempotency_key text", "source ops.event_source not null default 'odoo'", "odoo_db text",
                "odoo_model text", "odoo_id bigint", "odoo_event_id bigint", "payload jsonb not null default '{}'",
                "timestamp timestamptz not null default now()", "ingested_at timestamptz default now()",
                "trace_id uuid", "span_id uuid",
            ], constraints: ["unique (idempotency_key)"],
            indexes: ["index idx_run_events_run on (run_id)", "index idx_run_events_ts on (timestamp desc)"]),
        Table(
            "environments", .essential,
            [
                "id uuid primary key default gen_random_uuid()", "slug text not null",
                "type text not null default 'development'", "url text", "branch text", "status text default 'online'",
                "metadata jsonb default '{}'", "created_at timestamptz default now()",
                "updated_at timestamptz default now()", "tier text", "ttl_class text", "host text", "domain text",
                "database_name text", "head_commit text", "expires_at timestamptz",
                "extension_days integer not null default 0", "is_pinned boolean not null default false",
                "is_suspended boolean not null default false", "warned_for timestamptz", "expired_head text",
            ], constraints: ["unique (slug)"]),
        Table(
            "deployments", .mirror,
            [
                "id uuid primary key default gen_random_uuid()",
                "environment_id uuid references ops.environments (id)", "sha text not null", "branch text",
                "state text default 'queued'", "author text", "msg text", "duration integer",
                "artifacts_json jsonb default '{}'", "created_at timestamptz default now()", "finished_at timestamptz",
            ]),
        Table(
            "artifacts", .mirror,
            [
                "id uuid primary key default gen_random_uuid()", "kind text not null", "sha text not null",
                "branch text", "pr_number integer", "run_id text", "artifact_url text",
                "metadata jsonb not null default '{}'", "created_at timestamptz not null default now()",
                "status text not null default 'success' check (status in ('success', 'failed', 'skipped'))",
                "reason text", "env text not null default 'ci'", "name text",
            ],
            indexes: [
                "index ops_artifacts_kind_created on (kind, created_at desc)",
                "unique index ops_artifacts_kind_sha_env_name_uq on (kind, sha, env, name) where name is not null",
            ]),
        Table(
            "convergence_findings", .mirror,
            [
                "id uuid primary key default gen_random_uuid()", "env text not null", "kind text not null",
                "key text not null", "status text not null default 'open'", "evidence jsonb default '{}'",
                "suggested_action text", "first_seen timestamptz default now()", "last_seen timestamptz default now()",
                "resolved_at timestamptz", "created_at timestamptz default now()",
                "updated_at timestamptz default now()",
            ], constraints: ["unique (env, kind, key)"],
            indexes: ["index idx_convergence_findings_status on (status)"]),
    ]

    private static let own = [
        Table(
            "reconcile_steps", .essential,
            [
                "run_id uuid not null", "step_id text not null", "resource_key text not null", "action text not null",
                "operation text not null", "title text not null", "environment text",
                "state text not null check (state in ('intended', 'done', 'failed', 'unknown'))",
                "input json not null", "output json not null", "intended_at timestamptz not null",
                "finished_at timestamptz",
            ], constraints: ["primary key (run_id, step_id)"],
            indexes: ["index reconcile_steps_open on (intended_at) where state in ('intended', 'unknown')"]),
        Table(
            "reconcile_inventory", .essential,
            [
                "resource_key text primary key", "kind text not null", "name text not null",
                "provider_id text not null", "environment text", "last_applied json not null",
                "revision text not null", "is_protected boolean not null", "created_at timestamptz not null",
                "updated_at timestamptz not null", "is_adopted boolean not null default false",
            ]),
        Table(
            "reconcile_state", .essential,
            ["key text primary key", "value json not null", "updated_at timestamptz not null"]),
        Table(
            "plans", .essential,
            [
                "run_id uuid primary key", "fingerprint text not null", "document json not null",
                "created_at timestamptz not null",
            ]),
        Table(
            "drift_items", .essential,
            [
                "id uuid primary key", "resource_key text not null", "cause text not null", "environment text",
                "detail json not null", "status text not null check (status in ('open', 'resolved'))",
                "first_seen timestamptz not null", "last_seen timestamptz not null", "run_id uuid not null",
                "resolved_at timestamptz", "resolved_by uuid",
            ], indexes: ["unique index drift_items_open on (resource_key, cause) where status = 'open'"]),
        Table(
            "evidence_chain", .essential,
            [
                "sequence bigint primary key", "run_id uuid not null", "manifest text not null", "previous text",
                "created_at timestamptz not null",
            ], indexes: ["index evidence_chain_run on (run_id)"]),
        Table(
            "audit_log", .essential,
            [
                "id uuid primary key", "at timestamptz not null", "action text not null", "target text not null",
                "actor text not null", "detail json not null",
            ], indexes: ["index audit_log_at on (at desc)"]),
        Table(
            "leases", .essential,
            [
                "name text primary key", "holder text not null", "token bigint not null",
                "expires_at timestamptz not null", "updated_at timestamptz not null",
            ]),
    ]
}
