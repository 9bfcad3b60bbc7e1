extension Migration {
    /// Which modules Odoo has installed in each environment's database, and what came of looking.
    static let modules = Migration(
        version: 30, name: "installed modules", types: [],
        tables: [
            Table(
                "module_looks", .essential,
                [
                    "environment text primary key", "resource_key text not null",
                    "outcome text not null check (outcome in ('modules', 'not_initialised', 'unknown'))",
                    "problem text", "observed_at timestamptz not null",
                ]),
            Table(
                "environment_modules", .essential,
                [
                    "environment text not null", "module text not null", "state text not null", "version text",
                    "origin text", "observed_at timestamptz not null",
                ], constraints: ["primary key (environment, module)"]),
        ])
}
