import Basics
import Formats
import Glibc
import StoreSQLite
import TestKit
import Testing
import Web

@Suite("What the program stands on fails")
struct OutageTests {
    /// A store that can't be used, and how it comes to be so.
    struct BadStore: Sendable, CustomTestStringConvertible {
        let name: String
        let code: String
        let says: [String]
        /// Damages the file and returns what to give to `--store`.
        let damage: @Sendable (String) -> String

        var testDescription: String { name }

        static let all = [
            BadStore(name: "newer", code: "STORE-0004", says: ["version 99", "another --store"]) { path in
                Shell.run("sqlite3 \(path) \"update odooops_migrations set version = 99 where version = 1\"")
                return "sqlite:\(path)"
            },
            BadStore(name: "no store", code: "STORE-0005", says: ["no SQLite database"]) { path in
                Shell.run("echo garbage >\(path)")
                return "sqlite:\(path)"
            },
            BadStore(name: "read-only", code: "STORE-0003", says: ["?mode=ro"]) { "sqlite:\($0)?mode=ro" },
            BadStore(name: "without a directory", code: "STORE-0007", says: ["mkdir -p"]) { "sqlite:\($0).d/x" },
        ]
    }

    @Test("A store that can't be used fails the pass before anything is done", arguments: BadStore.all)
    func refusesTheStore(_ bad: BadStore) async throws {
        let site = try Site()
        #expect(await site.run("--dry-run").status == 0)
        let path = site.directory.path("bad.sqlite")
        Shell.run("cp \(site.state)/ops.sqlite \(path)")
        let store = bad.damage(path)
        let before = try? FileSystem.read(path)
        let result = await site.run("--store", store)
        #expect(result.status == 1, "\(result.story)")
        #expect(result.error.contains("error \(bad.code): "), "\(result.story)")
        for text in bad.says { #expect(result.error.contains(text), "\(result.story)") }
        #expect(result.output.isEmpty, "\(result.story)")
        #expect(await site.records().isEmpty, "nothing may be done without a store to write it down")
        #expect((try? FileSystem.read(path)) == before, "what can't be understood is not touched")
    }

    @Test("A locked store is waited for, then named with the command that says who holds it; afterwards all is well")
    func waitsForALockedStore() async throws {
        let site = try Site()
        #expect(await site.run("--dry-run").status == 0)
        let lock = try await FileLock(site.state + "/ops.sqlite")
        let result = await site.run("--json")
        #expect(result.status == 1, "\(result.story)")
        #expect(result.error.contains("error STORE-0001: "), "\(result.story)")
        #expect(result.error.contains("fuser"), "\(result.story)")
        #expect(await site.records().isEmpty)
        await lock.release()
        #expect(await site.run().status == 0)
        #expect(await site.records().count == 3)
    }

    @Test("A full disk fails the pass with its place, and nothing is done", .enabled(if: SmallDisk.canMount))
    func survivesAFullDisk() async throws {
        let site = try Site()
        let disk = try SmallDisk("256k")
        disk.fill()
        let result = await site.run("--store", "sqlite:\(disk.path)/ops.sqlite")
        #expect(result.status == 1, "\(result.story)")
        #expect(result.error.contains("error STORE-0002: "), "\(result.story)")
        #expect(result.error.contains("df -h \(disk.path)"), "\(result.story)")
        #expect(await site.records().isEmpty)
        let doctor = await site.run("doctor", "--json", with: ["ODOOOPS_STATE_DIR": disk.path])
        let check = doctor.json?.listValue?.first { $0["check"]?.stringValue == "state directory" }
        #expect(check?["state"]?.stringValue == "failed", "\(doctor.story)")
        #expect(check?["remedy"]?.stringValue?.contains("df -h") == true, "\(doctor.story)")
    }

    @Test("A provider that answers a page for people is not believed: all of it is unknown and nothing is done")
    func disbelievesPages() async throws {
        let page = try WebServer(address: "127.0.0.1", port: 0) { _ in
            .text(200, "<html>Please log in to the network</html>", type: "text/html")
        }
        let site = try Site()
        let result = await site.run(with: ["DIGITALOCEAN_API_URL": "http://127.0.0.1:\(page.port)"])
        await page.stop(drain: .milliseconds(10))
        #expect(result.status == 1, "\(result.story)")
        #expect(result.error.contains("error RUN-0010: "), "\(result.story)")
        #expect(result.error.contains("no JSON"), "\(result.story)")
        #expect(result.error.contains("reconcile doctor"), "\(result.story)")
        #expect(result.error.split(separator: "\n").count <= 3, "one story for all kinds: \(result.story)")
        #expect(result.output.contains("4 unknown"), "\(result.story)")
    }

    @Test("A provider that is down, or that refuses the credential, leaves everything unknown")
    func standsAProviderThatIsDown() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let held = await site.records()
        await site.provider.goDown()
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": "schema: ssot.infra.digitalocean.inventory.v1\n"])
        let result = await site.run("--json")
        #expect(result.status == 1, "\(result.story)")
        #expect(result.error.contains("error RUN-0010: "), "\(result.story)")
        #expect(result.json?["summary"]?["delete"]?.intValue == 0, "\(result.story)")
        try site.provider.comeBack()
        #expect(await site.records() == held)
    }

    @Test("Without a credential nothing is observed, the plan says so, and the pass ends well")
    func saysWhatIsNotConfigured() async throws {
        let site = try Site()
        let result = await site.run("--dry-run", with: ["DIGITALOCEAN_ACCESS_TOKEN": ""])
        #expect(result.status == 0, "\(result.story)")
        #expect(result.output.contains("env:DIGITALOCEAN_ACCESS_TOKEN is not set"), "\(result.story)")
        #expect(result.output.contains("4 unknown"), "\(result.story)")
    }
}

/// Another connection that holds a SQLite file for itself.
final class FileLock {
    private let task: Task<Void, Never>
    private let directory: TemporaryDirectory

    /// Returns once the lock is held.
    init(_ path: String) async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let (ready, done) = (directory.path("ready"), directory.path("done"))
        let script =
            "(echo '.timeout 20000'; echo '.bail on'; echo 'begin exclusive;'; echo '.shell touch \(ready)'; "
            + "while [ ! -e \(done) ]; do sleep 0.02; done; echo 'rollback;') | sqlite3 \(Shell.quote(path))"
        task = Task {
            _ = await ChildProcess.run("/bin/sh", ["-c", script], environment: Program.base, deadline: .seconds(60))
        }
        let isHeld = await eventually { FileSystem.exists(ready) }
        try #require(isHeld)
    }

    /// Lets go and waits until it is done.
    func release() async {
        try? FileSystem.write([], to: directory.path("done"))
        await task.value
    }

    deinit { task.cancel() }
}
