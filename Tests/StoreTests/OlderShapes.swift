import Store

/// Schemas that real installations hold: the tables of our names in the shapes of other migrations.
enum OlderShapes {
    /// What Supabase brings.
    static let supabase = [
        "create schema auth", "create table auth.users (id uuid primary key)",
        "create function auth.uid() returns uuid language sql stable as 'select null::uuid'",
        """
        do $$ begin
          if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated; end if;
          if not exists (select from pg_roles where rolname = 'service_role') then create role service_role; end if;
        exception when duplicate_object or unique_violation then null; end $$
        """, "create schema ops",
    ]

    /// Runs, events and artifacts of the console's own migrations (variant P).
    static let consoleRuns = [
        "create type ops.run_status as enum ('pending', 'running', 'completed', 'failed', 'cancelled')",
        "create type ops.event_source as enum ('odoo', 'supabase', 'n8n', 'manual')",
        """
        create table ops.runs (id uuid primary key default gen_random_uuid(), run_type text not null,
          status ops.run_status not null default 'pending', source ops.event_source not null default 'odoo',
          odoo_db text, odoo_model text, odoo_id bigint, started_at timestamptz default now(),
          completed_at timestamptz,
          duration_ms integer generated always as (extract(epoch from (completed_at - started_at)) * 1000) stored,
          metadata jsonb default '{}', created_by uuid references auth.users (id),
          created_at timestamptz default now(), updated_at timestamptz default now())
        """,
        """
        create table ops.run_events (id uuid primary key default gen_random_uuid(),
          run_id uuid references ops.runs (id) on delete cascade, event_type text not null,
          idempotency_key text unique, source ops.event_source not null default 'odoo', odoo_db text, odoo_model text,
          odoo_id bigint, odoo_event_id bigint, payload jsonb not null default '{}',
          timestamp timestamptz not null default now(), ingested_at timestamptz default now())
        """, "alter table ops.runs enable row level security",
        "create policy service_role_all on ops.runs to service_role using (true) with check (true)",
    ]

    /// The columns that later migrations of the console added to its runs.
    static let consoleRunsLater = [
        "alter table ops.runs add column agent text, add column input_json jsonb default '{}'",
        "alter table ops.runs add column error_json jsonb, add column idempotency_key text unique",
        "alter table ops.runs add column last_phase varchar(64), add column checkpoint_at timestamptz",
        "alter table ops.run_events add column trace_id uuid, add column span_id uuid",
    ]

    static let consoleArtifacts = [
        """
        create table ops.artifacts (id uuid primary key default gen_random_uuid(),
          run_id uuid references ops.runs (id) on delete set null, artifact_type text not null, name text,
          content jsonb, storage_path text, created_at timestamptz default now())
        """
    ]

    /// Variant N with its three seeded rows.
    static let environments = [
        """
        create table ops.environments (id uuid primary key default gen_random_uuid(), slug text not null unique,
          type text not null default 'development', url text, branch text, status text default 'online',
          metadata jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz default now())
        """,
        """
        create table ops.deployments (id uuid primary key default gen_random_uuid(),
          environment_id uuid references ops.environments (id), sha text not null, branch text,
          state text default 'queued', author text, msg text, duration integer, artifacts_json jsonb default '{}',
          created_at timestamptz default now(), finished_at timestamptz)
        """,
        """
        insert into ops.environments (slug, type, branch) values ('prod', 'production', 'main'),
          ('stage', 'staging', 'develop'), ('dev', 'development', 'feat/ops-console')
        """,
    ]

    /// Variant T, of which only the droplets hold a row.
    static let digitalOcean = [
        """
        create table ops.do_droplets (id bigserial primary key, do_id bigint not null unique, name text not null,
          region text not null, size_slug text, ipv4_public inet, ipv4_private inet,
          status text not null check (status in ('new', 'active', 'off', 'archive')),
          tags text[] not null default '{}', image_slug text, vcpus integer, memory_mb integer, disk_gb integer,
          created_at_do timestamptz, updated_at timestamptz not null default now(), raw jsonb not null default '{}')
        """,
        "insert into ops.do_droplets (do_id, name, region, status) values (0, 'odoo-production', 'sgp1', 'active')",
    ]

