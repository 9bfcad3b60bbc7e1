import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

@Suite("The service")
struct ServiceTests {
    /// A running service; its interval is so long that only what a test asks for happens.
    struct Running {
        let site: Site
        let program: BackgroundProgram
        let port: UInt16

        init(_ site: Site, _ more: [String: String] = [:], arguments: [String] = []) async throws {
            self.site = site
            port = UInt16(try #require(FreePort.find()))
            program = try BackgroundProgram(
                ["run", "--listen", "127.0.0.1:\(port)", "--json"] + arguments, in: site.directory.path,
                site.environment.merging(["ODOOOPS_INTERVAL": "1h"]) { $1 }.merging(more) { $1 })
            let (port, program) = (port, program)
            let isUp = await eventually { await Answer.to("GET", "/healthz", port: port) != nil }
            try #require(isUp, "\(program.story)")
        }

        /// How many passes have ended: each prints one line.
        var passes: [Value] {
            program.output.split(separator: "\n").compactMap { try? JSON.parse(Array($0.utf8)) }
        }

        func get(_ path: String) async -> Answer? { await Answer.to("GET", path, port: port) }

        func readiness() async -> (status: Int, body: String) {
            let answer = await get("/readyz")
            return (answer?.status ?? 0, answer?.body ?? "")
        }

        /// Waits until so many passes have ended.
        func passes(_ count: Int) async -> Bool {
            let program = program
            return await eventually { program.output.split(separator: "\n").count >= count }
        }

        func wake() { program.send(SIGHUP) }

        /// Asks for passes until one fares as wanted.
        func untilReady(_ isReady: Bool, says text: String = "") async -> Bool {
            let (port, program) = (port, program)
            return await eventually {
                program.send(SIGHUP)
                guard let answer = await Answer.to("GET", "/readyz", port: port) else { return false }
                return (answer.status == 200) == isReady && answer.body.contains(text)
            }
        }
    }

    @Test("A pass at the start, on SIGHUP and on the hook; health, readiness and metrics; SIGTERM ends it with 0")
    func serves() async throws {
        let running = try await Running(try Site())
        #expect(await running.passes(1), "\(running.program.story)")
        #expect(await running.site.records().count == 3)
        #expect(await running.get("/healthz")?.status == 200)
        #expect(await running.readiness().status == 200)

        try running.site.commit([
            "ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing("hello", "by signal")
        ])
        running.wake()
        #expect(await running.passes(2), "\(running.program.story)")
        #expect(await running.site.records().contains("TXT note by signal"))

        try running.site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory.replacing("hello", "by hook")]
        )
        let proxied = "X-Forwarded-For: 192.0.2.1\r\n"
        #expect(await Answer.to("POST", "/hooks/reconcile", port: running.port, headers: proxied)?.status == 403)
        let long = String(repeating: "x", count: 80_000)
        #expect(await Answer.to("POST", "/login", port: running.port, body: long)?.status == 413)
        #expect(await Answer.to("POST", "/hooks/reconcile", port: running.port)?.status == 202)
        #expect(await running.passes(3), "\(running.program.story)")
        #expect(await running.site.records().contains("TXT note by hook"))
        #expect(running.passes.map { $0["trigger"]?.stringValue } == ["schedule", "manual", "webhook"])

