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

    /// A command line whose result can't be written, its exit status, and what is told of it.
    private static let unwritten: [(String, Int32, told: Bool)] = [
        ("$ODOOOPS version >/dev/full", 1, true), ("$ODOOOPS env lsit --json >/dev/full", 64, true),
        ("$ODOOOPS rollback x --json >/dev/full", 69, true),
        ("$RECONCILE man >/dev/full", 1, true), ("$RECONCILE policy check nope --json >/dev/full", 64, false),
        ("$RECONCILE --version >/dev/full", 1, true),
        // Who reads no more wants no more: that is said to nobody, and hides no failure.
        ("{ sleep 0.3; $ODOOOPS rollback x --json; echo $? >status; } | true; exit $(cat status)", 69, false),
        ("{ sleep 0.3; $ODOOOPS man; echo $? >status; } | true; exit $(cat status)", 0, false),
        ("{ sleep 0.3; $RECONCILE man; echo $? >status; } | true; exit $(cat status)", 0, false),
    ]

    @Test(
        "A result that can't be written is no success, and a reader who goes away hides no failure",
        arguments: unwritten)
    func brokenOutput(_ line: String, _ status: Int32, told: Bool) async throws {
        let home = try TemporaryDirectory(prefix: "odooops-home")
        let outcome = await ChildProcess.run(
            "/bin/sh", ["-c", "cd \(home.path) && \(line)"],
            environment: [
                "HOME": home.path, "PATH": "/usr/bin:/bin", "ODOOOPS": Places.program("odooops"),
                "RECONCILE": Places.program("reconcile"),
            ], deadline: .seconds(60))
        let error = String(decoding: outcome.errorOutput, as: UTF8.self)
        #expect(outcome.status == status, "\(error)")
        #expect(error.contains("FILE-0001: the result is not whole") == told, "\(error)")
    }
}
