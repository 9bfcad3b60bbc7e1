import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing
import Web

@Suite("Over loopback")
struct LoopbackTests {
    @Test("every kind lives its life over loopback, within its estimate, and what was said holds to the specification")
    func wholeLife() async throws {
        let simulator = try Simulator(
            options: SimulatorOptions(token: SimulatorTests.token, limits: .generous, lifecycle: .immediate))
        let server = try simulator.serve()
        let lines = Locked<[String]>([])
        let count = Locked(0)
        let kept = Locked<[IssuedSecret]>([])
        let time = SimulatedTime(now: SystemTime().now, advancesBySleeping: true)
        let driver = DigitalOceanDriver(
            token: Secret(SimulatorTests.token), baseURL: "http://127.0.0.1:\(server.port)", transport: CurlTransport(),
            budget: RequestBudget(.unlimited, time: time), time: time,
            keep: { issued in
                kept.withLock { $0.append(issued) }
                return true
            })
        let context = DriverContext(runID: "driver-tests", log: .none) { exchange in
            count.withLock { $0 += 1 }
            lines.withLock { $0.append(ExchangeRecorder.line(exchange, runID: "driver-tests")) }
        }
        let engine = SmallEngine(driver, context, time)
        var objects: [ResourceKey: ObservedResource] = [:]
        func requests() -> Int {
            count.withLock { count in
                defer { count = 0 }; return count
            }
        }

        for life in Life.all {
            let schema = try #require(driver.schemas.first { $0.kind == life.key.kind })
            _ = requests()
            let made = await engine.apply(life.create)
            #expect(made.word == "done", "\(life.key): \(made)")
            let spent = requests()
            let most = schema.requests(.create, life.create.wanted.items.map(\.name))
            #expect(spent <= most && spent >= most - 1, "\(life.key) took \(spent) of \(most)")
            objects[life.key] = made.resource
        }
        for life in Life.all where !life.changed.isEmpty {
            let schema = try #require(driver.schemas.first { $0.kind == life.key.kind })
            guard let object = objects[life.key] else { continue }
            _ = requests()
            let updated = await engine.apply(life.update(from: object))
            #expect(updated.word == "done", "\(life.key): \(updated)")
            let spent = requests()
            let most = schema.requests(.update, life.changed.map(\.name))
            #expect(spent <= most && spent >= 1, "\(life.key) took \(spent) of \(most)")
            objects[life.key] = updated.resource
        }
        let seen = ObservedState(await driver.observe(Life.request, context))
        for life in Life.all {
            let found = seen.kinds[life.key.kind]?.resources.first { $0.key == life.key }
            let schema = try #require(driver.schemas.first { $0.kind == life.key.kind })
            #expect(seen.completeness(life.key.kind) == .complete)
            #expect(found.map { schema.differences(wanted: life.later, observed: $0.attributes) } == [], "\(life.key)")
            // What a step gave back is what is there.
            let given = objects[life.key].map { schema.differences(wanted: life.later, observed: $0.attributes) }
            #expect(given == [] && found?.providerID == objects[life.key]?.providerID, "\(life.key)")
        }
        #expect(seen.kinds[.droplet]?.resources.allSatisfy(\.isOwned) == true)
        for life in Life.all.reversed() {
            let schema = try #require(driver.schemas.first { $0.kind == life.key.kind })
            guard let object = objects[life.key] else { continue }
            _ = requests()
            let gone = await engine.apply(life.delete(object))
            #expect(gone.word == "done", "\(life.key): \(gone)")
            #expect(requests() <= schema.requests(.delete, []), "\(life.key)")
        }
        await server.stop(drain: .zero)
        let secrets = kept.withLock { $0 }
        #expect(secrets.map(\.key) == [ResourceKey(.spacesKey, "filestore")])
        #expect(secrets.allSatisfy { $0.secret.reveal { simulator.issuedSecrets.contains($0) } })
        try check(lines.withLock { $0 }, secrets: simulator.issuedSecrets + [SimulatorTests.token, "canary-user-data"])
    }

    /// Looks for secrets in the record, keeps it, and holds it against the specification where that is at hand.
    private func check(_ lines: [String], secrets: [String]) throws {
        for secret in secrets { #expect(!lines.contains { $0.contains(secret) }) }
        #expect(lines.contains { $0.contains("<redacted>") })
        let breaches = try Recordings.check(lines, name: "digitalocean-driver")
        #expect(breaches == nil, "\(breaches ?? "")")
    }
}
