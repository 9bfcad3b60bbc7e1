extension Migration {
    /// The catalogue of integrations as the console reads it, and the names under which it asks for our tables.
    ///
    /// The console asks for a relation *named* `ops.x` in the schema that PostgREST serves by default, and for
    /// `integrations_view` likewise.
    static let integrations = Migration(
        version: 13, name: "integrations", types: [],
        tables: [
            Table(
                "integrations_catalog", .mirror,
                [
                    "key text primary key", "name text not null",
                    "category text not null check (category in ('auth_data', 'ai_inference', 'agents', 'devtools', "
                        + "'messaging', 'observability', 'storage', 'security', 'analytics', 'workflow'))",
                    "provider text not null check (provider in ('vercel_marketplace', 'supabase_native', 'direct', "
                        + "'custom_bridge'))",
                    "description text", "baseline_allowed boolean not null default true",
                    "plan_tier text not null default 'baseline' "
                        + "check (plan_tier in ('baseline', 'optional', 'premium'))",
                    "cost_band text not null default 'included' "
                        + "check (cost_band in ('free', 'included', 'low', 'medium', 'high'))",
                    "vendor_lock_in text not null default 'low' check (vendor_lock_in in ('low', 'medium', 'high'))",
                    "capabilities text[] not null default '{}'", "surfaces jsonb not null default '[]'",
                    "env_keys text[] not null default '{}'", "docs_url text", "notes text",
                    "created_at timestamptz not null default now()", "updated_at timestamptz not null default now()",
                ]),
            Table(
                "integrations_installations", .mirror,
                [
                    "key text primary key references ops.integrations_catalog (key) on delete cascade",
                    "status text not null default 'inactive' "
                        + "check (status in ('active', 'inactive', 'error', 'setup_required'))",
                    "billing text not null default 'direct' check (billing in ('vercel', 'direct', 'free'))",
                    "evidence jsonb not null default '{}'", "last_checked_at timestamptz",
                    "updated_at timestamptz not null default now()",
                ]),
        ],
        views: [
            View(schema: "ops", name: "integrations_view", tables: Self.catalogue, query: catalogueQuery),
            View(
                schema: "public", name: "integrations_view", tables: Self.catalogue,
                query: catalogueQuery),
            .mirror(of: "integrations_catalog"), .mirror(of: "integrations_installations"),
            .mirror(of: "convergence_findings"), .mirror(of: "artifacts"),
        ],
        readable: [
            "environments", "deployments", "artifacts", "do_droplets", "do_databases", "do_firewalls",
        ] + Self.catalogue)

    private static let catalogue = ["integrations_catalog", "integrations_installations"]

    private static let catalogueQuery = """
        select c.key, c.name, c.category, c.provider, c.description, c.baseline_allowed, c.plan_tier, c.cost_band, \
        c.vendor_lock_in, c.capabilities, c.surfaces, c.env_keys, c.docs_url, \
        coalesce(i.status, 'inactive') as status, coalesce(i.billing, 'direct') as billing, \
        coalesce(i.evidence, '{}'::jsonb) as evidence, i.last_checked_at \
        from ops.integrations_catalog c left join ops.integrations_installations i using (key) \
        order by c.baseline_allowed desc, c.plan_tier, c.category, c.name
        """
}
