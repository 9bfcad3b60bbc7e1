import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import TestKit
import Testing

@testable import SpacesDriver

@Suite("Against an S3 server", .enabled(if: MotoServer.isInstalled), .serialized)
struct MotoTests {
    let lines = Locked<[String]>([])
    let server: MotoServer
    let driver: SpacesDriver

    init() throws {
        server = try #require(MotoServer.shared)
        driver = Self.driver(server, CurlTransport(), secret: Secret(server.secretKey))
    }

    private static func driver(
        _ server: MotoServer, _ transport: any HTTPTransport, key: String? = nil, secret: Secret,
        time: any TimeSource = SystemTime()
    ) -> SpacesDriver {
        SpacesDriver(
            credential: SpacesCredential(accessKey: Secret(key ?? server.accessKey), secretKey: secret),
            endpoint: SpacesEndpoint(address: server.url, regions: []), transport: transport,
            retry: RetryPolicy(attempts: 1), time: time)
    }

    private var context: DriverContext {
        let lines = lines
        return DriverContext(runID: "spaces-tests", log: .none) { exchange in
            lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "spaces-tests")) }
        }
    }

    private func change(
        _ name: String, _ action: ChangeAction, _ wanted: KeyValuePairs<String, Value> = [:],
        changed: [String] = [], current: ObservedResource? = nil
    ) -> ResolvedChange {
        let attributes = wanted.filter { changed.contains($0.key) }.map {
            AttributeChange(path: $0.key, before: current?.attributes[$0.key], after: $0.value)
        }
        return ResolvedChange(
            change: PlannedChange(
                key: ResourceKey(.spacesBucket, name), action: action, reason: "test", cause: .unappliedCommit,
                attributes: attributes),
            wanted: Attributes(wanted.map { Attributes.Item($0.key, $0.value) }), current: current)
    }

    private func run(_ wanted: ResolvedChange) async -> StepOutcome {
        var current = wanted.current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: wanted.change) {
            let change = ResolvedChange(change: wanted.change, wanted: wanted.wanted, current: current)
            outcome = await driver.perform(step, of: change, context)
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }

    private func observe(_ name: String) async throws -> (completeness: Completeness, bucket: ObservedResource?) {
        let seen = await driver.observe(
            ObserveRequest(kinds: [.spacesBucket], names: [.spacesBucket: [name]]), context)
        let kind = try #require(seen.first)
        return (kind.completeness, kind.resources.first { $0.key.name == name })
    }

    @Test("the driver passes the checks that all drivers have to pass")
    func conformance() async {
        let rules: Value = [["prefix": "tmp/", "expiration_days": 7]]
        let creation = change(
            "conformance-bucket", .create, ["region": "sgp1", "lifecycle_rules": rules], changed: ["lifecycle_rules"])
        let key = server.accessKey
        let request = ObserveRequest(kinds: [.spacesBucket], names: [.spacesBucket: ["conformance-bucket"]])
        // What fails needs no server; what lives needs the right secret, so the canary is only in the failing ones.
        let server = server
        let living = DriverConformance(request: request, creations: [creation]) { transport, _ in
            Self.driver(server, transport, secret: Secret(server.secretKey))
        }
        for breach in await living.live(against: CurlTransport()) { Issue.record("\(breach)") }
        let failing = DriverConformance(request: request, creations: [creation]) { transport, secret in
            Self.driver(
                server, transport, key: key, secret: secret,
                time: SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true))
        }
        for breach in await failing.fail() { Issue.record("\(breach)") }
    }

    @Test("a bucket lives its life: a second plan is empty, a full one is never deleted, and no secret is recorded")
    func wholeLife() async throws {
        let name = "life-bucket"
        let schema = try #require(driver.schemas.first)
        let created = await run(change(name, .create, ["region": "fra1"]))
        guard case .done(let made?) = created else { throw Problem("\(created)") }
        var seen = try await observe(name)
        #expect(seen.completeness == .complete)
        #expect(schema.differences(wanted: made.attributes, observed: try #require(seen.bucket).attributes) == [])

        let rules: Value = [
            ["id": "mine", "prefix": "tmp & <b>/", "expiration_days": 3],
            ["abort_incomplete_upload_days": 1, "enabled": true],
        ]
        let wanted: KeyValuePairs<String, Value> = ["region": "fra1", "lifecycle_rules": rules]
        let updated = await run(change(name, .update, wanted, changed: ["lifecycle_rules"], current: seen.bucket))
        guard case .done = updated else { throw Problem("\(updated)") }
        seen = try await observe(name)
        let all = Attributes(wanted.map { Attributes.Item($0.key, $0.value) })
        #expect(schema.differences(wanted: all, observed: try #require(seen.bucket).attributes) == [])

        let objects = driver.objects(in: name, region: "fra1", context)
        _ = try await objects.put("keep", Array("x".utf8))
        let refused = await run(change(name, .delete, current: seen.bucket))
        guard case .failed(let fault) = refused else { throw Problem("\(refused)") }
        #expect(fault.code == "SPACES-0005" && fault.disposition == .stop)
        #expect(try await observe(name).bucket != nil)

        try await objects.delete("keep")
        let none: KeyValuePairs<String, Value> = ["region": "fra1", "lifecycle_rules": []]
        guard case .done = await run(change(name, .update, none, changed: ["lifecycle_rules"], current: seen.bucket))
        else { throw Problem("the rules were not taken away") }
        for _ in 1...2 {
            guard case .done(nil) = await run(change(name, .delete, current: seen.bucket)) else {
                throw Problem("not deleted")
            }
        }
        #expect(try await observe(name).bucket == nil)
        guard case .absent = await driver.look(at: ResourceKey(.spacesBucket, name), context) else {
            throw Problem("not absent")
        }
        let recorded = lines.withLock { $0 }
        #expect(recorded.count > 12 && !recorded.contains { $0.contains(server.secretKey) })
    }

    @Test("objects are put, read, listed by page and deleted, whatever their keys")
    func objects() async throws {
        // This server verifies no signature of a key that has to be encoded; the known answers do.
        server.verifySignatures(false)
        defer { server.verifySignatures(true) }
        let name = "object-bucket"
        guard case .done = await run(change(name, .create, ["region": "us-east-1"])) else { throw Problem("no bucket") }
        let objects = driver.objects(in: name, region: "us-east-1", context)
        let keys = ["a/1 +&?=é~", "a/2", "a//3", "b/'(*)!", "b/c#d%25"] + (0..<7).map { "many/\($0)" }
        for key in keys {
            let stored = try await objects.put(key, Array("<\(key)>".utf8), contentType: "text/plain")
            #expect(stored.tag == Hex.encode(md5(Array("<\(key)>".utf8))))
            #expect(try await objects.get(key) == Array("<\(key)>".utf8))
            #expect(try await objects.head(key)?.tag == stored.tag)
        }
        #expect(try await objects.list(prefix: "", pageSize: 3).map(\.key) == keys.sorted { $0.precedesByBytes($1) })
        #expect(try await objects.list(prefix: "many/").count == 7)
        #expect(try await objects.list(prefix: "a/1 +").map(\.size) == [13])
        #expect(try await objects.get("none") == nil)
        #expect(try await objects.head("none") == nil)
        #expect(try await objects.put("empty", []).size == 0)
        for key in keys + ["empty", "none"] { try await objects.delete(key) }
        #expect(try await objects.list().isEmpty)
        await #expect(throws: ProviderFault.self) { try await objects.put("a/../b", []) }
        guard case .done(nil) = await run(change(name, .delete)) else { throw Problem("not deleted") }
    }

    @Test("a wrong key and a wrong secret are told apart from what isn't there")
    func credentials() async throws {
        for (key, secret) in [(server.accessKey, "wrong"), ("AKIDEXAMPLE", server.secretKey)] {
            let other = Self.driver(server, CurlTransport(), key: key, secret: Secret(secret))
            let seen = await other.observe(ObserveRequest(kinds: [.spacesBucket]), context)
            guard case .unknown(let reason)? = seen.first?.completeness else { throw Problem("\(seen)") }
            #expect(reason.hasPrefix("SPACES-0001"), "\(reason)")
        }
    }
}

/// A test that can't go on.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension SpacesObjects {
    /// What the driver never does: a test cleans up after itself.
    fileprivate func delete(_ key: String) async throws {
        _ = try await api.send(try call("objects.delete", "DELETE", key), context)
    }
}
