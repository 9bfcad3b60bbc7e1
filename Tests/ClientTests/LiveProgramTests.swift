import Basics
import TestKit
import Testing

/// The program as it was built.
@Suite("The program") struct LiveProgramTests {
    private func run(_ arguments: String..., home: String) async -> ChildOutcome {
        await ChildProcess.run(
            Places.program("odooops"), arguments, environment: ["HOME": home, "PATH": "/usr/bin:/bin"],
            deadline: .seconds(60))
    }

    @Test("Nobody listens: exit status 69, and how to start the service")
    func nobodyListens() async throws {
        let home = try TemporaryDirectory(prefix: "odooops-home")
        let port = try #require(FreePort.find())
        let outcome = await run("status", "--url", "http://127.0.0.1:\(port)", home: home.path)
        let error = String(decoding: outcome.errorOutput, as: UTF8.self)
        #expect(outcome.status == 69, "\(error)")
        #expect(error.contains("CLI-0001") && error.contains("connection refused") && error.contains("reconcile run"))
        #expect(outcome.output.isEmpty)
    }

    @Test("What asks no service is answered without one, and the contexts outlive the process")
    func withoutService() async throws {
        let home = try TemporaryDirectory(prefix: "odooops-home")
        let version = await run("--version", home: home.path)
        #expect(version.status == 0 && String(decoding: version.output, as: UTF8.self).hasPrefix("odooops "))
        #expect((await run("context", "add", "work", "--url", "https://odooops.example", home: home.path)).status == 0)
        let contexts = await run("context", "list", home: home.path)
        #expect(String(decoding: contexts.output, as: UTF8.self).contains("https://odooops.example"))
        #expect(FileSystem.exists(home.path(".config/odooops/config.yaml")))
        #expect((await run("env", "lsit", home: home.path)).status == 64)
        #expect((await run("rollback", "production", home: home.path)).status == 69)
    }
}
