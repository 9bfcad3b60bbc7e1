import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Web

/// The program as it was built.
enum Program {
    static let path = Places.program("reconcile")

    /// Runs it to its end in a directory, with those variables and the fewest others.
    static func run(
        _ arguments: [String], in directory: String, _ environment: [String: String] = [:],
        deadline: Duration = .seconds(120)
    ) async -> Result {
        // A shell goes into the directory; the arguments never pass through its reading.
        let outcome = await ChildProcess.run(
            "/bin/sh", ["-c", "cd \"$1\" && shift && exec \"$@\"", "sh", directory, path] + arguments,
            environment: base.merging(environment) { $1 }, outputLimit: 16 << 20, deadline: deadline)
        return Result(
            status: outcome.status, signal: outcome.signal, output: String(decoding: outcome.output, as: UTF8.self),
            error: String(decoding: outcome.errorOutput, as: UTF8.self), timedOut: outcome.timedOut)
    }

    static let base: [String: String] = {
        let own = ProcessEnvironment.variables()
        return [
            "PATH": own["PATH"] ?? "/usr/bin:/bin", "TMPDIR": own["TMPDIR"] ?? "/tmp", "HOME": "/nonexistent",
            "COLUMNS": "100", "USER": "tester",
        ]
    }()

    struct Result: Sendable {
        let status: Int32?
        let signal: Int32?
        let output: String
        let error: String
        let timedOut: Bool

        /// The one JSON document of standard output; nil when that is none.
        var json: Value? { try? JSON.parse(Array(output.utf8)) }

        /// For a failing test: everything that was printed.
        var story: String {
            "exit \(status.map(String.init) ?? "signal \(signal ?? 0)")\(timedOut ? ", timed out" : "")\n--- out\n\(output)\n--- err\n\(error)"
        }
    }
}

/// A repository, a directory for state, and a simulated provider: what a user has.
final class Site: Sendable {
    let directory: TemporaryDirectory
    let provider: Provider

    var repository: String { directory.path("ssot") }
    var state: String { directory.path("state") }

    /// A site with the small SSOT below, at one commit.
    init(files: [String: String] = Site.files, provider: Provider? = nil) throws {
        directory = try TemporaryDirectory(prefix: "odooops-site")
        self.provider = try provider ?? Provider()
        try write(files)
        git("init -q -b main . && git branch -m main 2>/dev/null; git config user.name T; git config user.email t@t")
        try commit()
    }

    var environment: [String: String] {
        [
            "ODOOOPS_SSOT": repository, "ODOOOPS_STATE_DIR": state, "DIGITALOCEAN_API_URL": provider.url,
            "DIGITALOCEAN_ACCESS_TOKEN": "token-of-the-tests",
        ]
    }

    /// Runs the program in the site's directory.
    func run(_ arguments: String..., with more: [String: String] = [:]) async -> Program.Result {
        await Program.run(arguments, in: directory.path, environment.merging(more) { $1 })
    }

    func write(_ files: [String: String]) throws {
        for (name, text) in files { try directory.write(text, to: "ssot/\(name)") }
    }

    /// Commits what is there, in addition to those files.
    func commit(_ files: [String: String] = [:]) throws {
        try write(files)
        git("add -A && git commit -q --allow-empty -m change")
    }

    @discardableResult
    func git(_ line: String) -> String {
        let result = Shell.run("cd \(Shell.quote(repository)) && GIT_CONFIG_GLOBAL=/dev/null git \(line)")
        return result.output
    }

    private func call(_ method: String, _ place: String = "", _ body: Value? = nil) async -> Value? {
        let answer = await provider.simulator.answer(
            WebRequest(
                method: method, path: "/v2/domains/shop.example/records" + place, query: [("per_page", "200")],
                headers: [
                    ("Authorization", "Bearer token-of-the-tests"), ("Content-Type", "application/json"),
                ], body: body.map { Array(JSON.write($0).utf8) } ?? []))
        return try? JSON.parse(answer.body)
    }

    /// Somebody changes an address at the provider.
    func point(_ name: String, at address: String) async {
        let records = await call("GET")?["domain_records"]?.listValue ?? []
        let id = records.first { $0["name"] == .string(name) && $0["type"] == "A" }?["id"]?.intValue ?? 0
        _ = await call("PATCH", "/\(id)", ["type": "A", "data": .string(address)])
    }

    /// What the provider holds, by type and name, sorted.
    func records() async -> [String] {
        let items = await call("GET")?["domain_records"]?.listValue ?? []
        return items.filter { $0["type"]?.stringValue != "NS" && $0["type"]?.stringValue != "SOA" }.map {
            "\($0["type"]?.stringValue ?? "") \($0["name"]?.stringValue ?? "") \($0["data"]?.stringValue ?? "")"
        }.sorted()
    }

    static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        domains:
          - name: shop.example
            records:
              - {type: A, name: erp, data: 203.0.113.7, ttl: 1800}
              - {type: A, name: www, data: 203.0.113.7, ttl: 1800}
              - {type: TXT, name: note, data: hello, ttl: 1800}

        """

    static let files = [
        "ssot/infra/digitalocean/inventory.yaml": inventory,
        ".odooops/policies.yaml": """
        schema: odooops.policies.v1
        branch_mappings:
          - {pattern: "feature/*", tier: dev, auto_deploy: true}
        resource_quotas:
          dev: {workers: 2, cpu: "1000m", memory: "2Gi", storage: "10Gi"}
        ttl_policies: {dev_ephemeral: 7d, dev_named: 14d, staging: never, production: never}
        prune: {grace: none, guarded_grace: none}

        """,
        "ssot/environments.yaml": """
        schema: ssot.environments.v1
        environments:
          lab: {tier: dev, branch: main, domain: lab.shop.example}

        """,
    ]
}

/// DigitalOcean, simulated in this process, on a port that survives its going down.
final class Provider: Sendable {
    let simulator: Simulator
    let port: UInt16
    private let server: Locked<WebServer?>

    init(options: SimulatorOptions = .quick) throws {
        simulator = try Simulator(options: options)
        let server = try simulator.serve(address: "127.0.0.1", port: 0)
        port = server.port
        self.server = Locked(server)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Takes it off the network.
    func goDown() async { await server.withLock { $0.take() }?.stop(drain: .milliseconds(50)) }

    /// Puts it back where it was.
    func comeBack() throws {
        let again = try simulator.serve(address: "127.0.0.1", port: port)
        server.withLock { $0 = again }
    }
}

extension SimulatorOptions {
    /// Without limits and at once.
    static var quick: SimulatorOptions {
        var options = SimulatorOptions()
        options.limits = .generous
        return options
    }
}
