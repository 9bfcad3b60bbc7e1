import Basics
import Formats
import Simulator
import TestKit
import Testing
import Web

/// What the platform's existing console asks of `ops.*`, asked as it asks it, in the role that it has.
@Suite("Queries of the existing console", .enabled(if: PostgresServer.isInstalled))
struct ConsoleQueryTests {
    private static let index = """
        schema: ssot.integrations.index.v1
        integrations:
          - id: chat
            file: ssot/integrations/chat.yaml
            install_state: ssot/integrations/chat.install.yaml
            status: active
            category: messaging
            vendor: slack
          - id: gateway
            file: ssot/integrations/gateway.yaml
            status: active
            category: llm_gateway
            vendor: acme
          - id: later
            file: ssot/integrations/later.yaml
            status: planned
            category: devtools
            vendor: acme

        """

    /// The role, the query as PostgREST makes it of what the console sends, and what has to be in the answer.
    private static let queries: [(role: String, sql: String, expected: [String])] = [
        (
            "service_role",
            """
            select id, run_type, agent, status, source, idempotency_key, metadata, started_at, completed_at, created_at,
              error_json from ops.runs order by created_at desc limit 100
            """, ["|reconcile|odooops-reconciler|completed|manual|"]
        ),
        (
            "service_role",
            """
            select e.id, e.event_type, e.payload, e.timestamp from ops.run_events e
            where e.run_id = (select id from ops.runs order by created_at limit 1) order by e.timestamp
            """, ["|gates|"]
        ),
        (
            "service_role",
            """
            select * from public."ops.convergence_findings" where status <> 'resolved' order by last_seen desc limit 5
            """, ["\"cause\": \"external_change\"", "digitalocean.record/shop.example/A/www"]
        ),
        (
            "service_role",
            """
            select id, kind, sha, branch, created_at, metadata from ops.artifacts order by created_at desc limit 5
            """, ["|reconcile_plan|", "\"revision\""]
        ),
        (
            "service_role", "select kind, sha from public.\"ops.artifacts\" order by created_at desc limit 5",
            ["reconcile_plan|"]
        ),
        (
            "service_role", "select key, category, baseline_allowed, status from public.integrations_view",
            ["chat|messaging|t|active", "gateway|ai_inference|f|setup_required", "later|devtools|f|inactive"]
        ),
        ("service_role", "select key from public.\"ops.integrations_catalog\" order by key", ["chat\ngateway\nlater"]),
        (
            "authenticated", "select slug, type, status, url, branch, updated_at from ops.environments order by slug",
            [
                "lab|"
            ]
        ),
        (
            "authenticated",
            "select sha, branch, state, author, msg, duration from ops.deployments order by created_at desc limit 20",
            ["|success|T <t@t>|", " steps|"]
        ),
        ("authenticated", "select name, status, size_slug, tags from ops.do_droplets where status = 'active'", []),
        // The panels, which ask for all columns as whoever is signed in.
        ("authenticated", "select * from ops.runs order by created_at desc limit 50", ["|reconcile|completed|manual|"]),
        (
            "authenticated",
            """
            select * from ops.run_events where run_id = (select id from ops.runs order by created_at limit 1)
            order by timestamp
            """, ["|gates|"]
        ),
        ("authenticated", "select * from ops.environments order by slug", ["{\"db\": "]),
        (
            "authenticated",
            """
            select 'otherwise ' || count(*) from ops.environments
            where branch_pattern is distinct from branch or config ->> 'db' is distinct from database_name
            """, ["otherwise 0"]
        ),
    ]

