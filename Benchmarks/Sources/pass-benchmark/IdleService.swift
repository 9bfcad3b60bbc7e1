import Basics
import Figures
import Formats
import Glibc

/// The service with very many environments and nothing to do: what it takes of a core, and of memory.
enum IdleService {
    /// Who makes backups.
    enum Backups: String {
        /// None is wanted.
        case none = "idle"
        /// Each environment has a schedule, and nobody was told to make it: the default.
        case blocked = "idle_blocked_backups"
        case scheduled = "idle_backups"
    }

    /// - Parameters:
    ///   - count: how many environments there are, each with a record of its own.
    ///   - backups: what is due by the clock, once a day and not now.
    ///   - span: how long it is watched, after a pass that had nothing to do.
    ///   - tools: the program, and where to work.
    ///   - figures: takes what was measured.
    /// - Throws: `Failure` when something doesn't work at all.
    static func watch(
        _ count: Int, _ backups: Backups = .none, for span: Duration, _ tools: Tools, _ figures: inout Figures
    ) async throws(Failure) {
        var measured = figures
        try await World.with(
            "\(backups)-\(count)", inventory: inventory,
            documents: ["ssot/environments.yaml": environments(count, backups)], tools
        ) { (world) throws(Failure) -> Void in
            let droplet = Value.object(["droplet_count": 1, "tags": ["odooops:managed"]])
            try await world.control("POST", "world", droplet)
            // Their records are there already, and are taken over: to make so many takes hours of the provider's budget.
            let addresses = try await world.ask("GET", "/v2/droplets")["droplets"]?[0]?["networks"]?["v4"]?.listValue
            guard let address = addresses?.first(where: { $0["type"]?.stringValue == "public" })?["ip_address"] else {
                throw Failure("the machine has no address")
            }
            let records = (1...count).map { number -> Value in
                ["type": "A", "name": .string("e\(number)"), "data": address, "ttl": 300]
            }
            let domain = Value.object(["name": "bench.example", "records": .list(records)])
            try await world.control("POST", "world", ["domains": .list([domain])])
            try await world.pass("--quiet")
            let text = try await world.pass("--dry-run")
            guard text.hasPrefix("No changes.") else { throw Failure("it is not idle:\n\(text.prefix(800))") }

            let store = "sqlite:\(world.directory)/state/ops.sqlite"
            let settings = "\(world.directory)/reconciler.yaml"
            do throws(FileSystemFault) {
                try FileSystem.write(Array(runner.utf8), to: settings)
            } catch {
                throw Failure(error.description)
            }
            let options = backups == .scheduled ? ["--config", settings] : []
            let service = Task { [shell = world.shell] in
                await ChildProcess.run(
                    world.reconcile,
                    ["run", "--listen", "127.0.0.1:0", "--interval", "60s", "--store", store, "--log-level", "error"]
                        + options, environment: shell.environment, deadline: span + .minutes(5))
            }
            defer { service.cancel() }
            guard let process = await find(world.reconcile, "run", store) else {
                throw Failure("the service did not begin")
            }
            // The first pass parses everything and loads every page.
            try? await SystemTime().sleep(for: .seconds(60))
            guard let before = usage(process) else { throw Failure("the service has ended") }
            let began = SystemTime().uptime
            var most = before.memory
            while SystemTime().uptime - began < span {
                try? await SystemTime().sleep(for: .seconds(1))
                most = max(most, usage(process)?.memory ?? 0)
            }
            guard let after = usage(process) else { throw Failure("the service has ended") }
            let seconds = Double((SystemTime().uptime - began).milliseconds) / 1_000
            let name = backups.rawValue.replacing("idle", with: "idle_\(count)")
            measured.report("\(name)_core", (after.processor - before.processor) / seconds * 100, "%", atMost: 5)
            measured.report("\(name)_memory", most, "MiB", atMost: 128)
        }
        figures = measured
    }

    private static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        domains: [{name: bench.example}]
        droplets: [{name: droplet-00001, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64, tags: []}]

        """

    private static let runner = "schedules: {runners: {backup: {type: command, command: [/bin/true]}}}\n"

    private static func environments(_ count: Int, _ backups: Backups) -> String {
        // Twelve hours from now it is due, and not before.
        let hour = (SystemTime().now.seconds / 3_600 + 12) % 24
        let schedule = backups == .none ? "" : ", backup_schedule: \"0 \(hour) * * *\""
        var text = "schema: ssot.environments.v1\nenvironments:\n"
        for number in 1...count {
            let domain = "e\(number).bench.example"
            text += "  e\(number): {tier: staging, branch: main, host: droplet-00001, domain: \(domain)\(schedule)}\n"
        }
        return text
    }

    /// The process of a program whose command line holds all the words.
    static func find(_ program: String, _ words: String...) async -> Int? {
        for _ in 0..<500 {
            for name in FileSystem.list("/proc") {
                guard let process = Int(name), let bytes = try? FileSystem.read("/proc/\(process)/cmdline") else {
                    continue
                }
                let arguments = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                if arguments.first == program, words.allSatisfy(arguments.contains) { return process }
            }
            try? await SystemTime().sleep(for: .milliseconds(10))
        }
        return nil
    }

    /// Seconds of processor time since the begin, and MiB of resident memory.
    private static func usage(_ process: Int) -> (processor: Double, memory: Double)? {
        guard let stat = try? FileSystem.read("/proc/\(process)/stat"),
            let status = try? FileSystem.read("/proc/\(process)/status")
        else { return nil }
        // The name, in brackets, may hold anything.
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kilobytes = line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Double($0) } ?? 0
        return ((user + system) / Double(sysconf(Int32(_SC_CLK_TCK))), kilobytes / 1_024)
    }
}
