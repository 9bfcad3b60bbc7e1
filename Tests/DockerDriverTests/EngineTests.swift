import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import TestKit
import Testing

@testable import DockerDriver

@Suite("Against an engine", .enabled(if: DockerServer.shared != nil), .serialized)
struct EngineTests {
    let server: DockerServer
    let driver: DockerDriver
    let lines = Locked<[String]>([])
    let questions = Locked<[String]>([])

    init() throws {
        server = try #require(DockerServer.shared)
        driver = try Self.driver("unix://\(server.socket)")
    }

    private static func driver(_ host: String, certificates: String? = nil) throws -> DockerDriver {
        let host = try #require(DockerHost(host, certificates: certificates))
        var limits = DockerLimits()
        limits.stopGrace = .zero
        return DockerDriver(host: host, transport: CurlTransport(host.options), limits: limits)
    }

    private var context: DriverContext {
        let (lines, questions) = (lines, questions)
        return DriverContext(runID: "docker-tests", log: .none) { exchange in
            lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "docker-tests")) }
            // What the engine of this machine answers isn't ours to hold: an old one has null where its own description
            // wants a list. What we ask is.
            let asked = Exchange(
                provider: exchange.provider, method: exchange.method, url: exchange.url,
                requestBody: exchange.requestBody, status: exchange.status, responseBody: "",
                duration: exchange.duration, attempt: exchange.attempt)
            questions.withLock { $0.append(ExchangeRecorder.line(asked, runID: "docker-tests")) }
        }
    }

    /// All that a container may want.
    private static let wanted: KeyValuePairs<String, Value> = [
        "image": .string(DockerServer.image), "command": ["sleep", "1000"],
        "env": ["PASSWORD": "canary-env-81f2", "WORKERS": 2], "labels": ["tier": "staging"],
        "ports": ["127.0.0.1:18069:8069"], "mounts": ["erp-data:/var/lib/odoo", "/tmp:/host:ro"], "user": "0:0",
        "working_dir": "/bin", "hostname": "erp", "networks": ["erp-net", "erp-other"], "restart": "on-failure",
        "memory_mb": 64, "cpus": .number("0.5"), "running": true,
    ]

    private static let creations: [ResolvedChange] = [
        change(.containerNetwork, "erp-net", .create, ["driver": "bridge", "subnet": "10.213.7.0/24"]),
        change(.containerNetwork, "erp-other", .create, ["internal": true, "labels": ["tier=staging"]]),
        change(.containerVolume, "erp-data", .create, ["driver": "local", "labels": ["tier": "staging"]]),
        change(.container, "erp", .create, wanted),
    ]

    private static let request = ObserveRequest(
        kinds: Set(DockerKinds.all.map(\.kind)),
        names: [.container: ["erp"], .containerImage: [DockerServer.image, "none:1"]])

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async throws {
        let host = try #require(DockerHost("unix://\(server.socket)"))
        var limits = DockerLimits()
        limits.stopGrace = .zero
        let given = limits
        let living = DriverConformance(request: Self.request, creations: Self.creations) { transport, _ in
            DockerDriver(host: host, transport: transport, limits: given)
        }
        for breach in await living.live(against: CurlTransport(host.options)) { Issue.record("\(breach)") }
        let failing = DriverConformance(request: Self.request, creations: Self.creations) { transport, _ in
            DockerDriver(
                host: host, transport: Answering { request throws(HTTPFault) in try await transport.send(request) },
                limits: given, time: SimulatedTime(now: Timestamp(seconds: 0), advancesBySleeping: true))
        }
        // An empty list is how an engine says that there is nothing.
        for breach in await failing.fail() where !breach.hasPrefix("a list:") { Issue.record("\(breach)") }
    }

    @Test(
        "a container lives its life: drift is seen, a second plan is empty, and what was said holds to the description")
    func wholeLife() async throws {
        let schemas = Dictionary(uniqueKeysWithValues: driver.schemas.map { ($0.kind, $0) })
        for creation in Self.creations {
            let outcome = await run(driver, creation, context)
            let made = try #require(outcome.resource, "\(creation.change.key): \(outcome)")
            #expect(made.isOwned)
            let schema = try #require(schemas[made.key.kind])
            #expect(schema.differences(wanted: creation.wanted, observed: made.attributes) == [], "\(made.key)")
        }
        var seen = ObservedState(await driver.observe(Self.request, context))
        for creation in Self.creations {
            let key = creation.change.key
            let kind = try #require(seen.kinds[key.kind])
            #expect(kind.completeness == .complete)
            let found = try #require(kind.resources.first { $0.key == key })
            #expect(schemas[key.kind]?.differences(wanted: creation.wanted, observed: found.attributes) == [])
        }
        #expect(seen.kinds[.containerImage]?.resources.map(\.key.name) == [DockerServer.image])
        let current = try #require(seen.kinds[.container]?.resources.first { $0.key.name == "erp" })
        #expect(current.attributes["env"] == ["PASSWORD=canary-env-81f2", "WORKERS=2"])

        // Changes that need no other container.
        var later = Attributes(Self.wanted.map { Attributes.Item($0.key, $0.value) })
        later = Attributes(
            later.items.filter { !["restart", "memory_mb", "running"].contains($0.name) } + [
                .init("restart", "unless-stopped"), .init("memory_mb", 96), .init("running", false),
            ])
        let update = ResolvedChange(
            change: PlannedChange(
                key: current.key, action: .update, reason: "test", cause: .unappliedCommit,
                attributes: ["memory_mb", "restart", "running"].map {
                    AttributeChange(path: $0, before: current.attributes[$0], after: later[$0])
                }, providerID: current.providerID), wanted: later, current: current)
        let updated = try #require(await run(driver, update, context).resource)
        #expect(schemas[.container]?.differences(wanted: later, observed: updated.attributes) == [])
        #expect(updated.providerID == current.providerID)

        // Somebody takes the network away; the next plan sees it.
        Shell.run("docker -H unix://\(server.socket) network disconnect erp-other erp")
        seen = ObservedState(await driver.observe(Self.request, context))
        let drifted = try #require(seen.kinds[.container]?.resources.first { $0.key.name == "erp" })
        #expect(schemas[.container]?.differences(wanted: later, observed: drifted.attributes) == ["networks"])

        // The image's name means another image now: the container is that of an older one.
        Shell.run(
            "cd \(server.directory) && echo new >root/new && tar -C root -c . | docker -H unix://\(server.socket) import - \(DockerServer.image)"
        )
        seen = ObservedState(await driver.observe(Self.request, context))
        let older = try #require(seen.kinds[.container]?.resources.first { $0.key.name == "erp" })
        #expect(schemas[.container]?.differences(wanted: later, observed: older.attributes) == ["image", "networks"])

        let replacement = change(.container, "erp", .replace, Self.wanted, current: older)
        let replaced = try #require(await run(driver, replacement, context).resource)
        #expect(replaced.providerID != current.providerID && replaced.isOwned)
        #expect(schemas[.container]?.differences(wanted: replacement.wanted, observed: replaced.attributes) == [])

        // In use: neither the volume nor the network goes.
        for (kind, name) in [(ResourceKind.containerVolume, "erp-data"), (.containerNetwork, "erp-net")] {
            let outcome = await run(driver, change(kind, name, .delete), context)
            #expect(outcome.word == "failed DOCKER-0012", "\(outcome)")
        }
        for creation in Self.creations.reversed() {
            let key = creation.change.key
            for _ in 1...2 {
                let outcome = await run(driver, change(key.kind, key.name, .delete), context)
                #expect(outcome.word == "done" && outcome.resource == nil, "\(outcome)")
            }
            guard case .absent = await driver.look(at: key, context) else { throw Problem("\(key) is still there") }
        }
        let recorded = lines.withLock { $0 }
        #expect(!recorded.contains { $0.contains("canary-env") })
        #expect(try Recordings.check(questions.withLock { $0 }, name: "docker-driver") == nil)
    }

    @Test("a name in use is looked at: ours when it was made of the same wish, nobody's otherwise")
    func names() async throws {
        let wanted: KeyValuePairs<String, Value> = [
            "image": .string(DockerServer.image), "command": ["sleep", "1000"], "networks": ["none"],
        ]
        let creation = change(.container, "taken", .create, wanted)
        let step = try #require(driver.steps(for: creation.change).first)
        let made = try #require(await driver.perform(step, of: creation, context).resource)
        let again = await driver.perform(step, of: creation, context)
        #expect(again.resource?.providerID == made.providerID)
        let other = change(
            .container, "taken", .create,
            ["image": .string(DockerServer.image), "command": ["sleep", "1"], "networks": ["none"]])
        #expect(await driver.perform(step, of: other, context).word == "failed DOCKER-0002")
        // The beginning of an id is no name.
        let short = ResourceKey(.container, String(made.providerID.prefix(12)))
        guard case .absent = await driver.look(at: short, context) else { throw Problem("an id was taken for a name") }
        // Starting twice, and stopping twice, is as once.
        for operation in ["start", "start", "stop", "stop"] {
            let step = Step(key: creation.change.key, index: 1, operation: operation, title: operation)
            let outcome = await driver.perform(step, of: creation, context)
            #expect(outcome.resource?.attributes["running"] == .bool(operation == "start"), "\(outcome)")
        }
        #expect(await run(driver, change(.container, "taken", .delete), context).word == "done")
    }

    @Test("an image that no registry has is a fault, and a container that ends at once is another")
    func failures() async throws {
        let missing = change(.container, "nowhere", .create, ["image": "127.0.0.1:1/none:1", "networks": ["none"]])
        let outcome = await run(driver, missing, context)
        #expect(outcome.word != "done", "\(outcome)")
        guard case .absent = await driver.look(at: missing.change.key, context) else { throw Problem("it is there") }
        let short = change(
            .container, "short", .create,
            ["image": .string(DockerServer.image), "command": "exit 3", "networks": ["none"]])
        let first = try #require(await driver.perform(driver.steps(for: short.change)[0], of: short, context).resource)
        // Whether it has ended when it is looked at is the kernel's to say; that it doesn't run in the end is not.
        let started = await driver.perform(driver.steps(for: short.change)[1], of: short, context)
        #expect(["done", "failed DOCKER-0015"].contains(started.word))
        #expect(await run(driver, change(.container, "short", .delete, current: first), context).word == "done")
    }

    @Test("over TCP an engine is reached by a client certificate, and by nothing less")
    func certificates() async throws {
        let address = "tcp://127.0.0.1:\(server.port)"
        let known = try Self.driver(address, certificates: "\(server.directory)/client")
        guard case .success(let text) = await known.checkAccess() else { throw Problem("not let in") }
        #expect(text.hasPrefix("engine "))
        // The same engine, and a machine that was made from its snapshot would say so too: its address is part of what it is.
        let id = try #require(try await driver.account(context).get())
        #expect(id.hasPrefix("engine "))
        #expect(try await known.account(context).get() == "\(id) at 127.0.0.1:\(server.port)")
        let stranger = try Self.driver(address)
        guard case .failure = await stranger.checkAccess() else { throw Problem("a stranger was let in") }
        #expect(DockerHost("tcp://192.0.2.1:2375") == nil)
    }
}

/// A test that can't go on.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