    @Test("Each is answered with our rows, unmodified; who isn't signed in sees none of them")
    func answers() async throws {
        let server = try #require(PostgresServer.shared)
        let uri = try #require(server.makeDatabase("console"))
        let database = String(uri.split(separator: "/").last ?? "")
        for role in ["anon", "authenticated", "service_role"] {
            server.execute(
                """
                do $$ begin create role \(role) nologin; exception when duplicate_object or unique_violation then null;
                end $$
                """, database: database)
        }
        let site = try Site()
        try site.commit([
            "ssot/integrations/_index.yaml": Self.index,
            "ssot/integrations/chat.yaml": "display_name: Team chat\nbaseline_allowed: true\n",
            "ssot/integrations/chat.install.yaml": "installed: true\n",
            "ssot/integrations/gateway.yaml": "required_secrets: [GATEWAY_KEY]\n",
            "ssot/integrations/later.yaml": "display_name: Later\n",
        ])
        let result = await site.run("--store", uri)
        #expect(result.status == 0 && !result.error.contains("could not be kept"), "\(result.story)")
        // Somebody changes a record by hand; a look finds it.
        let records = "/v2/domains/shop.example/records"
        func provider(_ method: String, _ path: String, _ body: String = "") async -> Value? {
            let answer = await site.provider.simulator.answer(
                WebRequest(
                    method: method, path: path, query: [("per_page", "200")],
                    headers: [("Authorization", "Bearer token-of-the-tests"), ("Content-Type", "application/json")],
                    body: Array(body.utf8)))
            return try? JSON.parse(answer.body)
        }
        let listed = await provider("GET", records)?["domain_records"]?.listValue ?? []
        let record = try #require(listed.first { $0["name"] == "www" }?["id"]?.intValue)
        _ = await provider("PATCH", "\(records)/\(record)", #"{"type": "A", "data": "203.0.113.99"}"#)
        let look = await site.run("--dry-run", "--store", uri)
        #expect(look.output.contains("203.0.113.99"), "\(look.story)")
        func ask(_ role: String, _ sql: String) -> (status: Int32, output: String) {
            server.execute("set role \(role); \(sql)", database: database)
        }
        for query in Self.queries {
            let answer = ask(query.role, query.sql)
            #expect(answer.status == 0, "\(query.sql): \(answer.output)")
            for text in query.expected { #expect(answer.output.contains(text), "\(query.sql): \(answer.output)") }
        }
        for table in ["ops.runs", "ops.environments", "public.integrations_view"] {
            let answer = ask("anon", "select * from \(table)")
            #expect(answer.status != 0 && answer.output.contains("permission denied"), "\(table): \(answer.output)")
        }
        // A run that somebody began elsewhere is theirs.
        server.execute(
            """
            insert into ops.runs (run_type, created_by) values ('theirs', gen_random_uuid());
            insert into ops.run_events (run_id, event_type) select id, 'theirs' from ops.runs where run_type = 'theirs'
            """, database: database)
        for (table, column) in [("runs", "run_type"), ("run_events", "event_type")] {
            let sql = "select \(column) || count(*) from ops.\(table) where \(column) = 'theirs' group by \(column)"
            #expect(ask("service_role", sql).output.contains("theirs1"), "\(table)")
            #expect(!ask("authenticated", sql).output.contains("theirs1"), "\(table)")
        }
        for table in ["ops.plans", "ops.drift_items", "public.\"ops.artifacts\""] {
            let answer = ask("authenticated", "select * from \(table)")
            #expect(answer.status != 0 && answer.output.contains("permission denied"), "\(table): \(answer.output)")
        }

        // What is wanted no more isn't taken out of the catalogue, and what people wrote there stays.
        server.execute("update ops.integrations_catalog set docs_url = 'https://chat.example'", database: database)
        try site.commit([
            "ssot/integrations/_index.yaml": Self.index.components(upTo: "  - id: later"),
            "ssot/integrations/chat.install.yaml": "installed: true\nby: person\n",
        ])
        #expect(await site.run("--store", uri).status == 0)
        let rows = ask("service_role", "select key, status, docs_url from public.integrations_view order by key").output
        #expect(rows.contains("chat|active|https://chat.example") && rows.contains("later|inactive|"), "\(rows)")
    }
}

extension String {
    /// What stands before a text.
    fileprivate func components(upTo text: String) -> String {
        firstRange(of: text).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
