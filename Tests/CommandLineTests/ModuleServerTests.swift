import Basics
import Formats
import Glibc
import TestKit
import Testing

/// Lists of modules from two servers of PostgreSQL, by the program as it was built.
@Suite("Lists of modules from two servers", .enabled(if: PostgresServer.isInstalled))
struct ModuleServerTests {
    private static let files = [
        "ssot/infra/digitalocean/inventory.yaml": """
        schema: ssot.infra.digitalocean.inventory.v1
        databases:
          - {name: live-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}
          - {name: lab-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}

        """,
        "ssot/environments.yaml": """
        schema: ssot.environments.v1
        environments:
          live: {tier: production, branch: main, database_cluster: live-pg, database: odoo}
          lab: {tier: dev, branch: develop, database_cluster: lab-pg, database: odoo}

        """,
    ]

    /// A server whose database `odoo` has these modules, readable for a role as docs/providers/postgres.md makes it.
    ///
    /// - Returns: what `modules.servers` is to lead to; its password is planted.
    private static func prepare(_ server: PostgresServer, _ modules: [String]) -> String {
        let password = "canary-reader-of-\(modules.count)"
        var rows = "('base', 'installed', '19.0.1.3')"
        for module in modules { rows += ", ('\(module)', 'installed', '19.0.1.0')" }
        for (sql, database) in [
            ("create role odooops_reader login password '\(password)'", "postgres"),
            ("create database odoo", "postgres"),
            ("revoke connect on database odoo from public", "postgres"),
            ("create table ir_module_module (name varchar, state varchar, latest_version varchar)", "odoo"),
            ("insert into ir_module_module values \(rows)", "odoo"),
            ("grant connect on database odoo to odooops_reader", "odoo"),
            ("grant usage on schema public to odooops_reader", "odoo"),
            ("grant select on public.ir_module_module to odooops_reader", "odoo"),
        ] {
            let result = server.execute(sql, database: database)
            #expect(result.status == 0, "\(sql): \(result.output)")
        }
        #expect(server.wantPassword(of: "odooops_reader"))
        return "postgres://odooops_reader:\(password)@127.0.0.1:\(server.port)/odoo"
    }

    private static func memory(_ site: Site) -> [String] {
        let sql = """
            select l.environment, l.outcome, coalesce(l.problem, '-'), (select group_concat(m.module, ' ') from
              (select module from environment_modules where environment = l.environment order by module) m)
            from module_looks l order by l.environment
            """
        return Shell.run("sqlite3 \(Shell.quote("\(site.state)/ops.sqlite")) \(Shell.quote(sql))").output
            .split(separator: "\n").map(String.init)
    }

    private static func check(_ result: Program.Result, _ name: String) -> Value? {
        result.json?.listValue?.first { $0["check"]?.stringValue == name }
    }

