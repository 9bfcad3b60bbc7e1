import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

/// Two services, each a process, on one store and one provider.
private final class TwoServices: Sendable {
    let site: Site
    let server: PostgresServer
    let database: String
    let uri: String
    let first: BackgroundProgram
    let second: BackgroundProgram

    /// How long a lease lasts here.
    static let lease = Duration.seconds(5)

    /// Starts one service whose requests take long, lets `strike` happen in the middle of its work, and starts another.
    init(_ strike: (BackgroundProgram, PostgresServer, String) async -> Void) async throws {
        site = try Site()
        server = try #require(PostgresServer.shared)
        uri = try #require(server.makeDatabase("services"))
        database = String(uri.split(separator: "/").last ?? "")
        #expect(await site.run("migrate", "--store", uri).status == 0)
        // The second and third record take long, so that the blow falls between the first effect and the last.
        site.provider.simulator.order(
            FaultOrder("POST", "/v2/domains/*/records", .slow(.milliseconds(1_500)), times: 3, skip: 1))
        first = try Self.start(site, uri)
        let simulator = site.provider.simulator
        let hasBegun = await eventually {
            // The second is there, and its answer is not.
            simulator.requestLog.count { $0.method == "POST" && $0.path.hasSuffix("/records") } == 2
        }
        try #require(hasBegun, "\(first.story)")
        await strike(first, server, database)
        second = try Self.start(site, uri)
    }

    private static func start(_ site: Site, _ uri: String) throws -> BackgroundProgram {
        let settings = ["ODOOOPS_LEASE": "5s", "ODOOOPS_CONCURRENCY": "1"]
        return try BackgroundProgram(
            ["run", "--listen", "127.0.0.1:0", "--interval", "5s", "--store", uri], in: site.directory.path,
            site.environment.merging(settings) { $1 })
    }

    /// Waits until everything is there and nothing is open any more.
    ///
    /// Where the blow fell between the intent of a creation and the request, that may come for two minutes more.
    func converge(within deadline: Duration = .minutes(5)) async -> Bool {
        await eventually(deadline) { [self] in
            guard await site.records().count == 3 else { return false }
            return query(
                "select (select count(*) from ops.reconcile_steps where state in ('intended', 'unknown')) + "
                    + "(select count(*) from ops.runs where last_phase in ('pending', 'planning', 'applying'))") == "0"
        }
    }

    func query(_ sql: String) -> String {
        server.execute(sql, database: database).output.filter { $0 != "\n" }
    }

    /// How often each record was created.
    var creations: Int {
        site.provider.simulator.requestLog.count {
            $0.method == "POST" && $0.path.hasSuffix("/records") && $0.status == 201
        }
    }

    /// Ends both in order.
    func end() async {
        for service in [first, second] where service.send(SIGTERM) { _ = await service.end() }
    }

    var story: String { "first:\n\(first.story)\nsecond:\n\(second.story)" }
}

@Suite("Two services on one store", .enabled(if: PostgresServer.isInstalled))
struct LiveServicesTests {
    /// What befalls the service that works.
    enum Blow: String, CaseIterable, Sendable {
        case killed, connectionsCut, serverRestarted

        func strike(_ service: BackgroundProgram, _ server: PostgresServer, _ database: String) {
            switch self {
            case .killed: service.send(SIGKILL)
            case .connectionsCut:
                server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(database)'")
            case .serverRestarted: server.restart()
            }
        }
    }

    @Test("whatever befalls one in the middle of its work, all is there in the end, and once", arguments: Blow.allCases)
    func endsWell(_ blow: Blow) async throws {
        let services = try await TwoServices { blow.strike($0, $1, $2) }
        #expect(await services.converge(), "\(services.story)")
        #expect(services.creations == 3, "\(services.story)")
        await services.end()
        let check = await services.site.run("show", "latest", "--verify", "--store", services.uri)
        #expect(check.status == 0, "\(check.story)")
    }

    @Test("one that stands still loses its work to the other within a lease, and does nothing twice when it wakes up")
    func wakesUpTooLate() async throws {
        let stopped = Locked(Duration.zero)
        let time = SystemTime()
        let services = try await TwoServices { service, _, _ in
            service.send(SIGSTOP)
            stopped.withLock { $0 = time.uptime }
        }
        #expect(await services.converge(), "\(services.story)")
        let took = time.uptime - stopped.withLock { $0 }
        // It was at work, and so held the lease; the request that was under way has arrived all the same.
        #expect(services.query("select max(token) >= 2 from ops.leases where name = 'reconcile'") == "t")
        let runs = services.query("select count(*) from ops.runs where error_json->>'code' = 'STORE-0040'")
        #expect(runs == "1", "\(services.story)")
        StandardStreams.output("take-over of a service that stands still, lease 5s: all done after \(took.shortText)\n")

        let before = services.query(
            "select string_agg(resource_key || provider_id, ',' order by resource_key) from ops.reconcile_inventory")
        services.first.send(SIGCONT)
        let hasNoticed = await eventually { services.first.story.contains("STORE-0028") }
        #expect(hasNoticed, "\(services.story)")
        #expect(await services.converge(), "\(services.story)")
        #expect(services.creations == 3, "\(services.story)")
        let after = services.query(
            "select string_agg(resource_key || provider_id, ',' order by resource_key) from ops.reconcile_inventory")
        #expect(before == after)
        await services.end()
    }
}
