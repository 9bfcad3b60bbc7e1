import Basics
import Formats
import HTTPClient

/// A simulated provider, a repository that describes what should be there, and an empty state directory.
struct World {
    let directory: String
    let reconcile: String
    let shell: Shell
    let url: String
    private let transport = CurlTransport()

    /// Starts a simulator in a process of its own, runs `body` and ends it.
    ///
    /// The options of `reconcile simulate` can be added to; `inventory` is the repository's only document.
    ///
    /// - Throws: `Failure`.
    static func with(
        _ name: String, simulator arguments: [String] = [], inventory: String, documents: [String: String] = [:],
        _ tools: Tools, _ body: (World) async throws(Failure) -> Void
    ) async throws(Failure) {
        let directory = "\(tools.work)/\(name)"
        let folder = "\(directory)/ssot/ssot/infra/digitalocean"
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(folder)
            try FileSystem.write(Array(inventory.utf8), to: "\(folder)/inventory.yaml")
            for (path, text) in documents { try FileSystem.write(Array(text.utf8), to: "\(directory)/ssot/\(path)") }
        } catch {
            throw Failure(error.description)
        }
        for words in [
            ["init", "-q", "-b", "main", "."], ["add", "-A"],
            ["-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", "Describe it all"],
        ] { try await tools.shell.run("git", words, in: "\(directory)/ssot") }

        let port = "\(directory)/port"
        let simulator = Task { [shell = tools.shell] in
            await ChildProcess.run(
                tools.reconcile,
                ["simulate", "--unlimited", "--quiet", "--listen", "127.0.0.1:0", "--port-file", port] + arguments,
                environment: shell.environment, deadline: .minutes(10))
        }
        var url: String?
        for _ in 0..<1_000 where url == nil {
            try? await SystemTime().sleep(for: .milliseconds(10))
            url = (try? FileSystem.read(port)).flatMap { bytes in
                Int(String(decoding: bytes.dropLast(), as: UTF8.self)).map { "http://127.0.0.1:\($0)" }
            }
        }
        var failure = url == nil ? Failure("the simulator does not answer") : nil
        if let url {
            var shell = tools.shell
            shell.environment["DIGITALOCEAN_API_URL"] = url
            shell.environment["DIGITALOCEAN_ACCESS_TOKEN"] = "any"
            shell.environment["ODOOOPS_SSOT"] = "\(directory)/ssot"
            shell.environment["ODOOOPS_STATE_DIR"] = "\(directory)/state"
            do throws(Failure) {
                try await body(World(directory: directory, reconcile: tools.reconcile, shell: shell, url: url))
            } catch {
                failure = error
            }
        }
        simulator.cancel()
        _ = await simulator.value
        if let failure { throw failure }
    }

    private init(directory: String, reconcile: String, shell: Shell, url: String) {
        self.directory = directory
        self.reconcile = reconcile
        self.shell = shell
        self.url = url
    }

    // MARK: The simulator

    /// Asks the simulator's control endpoint.
    ///
    /// - Throws: `Failure` when it refuses.
    @discardableResult
    func control(_ method: String, _ name: String, _ body: Value? = nil) async throws(Failure) -> Value {
        try await ask(method, "/_simulator/\(name)", body)
    }

    /// Asks what any client may.
    ///
    /// - Throws: `Failure` when it refuses.
    func ask(_ method: String, _ path: String, _ body: Value? = nil) async throws(Failure) -> Value {
        let bytes = body.map { Array(JSON.write($0).utf8) } ?? []
        do {
            let response = try await transport.send(
                HTTPRequest(
                    method, url + path, headers: [HTTPHeader("Authorization", "Bearer any")], body: bytes,
                    timeout: .seconds(60)))
            guard response.status == 200 else { throw Failure("\(path) answered \(response.status)") }
            return try JSON.parse(response.body)
        } catch {
            throw Failure("\(error)")
        }
    }

    /// How many requests each method made since the last call.
    ///
    /// - Throws: `Failure`.
    func takeRequests() async throws(Failure) -> [String: Int] {
        let log = try await control("GET", "requests").listValue ?? []
        try await control("DELETE", "requests")
        return Dictionary(log.map { ($0["method"]?.stringValue ?? "", 1) }, uniquingKeysWith: +)
    }

    // MARK: The program

    /// Runs `reconcile` to its end.
    ///
    /// - Returns: what it printed.
    /// - Throws: `Failure` when its exit status is not 0.
    @discardableResult
    func pass(_ arguments: String...) async throws(Failure) -> String { try await shell.run(reconcile, arguments) }
}

/// The programs that the benchmark works with.
struct Tools {
    let reconcile: String
    /// The directory of the baseline programs.
    let baseline: String
    /// An empty directory, removed at the end.
    let work: String
    let shell: Shell
}
