import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

@Suite("What a running service stands on is cut, goes down, or is full")
struct LiveOutageTests {
    private static let hooks = ["ODOOOPS_HOOKS_GITHUB": "env:HOOK_KEY", "HOOK_KEY": "key-of-the-hooks"]

    /// A delivery that its sender will repeat unless it is told that it was kept.
    private static func deliver(_ id: String, to running: ServiceTests.Running) async -> Int? {
        let body = #"{"repository": {"full_name": "acme/odoo"}, "ref": "refs/heads/main"}"#
        let code = Hex.encode(hmacSHA256(key: Array("key-of-the-hooks".utf8), Array(body.utf8)))
        let headers = "X-GitHub-Event: push\r\nX-GitHub-Delivery: \(id)\r\nX-Hub-Signature-256: sha256=\(code)\r\n"
        return await Answer.to("POST", "/hooks/github", port: running.port, headers: headers, body: body)?.status
    }

    /// What holds after every outage: the last wish is fulfilled, once, and the evidence is whole.
    private static func endsWell(
        _ running: ServiceTests.Running, store: String, creations wanted: Int
    ) async throws {
        let (site, last) = (running.site, Site.inventory.replacing("hello", "after it"))
        let log = site.provider.simulator.requestLog
        let creations = log.count { $0.method == "POST" && $0.path.hasSuffix("/records") && $0.status == 201 }
        #expect(creations == wanted, "\(log.map { "\($0.method) \($0.path)" })")
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": last])
        let isThere = await eventually {
            running.wake()
            return await site.records().contains("TXT note after it")
        }
        #expect(isThere, "\(running.program.story)")
        try #require(await running.untilReady(true), "\(running.program.story)")
        running.program.send(SIGTERM)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(running.program.story)")
        let check = await site.run("show", "latest", "--verify", "--store", store)
        #expect(check.status == 0, "\(check.story)")
        #expect(await site.run("audit", "verify", "--store", store).status == 0)
    }

    @Test(
        "A full disk below the embedded store: nothing is done without a journal, nothing that was kept is lost",
        .enabled(if: SmallDisk.canMount))
    func embedded() async throws {
        let (site, disk) = (try Site(), try SmallDisk("32m"))
        let store = "sqlite:\(disk.path)/ops.sqlite"
        let running = try await ServiceTests.Running(site, Self.hooks, arguments: ["--store", store])
        #expect(await running.passes(1), "\(running.program.story)")
        let held = await site.records()
        #expect(await Self.deliver("before", to: running) == 202)

        disk.fill()
        try #require(await running.untilReady(false, says: "STORE-0002"), "\(running.program.story)")
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing("hello", "while full")])
        let count = running.passes.count
        running.wake()
        #expect(await running.passes(count + 1), "\(running.program.story)")
        #expect(await site.records() == held, "what can't be written down is not done")
        #expect(await Self.deliver("full", to: running) == 503)
        #expect(await running.get("/healthz")?.status == 200)

        disk.free()
        try #require(await running.untilReady(true), "\(running.program.story)")
        #expect(await Self.deliver("full", to: running) == 202, "what was refused was not remembered as a duplicate")
        #expect(await Self.deliver("before", to: running) == 200, "what was kept before is still known")
        // A text record that says something else is another record.
        try await Self.endsWell(running, store: store, creations: 4)
    }

    @Test(
        "PostgreSQL goes down, and then its disk is full: the service says so, takes nothing that it can't keep, and goes on",
        .enabled(if: SmallDisk.canMount && PostgresServer.isInstalled))
    func postgres() async throws {
        let server = try #require(PostgresServer.shared)
        let (site, disk) = (try Site(), try SmallDisk("40m"))
        let data = "\(disk.path)/data"
        try FileSystem.createDirectory(data)
        Shell.run("chmod 755 \(disk.path)")
        let store = try #require(server.makeDatabase("outage", in: data))
        // The cluster of the tests lets its crash take what was just committed; a real one doesn't.
        let name = String(store.split(separator: "/").last ?? "")
        server.execute("alter database \(name) set synchronous_commit = on")
        #expect(await site.run("migrate", "--store", store).status == 0)
        let running = try await ServiceTests.Running(site, Self.hooks, arguments: ["--store", store])
        #expect(await running.passes(1), "\(running.program.story)")
        #expect(await Self.deliver("before", to: running) == 202)

        #expect(server.stop())
        try #require(await running.untilReady(false, says: "STORE-001"), "\(running.program.story)")
        #expect(await Self.deliver("down", to: running) == 503)
        #expect(await running.get("/healthz")?.status == 200)
        try #require(server.startAgain())
        try #require(await running.untilReady(true), "\(running.program.story)")
        #expect(await Self.deliver("down", to: running) == 202)

        disk.fill()
        try #require(await running.untilReady(false, says: "STORE-0002"), "\(running.program.story)")
        #expect(await running.get("/healthz")?.status == 200)
        disk.free()
        try #require(await running.untilReady(true), "\(running.program.story)")
        #expect(await Self.deliver("before", to: running) == 200, "what was kept before is still known")
        try await Self.endsWell(running, store: store, creations: 3)
        server.execute("drop database \(name) with (force)")
        server.execute("drop tablespace \(name)")
    }
}
