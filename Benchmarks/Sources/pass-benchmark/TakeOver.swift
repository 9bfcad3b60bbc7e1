import Basics
import Figures
import Formats
import Glibc

/// Two services that share a store by shards, of which one is killed: how long nobody looks after its part.
enum TakeOver {
    /// How long leases last here; the least that a configuration may say.
    private static let lease = Duration.seconds(5)

    /// - Parameters:
    ///   - tools: the program, and where to work.
    ///   - figures: takes what was measured.
    /// - Throws: `Failure` when something doesn't work at all.
    static func measure(_ tools: Tools, _ figures: inout Figures) async throws(Failure) {
        var measured = figures
        try await World.with("take-over", inventory: inventory, tools) { (world) throws(Failure) -> Void in
            // One in PostgreSQL where the surroundings name it, with an empty schema.
            let store =
                ProcessEnvironment.variables()["BENCH_STORE"] ?? "sqlite:\(world.directory)/state/ops.sqlite"
            var shell = world.shell
            shell.environment["ODOOOPS_SHARDS"] = "2"
            shell.environment["ODOOOPS_LEASE"] = lease.shortText
            try await shell.run(world.reconcile, ["migrate", "--store", store])
            let services = ["error", "warning"].map { level in
                Task { [shell] in
                    // The parent never asks what became of the service: to others on this machine it is there, and
                    // silent, as it is to those on another one.
                    await ChildProcess.run(
                        "/bin/sh",
                        [
                            "-c", "\"$@\" & exec sleep 120", "sh", world.reconcile, "run", "--listen", "127.0.0.1:0",
                            "--interval", "1h", "--store", store, "--log-level", level,
                        ], environment: shell.environment, deadline: .minutes(2))
                }
            }
            var processes: [pid_t] = []
            for level in ["error", "warning"] {
                guard let process = await IdleService.find(world.reconcile, "run", store, level) else {
                    throw Failure("the service did not begin")
                }
                processes.append(pid_t(process))
            }
            try await quiet(world)
            kill(processes[0], SIGKILL)
            let killed = SystemTime().uptime
            var took: Duration?
            while took == nil, SystemTime().uptime - killed < .seconds(60) {
                try? await SystemTime().sleep(for: .milliseconds(20))
                if try await world.takeRequests().values.reduce(0, +) > 0 { took = SystemTime().uptime - killed }
            }
            kill(processes[1], SIGTERM)
            for service in services { service.cancel() }
            guard let took else { throw Failure("nobody took over") }
            measured.report(
                "take_over_after_kill", Double(took.milliseconds), "ms", baseline: Double(lease.milliseconds),
                atMost: Double((lease + .seconds(1)).milliseconds))
        }
        figures = measured
    }

    /// Waits until both have made their passes: for three seconds nobody has asked the provider anything.
    private static func quiet(_ world: World) async throws(Failure) {
        var since = SystemTime().uptime
        let limit = since + .seconds(60)
        while SystemTime().uptime - since < .seconds(3) {
            try? await SystemTime().sleep(for: .milliseconds(100))
            if try await world.takeRequests().values.reduce(0, +) > 0 { since = SystemTime().uptime }
            guard SystemTime().uptime < limit else { throw Failure("the services never come to rest") }
        }
    }

    private static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        droplets: [{name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, tags: []}]

        """
}