    /// Variant X.
    static let artifacts = [
        """
        create table ops.artifacts (id uuid primary key default gen_random_uuid(), kind text not null,
          sha text not null, branch text, pr_number integer, run_id text, artifact_url text,
          metadata jsonb not null default '{}', created_at timestamptz not null default now(),
          status text not null default 'success' check (status in ('success', 'failed', 'skipped')), reason text,
          env text not null default 'ci', name text)
        """,
        """
        create unique index ops_artifacts_kind_sha_env_name_uq on ops.artifacts (kind, sha, env, name)
          where name is not null
        """,
    ]

    /// Variant Y.
    static let findings = [
        """
        create table ops.convergence_findings (id uuid primary key default gen_random_uuid(), env text not null,
          kind text not null, key text not null, status text not null default 'open', evidence jsonb default '{}',
          suggested_action text, first_seen timestamptz default now(), last_seen timestamptz default now(),
          resolved_at timestamptz, created_at timestamptz default now(), updated_at timestamptz default now(),
          unique (env, kind, key))
        """
    ]

    /// The leftovers of running all migrations from scratch: deployments and run events of the first one.
    static let firstDeployments = [
        """
        create table ops.deployments (id uuid primary key default gen_random_uuid(), system text not null,
          environment text not null, version text, status text not null, started_at timestamptz not null default now(),
          finished_at timestamptz, artifact_ref text, evidence_ref text, metadata jsonb not null default '{}')
        """
    ]
    static let firstEvents = [
        """
        create table ops.run_events (id uuid primary key default gen_random_uuid(), event_id text,
          level text not null, message text not null, context jsonb not null default '{}',
          created_at timestamptz not null default now())
        """
    ]

    /// Shapes beside which ours can't live, what names them, and what is said of them.
    static let incompatible: [(statements: [String], object: String, detail: String)] = [
        (firstEvents, "ops.run_events", "event_type is missing"),
        (
            ["create type ops.run_status as enum ('queued', 'claimed', 'running', 'succeeded', 'failed', 'canceled')"],
            "type ops.run_status", "missing is pending, completed, cancelled"
        ),
        (
            [
                """
                create table ops.runs (id uuid primary key default gen_random_uuid(),
                  created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
                  status text not null default 'queued', actor text, repo text, ref text, pack_id text,
                  input jsonb not null default '{}', output jsonb not null default '{}')
                """
            ], "ops.runs", "run_type is missing"
        ),
        (
            [
                """
                create table ops.runs (run_id text primary key, project_id text not null, env_id text not null,
                  git_sha text not null, git_ref text not null, status text not null, claimed_by text,
                  created_at timestamptz not null default now(), metadata jsonb not null default '{}')
                """
            ], "ops.runs", "id is missing"
        ),
        (
            [
                """
                create table ops.runs (id bigserial primary key, created_at timestamptz not null default now(),
                  source text not null, kind text not null, status text not null default 'queued',
                  payload jsonb not null default '{}', result jsonb)
                """
            ], "ops.runs", "id is int8"
        ),
        (
            [
                """
                create table ops.environments (env_id text primary key, project_id text not null,
                  env_type text not null, branch_pattern text not null, db_name text, config jsonb default '{}')
                """
            ], "ops.environments", "id is missing"
        ),
        (["create view ops.runs as select 1 as id"], "ops.runs", "it is a view"),
        (
            [
                """
                create table ops.leases (name text primary key, holder text not null, token bigint not null,
                  expires_at timestamptz not null, updated_at timestamptz not null, tenant text not null)
                """
            ], "ops.leases", "tenant must be filled"
        ),
        (
            ["create table ops.plans (run_id uuid, fingerprint text, document json, created_at timestamptz)"],
            "ops.plans", "run_id is not unique"
        ),
    ]

    /// The same in SQLite, where types carry no weight.
    static let incompatibleSQLite: [(statements: [String], object: String, detail: String)] = [
        (
            ["create table ops.runs (run_id text primary key, status text not null) strict"], "ops.runs",
            "id is missing"
        ),
        (
            ["create table ops.run_events (id text primary key, level text not null, message text not null)"],
            "ops.run_events", "event_type is missing"
        ),
        (["create view ops.environments as select 1 as id"], "ops.environments", "it is a view"),
    ]
}