        #expect(await running.get("/hooks/reconcile")?.status == 405)
        #expect(await running.get("/nothing")?.status == 404)
        let nothing = await running.get("/api/v1/nothing")
        #expect(
            nothing?.body.contains("\"http://127.0.0.1/api/v1/errors/") == true, "\(nothing?.body ?? "")")
        let metrics = try #require(await running.get("/metrics"))
        #expect(metrics.body.contains("reconciler_runs_total{outcome=\"succeeded\"} 3\n"), "\(metrics.body)")
        let place = try TemporaryDirectory()
        if Shell.has("promtool") {
            let file = try place.write(metrics.body, to: "metrics")
            let verdict = Shell.run("promtool check metrics <\(file)")
            #expect(verdict.status == 0, "\(verdict.output)")
        }
        running.program.send(SIGTERM)
        let end = await running.program.end(within: .seconds(60))
        #expect(end?.status == 0, "\(String(describing: end)) \(running.program.story)")
        #expect(running.program.errorOutput.contains("stopping"), "\(running.program.story)")
    }

    @Test("The hook takes only what the secret has signed; a reference that leads nowhere opens no door")
    func refusesWhatIsNotSigned() async throws {
        let running = try await Running(
            try Site(),
            [
                "ODOOOPS_HOOK_SECRET": "env:HOOK_KEY", "HOOK_KEY": "key-of-the-hook",
                "ODOOOPS_ADDRESS": "https://ops.shop.example/",
            ])
        #expect(await running.passes(1))
        let nothing = await running.get("/api/v1/nothing")
        #expect(nothing?.body.contains("\"https://ops.shop.example/api/v1/errors/") == true, "\(nothing?.body ?? "")")
        let body = "{\"ref\": \"refs/heads/main\"}"
        let good = Hex.encode(hmacSHA256(key: Array("key-of-the-hook".utf8), Array(body.utf8)))
        let bad = Hex.encode(hmacSHA256(key: Array("another".utf8), Array(body.utf8)))
        for header in ["", "X-Hub-Signature-256: sha256=\(bad)\r\n", "X-Hub-Signature-256: \(good)\r\n"] {
            let answer = await Answer.to("POST", "/hooks/reconcile", port: running.port, headers: header, body: body)
            #expect(answer?.status == 401, "\(header) \(answer?.body ?? "")")
        }
        let signed = await Answer.to(
            "POST", "/hooks/reconcile", port: running.port, headers: "X-Hub-Signature-256: sha256=\(good)\r\n",
            body: body)
        #expect(signed?.status == 202)
        #expect(await running.passes(2), "\(running.program.story)")
        #expect(!running.program.story.contains("key-of-the-hook"))

        let closed = try await Running(running.site, ["ODOOOPS_HOOK_SECRET": "env:NOT_SET"])
        #expect(await Answer.to("POST", "/hooks/reconcile", port: closed.port)?.status == 503)
    }

    @Test("It outlives a provider, a repository and a store that go away, says so, and is ready again afterwards")
    func outlivesOutages() async throws {
        let site = try Site()
        let running = try await Running(site)
        #expect(await running.passes(1))
        let held = await site.records()

        await site.provider.goDown()
        #expect(await running.untilReady(false, says: "RUN-0010"), "\(running.program.story)")
        try site.provider.comeBack()
        #expect(await running.untilReady(true), "\(running.program.story)")

        let away = site.directory.path("away")
        #expect(rename(site.repository, away) == 0)
        #expect(await running.untilReady(false, says: "GIT-0001"), "\(running.program.story)")
        #expect(running.program.errorOutput.contains("backing off"), "\(running.program.story)")
        #expect(running.program.errorOutput.contains("GIT-0001"), "\(running.program.story)")
        #expect(rename(away, site.repository) == 0)
        #expect(await running.untilReady(true), "\(running.program.story)")

        let lock = try await FileLock(site.state + "/ops.sqlite")
        #expect(await running.untilReady(false, says: "STORE-0001"), "\(running.program.story)")
        #expect(await running.get("/healthz")?.status == 200)
        await lock.release()
        #expect(await running.untilReady(true), "\(running.program.story)")

        #expect(await site.records() == held, "no outage may change anything")
        running.program.send(SIGTERM)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(running.program.story)")
    }

    @Test("The service manager hears that it is ready, that it lives, and that it stops")
    func notifiesTheManager() async throws {
        let site = try Site()
        let manager = try NotifySocket(site.directory.path("notify"))
        let running = try await Running(site, ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        #expect(await eventually { manager.text.contains("READY=1") })
        #expect(await eventually { manager.text.contains("WATCHDOG=1") })
        running.program.send(SIGTERM)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(running.program.story)")
        #expect(manager.text.contains("STOPPING=1"), "\(manager.text)")
    }

    @Test("SIGTERM in the middle of an apply ends the running step, records it, and exits with 0 within seconds")
    func drains() async throws {
        var options = SimulatorOptions.quick
        options.latency = .milliseconds(150)
        let site = try Site(provider: try Provider(options: options))
        let records = (1...30).map { "      - {type: A, name: host\($0), data: 203.0.113.\($0), ttl: 1800}\n" }.joined()
        try site.commit(["ssot/infra/digitalocean/inventory.yaml": Site.inventory + records])
        let running = try await Running(site)
        running.program.send(SIGTERM, atFirstWriteTo: site.provider)
        #expect(await running.program.end(within: .seconds(60))?.status == 0, "\(running.program.story)")
        #expect(running.passes.last?["phase"]?.stringValue == "canceled", "\(running.program.story)")
        #expect(await site.records().count < 33)
    }
}

/// The socket of a service manager.
final class NotifySocket: Sendable {
    let path: String
    private let descriptor: CInt
    private let received = Locked("")

    var text: String {
        received.withLock { text in
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { return text }
                text += String(decoding: chunk[0..<count], as: UTF8.self) + "\n"
            }
        }
    }

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
    }

    deinit { close(descriptor) }
}
