import Basics
import Formats
import Glibc
import TestKit
import Testing

@Suite("PostgreSQL as the store", .enabled(if: PostgresServer.isInstalled))
struct PostgresTests {
    @Test("The whole way: migrate, dry run, apply, an empty second pass, runs, evidence; no password is ever shown")
    func wholeWay() async throws {
        let server = try #require(PostgresServer.shared)
        let uri = try #require(server.makeDatabase("cli"))
        // The server trusts everybody on loopback; the password is there to be looked for.
        let withPassword = uri.replacing("postgres@", "postgres:s3cr3t-value@")
        let site = try Site()
        var seen = ""
        func run(_ arguments: String..., status: Int32 = 0) async -> Program.Result {
            let result = await Program.run(
                arguments + ["--store", withPassword], in: site.directory.path, site.environment)
            #expect(result.status == status, "\(arguments): \(result.story)")
            seen += result.story
            return result
        }
        _ = await run("doctor")
        _ = await run("migrate")
        #expect(await run("--dry-run").output.contains("4 to create"))
        #expect(await site.records().isEmpty)
        #expect(await run().output.contains("4 steps done"))
        #expect(await site.records().count == 3)
        #expect(await run("--json").json?["changes"]?.listValue?.isEmpty == true)
        #expect(await run("runs", "--json").json?.listValue?.count == 3)
        #expect(await run("show", "latest", "--verify").output.contains("verified"))
        #expect(await run("env", "extend", "lab", "--days", "3").output.contains("3 days more"))
        _ = await run("env", "list")
        _ = await run("drift")
        #expect(!seen.contains("s3cr3t"), "\(seen)")
        let state = Shell.run("grep -rl s3cr3t \(Shell.quote(site.state))")
        #expect(state.output.isEmpty, "\(state.output)")
        let rows = server.execute(
            "select count(*) from ops.runs", database: String(uri.split(separator: "/").last ?? ""))
        #expect(rows.output == "3\n", "\(rows.output)")
    }

    @Test("A wrong database is named without its password; the service outlives its sessions being ended")
    func faults() async throws {
        let server = try #require(PostgresServer.shared)
        let site = try Site()
        let wrong = server.uri(database: "nowhere").replacing("postgres@", "postgres:s3cr3t-value@")
        let refused = await site.run("runs", "--store", wrong)
        #expect(refused.status == 1 && refused.error.contains("error STORE-"), "\(refused.story)")
        #expect(refused.error.contains("nowhere") && !refused.error.contains("s3cr3t"), "\(refused.story)")

        let uri = try #require(server.makeDatabase("cli_service"))
        let name = String(uri.split(separator: "/").last ?? "")
        let port = UInt16(try #require(FreePort.find()))
        let service = try BackgroundProgram(
            ["run", "--listen", "127.0.0.1:\(port)", "--interval", "1h", "--store", uri], in: site.directory.path,
            site.environment)
        let isReady: @Sendable (Bool) async -> Bool = { wanted in
            await eventually {
                // Before it listens it may not handle the signal yet.
                guard await Answer.to("GET", "/healthz", port: port) != nil else { return false }
                service.send(SIGHUP)
                guard let answer = await Answer.to("GET", "/readyz", port: port) else { return false }
                return (answer.status == 200) == wanted
            }
        }
        #expect(await isReady(true), "\(service.story)")
        // No new session may begin and the old ones end: for this program the server is gone.
        server.execute("alter database \(name) allow_connections false")
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(name)'")
        #expect(await isReady(false), "\(service.story)")
        #expect(await Answer.to("GET", "/healthz", port: port)?.status == 200)
        server.execute("alter database \(name) allow_connections true")
        #expect(await isReady(true), "\(service.story)")
        service.send(SIGTERM)
        #expect(await service.end(within: .seconds(60))?.status == 0, "\(service.story)")
    }
}
