import Basics
import Glibc
import Simulator
import TestKit
import Testing

@Suite("Two services that share the work by shards", .enabled(if: PostgresServer.isInstalled))
struct LiveShardTests {
    /// What befalls the first of them, or the store of both, in the middle of their work.
    enum Blow: String, CaseIterable, Sendable {
        case killed, standsStill, storeRestarted, connectionsCut
    }

    private static let environments = (1...6).map { "e\($0)" }

    private static var files: [String: String] {
        var files = Site.files
        files["ssot/infra/digitalocean/inventory.yaml"] = """
            schema: ssot.infra.digitalocean.inventory.v1
            droplets: [{name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: []}]
            domains: [{name: shop.example}]

            """
        files["ssot/environments.yaml"] = "schema: ssot.environments.v1\nenvironments: {}\n"
        return files
    }

    private static let wished =
        "schema: ssot.environments.v1\nenvironments:\n"
        + environments.map { "  \($0): {tier: staging, branch: main, host: web, domain: \($0).shop.example}\n" }
        .joined()

    @Test("all is there in the end, and once, whatever befalls one of them", arguments: Blow.allCases)
    func endsWell(_ blow: Blow) async throws {
        let site = try Site(files: Self.files)
        let server = try #require(PostgresServer.shared)
        let uri = try #require(server.makeDatabase("shards"))
        let database = String(uri.split(separator: "/").last ?? "")
        @Sendable func query(_ sql: String) -> String {
            server.execute(sql, database: database).output.filter { $0 != "\n" }
        }
        #expect(await site.run("migrate", "--store", uri).status == 0)
        let simulator = site.provider.simulator
        // Each record takes long, so that both are in the middle of something.
        simulator.order(FaultOrder("POST", "/v2/domains/*/records", .slow(.milliseconds(700)), times: 4))
        let services = try (0..<2).map { _ in
            try BackgroundProgram(
                ["run", "--listen", "127.0.0.1:0", "--interval", "5s", "--store", uri], in: site.directory.path,
                site.environment.merging(
                    ["ODOOOPS_LEASE": "5s", "ODOOOPS_CONCURRENCY": "1", "ODOOOPS_SHARDS": "4"]) { $1 })
        }
        var story: String { services.map(\.story).joined(separator: "\nsecond:\n") }
        @Sendable func machines() -> Int {
            simulator.requestLog.count { $0.method == "POST" && $0.path == "/v2/droplets" && $0.status == 202 }
        }
        @Sendable func records() -> Int {
            simulator.requestLog.count { $0.method == "POST" && $0.path.hasSuffix("/records") }
        }
        // Each knows of the other, and one has left the other its share, before there is work for both.
        let parts = "select count(*) > 0 from ops.runs where jsonb_array_length(metadata->'shards'->'held') < 4"
        let areThere =
            "select (select count(*) = 2 from ops.reconcile_services) and "
            + "(select count(*) > 0 from ops.runs where last_phase = 'succeeded') and (\(parts))"
        try #require(await eventually { query(areThere) == "t" && machines() == 1 }, "\(story)")
        try site.commit(["ssot/environments.yaml": Self.wished])
        try #require(await eventually { records() >= 2 }, "\(story)")
        switch blow {
        case .killed: services[0].send(SIGKILL)
        case .standsStill: services[0].send(SIGSTOP)
        case .storeRestarted: #expect(server.restart())
        case .connectionsCut:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(database)' "
                    + "and pid <> pg_backend_pid()")
        }
        @Sendable func isDone() async -> Bool {
            guard await site.records().count == Self.environments.count else { return false }
            return query(
                "select (select count(*) from ops.reconcile_steps where state in ('intended', 'unknown')) + "
                    + "(select count(*) from ops.runs where last_phase in ('pending', 'planning', 'applying'))") == "0"
        }
        // What was begun and isn't there may come for two minutes: so long it is nobody's to make, if the blow fell just there.
        #expect(await eventually { await isDone() }, "\(story)")
        if blow == .standsStill {
            services[0].send(SIGCONT)
            // It takes its share again.
            #expect(
                await eventually { query("select count(*) from ops.reconcile_services") == "2" },
                "\(story)")
            #expect(await eventually { await isDone() }, "\(story)")
        }
        let created = simulator.requestLog.count {
            $0.method == "POST" && $0.path.hasSuffix("/records") && $0.status == 201
        }
        #expect(created == Self.environments.count, "\(story)")
        #expect(machines() == 1, "\(story)")
        // Every shard has been held.
        #expect(query("select count(*) from ops.leases where name like 'reconcile%'") == "4")
        for service in services where service.send(SIGTERM) { _ = await service.end() }
        let check = await site.run("show", "latest", "--verify", "--store", uri)
        #expect(check.status == 0, "\(check.story)")
    }
}