    @Test(
        "Each environment's list is its own server's; one that is down is named with its environments, its password nowhere"
    )
    func twoServers() async throws {
        let (live, lab) = (try #require(PostgresServer.another()), try #require(PostgresServer.another()))
        let site = try Site(files: Self.files)
        site.git("branch develop")
        // Below `ssot`, where the hunt for what is planted doesn't look.
        try site.directory.write(Self.prepare(lab, ["crm", "web_lab"]) + "\n", to: "ssot/reader")
        try site.directory.write(
            "modules: {interval: 1m, servers: {live-pg: 'env:LIVE_READER', lab-pg: 'file:ssot/reader'}}\n",
            to: "reconciler.yaml")
        let environment = ["LIVE_READER": Self.prepare(live, ["sale"])]
        var texts: [String] = []
        func run(_ arguments: String...) async -> Program.Result {
            let result = await Program.run(
                arguments + ["--log-level", "debug"], in: site.directory.path,
                site.environment.merging(environment) { $1 })
            texts.append(result.story)
            return result
        }

        let first = await run("doctor", "--json")
        for (name, read) in [("live-pg", "odoo 2 modules"), ("lab-pg", "odoo 3 modules")] {
            let check = Self.check(first, "modules of \(name)")
            #expect(check?["state"] == "ok" && check?["detail"]?.stringValue?.contains(read) == true, "\(first.story)")
        }
        let mighty = await site.run(
            "doctor", "--json", with: environment.merging(["LIVE_READER": live.uri()]) { $1 })
        let warned = Self.check(mighty, "modules of live-pg")
        #expect(warned?["state"] == "warning", "\(mighty.story)")
        #expect(warned?["detail"]?.stringValue?.contains("its role is a superuser") == true, "\(mighty.story)")
        #expect(warned?["remedy"]?.stringValue?.contains("create role odooops_reader") == true, "\(mighty.story)")
        for _ in 0..<2 {
            let pass = await run()
            #expect(pass.status == 0, "\(pass.story)")
        }
        #expect(Self.memory(site) == ["lab|modules|-|base crm web_lab", "live|modules|-|base sale"])

        #expect(lab.stop())
        let down = await run()
        #expect(down.status == 0 && down.error.contains("a server shows no modules"), "\(down.story)")
        let rows = Self.memory(site)
        #expect(rows.last == "live|modules|-|base sale")
        // What was seen before stays, with what keeps it from being seen anew.
        let problem = "POSTGRES-0017: the server lab-pg of modules.servers doesn't answer: "
        #expect(rows.first?.hasPrefix("lab|modules|\(problem)") == true, "\(rows)")
        #expect(rows.first?.hasSuffix("|base crm web_lab") == true)
        let ill = await run("doctor", "--json")
        let check = Self.check(ill, "modules of lab-pg")
        #expect(ill.status == 1 && check?["state"] == "failed", "\(ill.story)")
        #expect(check?["detail"]?.stringValue?.contains("POSTGRES-0017") == true, "\(ill.story)")
        #expect(check?["detail"]?.stringValue?.hasSuffix("not known: lab") == true, "\(ill.story)")
        #expect(check?["remedy"]?.stringValue?.contains("lets this machine reach 127.0.0.1:\(lab.port)") == true)
        #expect(Self.check(ill, "modules of live-pg")?["state"] == "ok")

        texts += try await Self.shown(site, environment, problem: problem, live: live)
        for text in texts { #expect(!PlantedSecrets.isHeld(in: text)) }
        #expect(PlantedSecrets.places(below: site.state) == [])
    }

    /// What the service tells of it, with the server that is down.
    ///
    /// - Returns: all that it said.
    private static func shown(
        _ site: Site, _ environment: [String: String], problem: String, live: PostgresServer
    ) async throws -> [String] {
        let port = UInt16(try #require(FreePort.find()))
        let service = try BackgroundProgram(
            ["run", "--listen", "127.0.0.1:\(port)", "--log-level", "debug"], in: site.directory.path,
            site.environment.merging(environment) { $1 })
        let isUp = await eventually {
            await Answer.to("GET", "/api/v1/modules/summary", port: port)?.body.contains("read_through\":\"") == true
        }
        #expect(isUp, "\(service.story)")
        var texts: [String] = []
        func body(_ path: String) async -> String {
            let text = await Answer.to("GET", path, port: port)?.body ?? ""
            texts.append(text)
            return text
        }
        let document = try JSON.parse(Array(await body("/api/v1/modules/summary").utf8))
        let summary = document["data"]?.listValue ?? []
        let words = summary.map { row in
            "\(row["environment"]?.stringValue ?? "") \(row["outcome"]?.stringValue ?? "") "
                + "\(row["read_through"]?.stringValue ?? "-")"
        }
        #expect(words.count == 2 && words.last == "live modules modules.servers.live-pg (127.0.0.1:\(live.port))")
        #expect(words.first?.hasPrefix("lab modules modules.servers.lab-pg (127.0.0.1:") == true, "\(words)")
        #expect(summary.first?["problem"]?.stringValue?.hasPrefix(problem) == true && summary.last?["problem"] == .null)
        let page = await body("/modules?environment=lab")
        for text in ["The last look showed nothing", "POSTGRES-0017", "modules.servers.lab-pg", "web_lab"] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(await body("/modules?environment=live").contains("it is read through modules.servers.live-pg"))
        #expect(await body("/api/v1/modules").contains("web_lab"))
        let told = await Person(site, port: port).run("modules", "summary", "--json")
        #expect(told.status == 0 && told.output.contains("modules.servers.lab-pg"), "\(told.story)")
        service.send(SIGTERM)
        #expect(await service.end(within: .seconds(60))?.status == 0, "\(service.story)")
        return texts + [told.story, service.story]
    }

    @Test("Doctor says what is wrong with a server that is named, and how to mend it")
    func ailments() async throws {
        let server = try #require(PostgresServer.shared)
        let site = try Site(files: Self.files)
        let port = "127.0.0.1:\(server.port)"
        let cases: [(cluster: String, uri: String?, state: String, detail: String, remedy: String)] = [
            ("lab-pg", nil, "failed", "POSTGRES-0018", "Put postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
            ("lab-pg", "postgres://r:canary-a@b@\(port)/x", "failed", "POSTGRES-0018", "%40"),
            (
                "lab-pg", "postgres://postgres:canary-p@\(port)/postgres", "warning", "POSTGRES-0019",
                "the cluster lab-pg"
            ),
            ("lap-pg", "postgres://postgres:canary-p@\(port)/postgres", "warning", "nothing is read", "lab-pg?"),
            ("lap-pg", "postgres://postgres:canary-p@127.0.0.1:1/x", "failed", "POSTGRES-0017", "whether it runs"),
        ]
        for (cluster, uri, state, detail, remedy) in cases {
            try site.directory.write("modules: {servers: {\(cluster): 'env:READER'}}\n", to: "reconciler.yaml")
            let result = await site.run("doctor", "--json", with: uri.map { ["READER": $0] } ?? [:])
            let check = Self.check(result, "modules of \(cluster)")
            #expect(check?["state"]?.stringValue == state, "\(result.story)")
            #expect(check?["detail"]?.stringValue?.contains(detail) == true, "\(result.story)")
            #expect(check?["remedy"]?.stringValue?.contains(remedy) == true, "\(result.story)")
            #expect(check?["remedy"]?.stringValue?.contains("reconcile doctor") == false)
            #expect(!PlantedSecrets.isHeld(in: result.story))
        }
    }
}
