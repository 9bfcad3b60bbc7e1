import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

@Suite("What is left alone because nobody can tell what it is")
struct AloneTests {
    private static let web = "digitalocean.droplet/web"

    private static func rename(_ id: Int64, to name: String, in world: World) async {
        let reply = await world.call(
            "POST", "/v2/droplets/\(id)/actions", ["type": "rename", "name": .string(name)])
        #expect(reply.status < 300, "\(reply)")
    }

    private static func found(_ world: World) async throws -> [FindingRecord] {
        try await world.store.findings().filter { $0.identity.kind == "left_alone" }
    }

    private static func told(_ world: World) async throws -> [String] {
        try await world.store.notices().filter { $0.payload["kind"] == "left_alone" }
            .map { "\($0.kind.rawValue) \($0.subject)" }.sorted()
    }

    @Test("A droplet under another name is told once it lasts, with what waits for it, and is over when it is back")
    func renamed() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        let id = try #require(await world.droplet("web"))
        world.time.advance(by: .minutes(5))
        await Self.rename(id, to: "web-old", in: world)
        let began = world.time.now
        let first = await world.pass()
        #expect(first.isSuccess, "\(first.story)")
        #expect(try await Self.found(world).isEmpty, "one look may be a list that lags behind")
        // A dry run opens none, however long it has gone on.
        world.time.advance(by: .minutes(3))
        _ = await world.pass(PassOptions(isDryRun: true))
        #expect(try await Self.found(world).isEmpty)
        // Nor do targets make anybody forget since when it is so.
        _ = await world.pass(PassOptions(targets: ["digitalocean.domain/shop.example"]))
        _ = await world.pass()
        let open = try await Self.found(world)
        let one = try #require(open.first)
        #expect(open.count == 1, "the object under its new name and what waits are no findings of their own: \(open)")
        #expect(one.identity == FindingIdentity(environment: nil, kind: "left_alone", key: Self.web))
        #expect(one.firstSeen == began && one.status == .open)
        #expect(one.evidence["why"]?.stringValue?.contains("is named web-old at the provider now") == true)
        #expect(one.suggestedAction == "reconcile explain \(Self.web)")
        let waiting = one.evidence["waiting"]?.listValue?.compactMap(\.stringValue) ?? []
        #expect(waiting.contains("digitalocean.record/shop.example/A/erp"), "\(waiting)")
        #expect(try await Self.told(world) == ["finding.opened \(Self.web)"])

        // A look at a part of the world, one that sees nothing and one of a dry run leave it as it is.
        _ = await world.pass(PassOptions(targets: ["digitalocean.domain/shop.example"]))
        world.simulator.order(FaultOrder("GET", "/v2/droplets", .html(status: 403)))
        _ = await world.pass()
        #expect(try await Self.found(world) == open)

        await Self.rename(id, to: "web", in: world)
        _ = await world.pass(PassOptions(isDryRun: true))
        #expect(try await Self.found(world).count == 1)
        #expect(await world.pass().isSuccess)
        #expect(try await Self.found(world).isEmpty)
        #expect(try await Self.told(world) == ["finding.opened \(Self.web)", "finding.resolved \(Self.web)"])

        // One that comes back begins anew: what was written down of the first time doesn't count.
        await Self.rename(id, to: "web-old", in: world)
        _ = await world.pass()
        #expect(try await Self.found(world).isEmpty)
    }

    @Test("Two objects of one name are told, and go on being told by passes that see nothing")
    func ambiguous() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        let made = await world.call(
            "POST", "/v2/droplets",
            ["name": "web", "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"])
        #expect(made.status == 202, "\(made)")
        for _ in 0..<2 {
            _ = await world.pass()
            world.time.advance(by: .minutes(3))
        }
        let open = try await Self.found(world)
        #expect(open.map(\.identity.key) == [Self.web])
        #expect(open.first?.evidence["why"]?.stringValue?.hasPrefix("2 objects share this name") == true)
        world.source.fail(TestFault())
        #expect(await world.pass().isSuccess == false)
        #expect(try await Self.found(world) == open)
    }

    @Test("What a provider doesn't show is told as its fault, and what it shows late not at all")
    func othersTell() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        for _ in 0..<3 {
            world.time.advance(by: .minutes(20))
            world.simulator.order(FaultOrder("GET", "/v2/droplets", .html(status: 403)))
            let blind = await world.pass()
            #expect(!blind.observationFaults.isEmpty && blind.plan?.summary.unknown ?? 0 > 1, "\(blind.story)")
        }
        #expect(try await Self.found(world).isEmpty)
    }

    @Test("Why something stands still that takes its value from such an object leads to that object")
    func explains() async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.time.advance(by: .minutes(5))
        await Self.rename(try #require(await world.droplet("web")), to: "web-old", in: world)
        let record = "digitalocean.record/shop.example/A/erp"
        let answer = try await world.reconciler(seed: 9).explain(record)
        #expect(answer.obstacle?.key.description == Self.web, "\(answer.document.json)")
        #expect(answer.obstacle?.reason.contains("name it web again") == true)
        #expect(answer.obstacle?.command == nil)
        #expect(answer.path.map(\.description) == [record, Self.web])
    }

    @Test("A pass that could not see everything is stored with RUN-0010 beside its end", arguments: [true, false])
    func storesWhatWasNotSeen(_ isDryRun: Bool) async throws {
        let world = try await World()
        #expect(await world.pass().isSuccess)
        world.simulator.order(FaultOrder("GET", "/v2/droplets", .html(status: 403)))
        let blind = await world.pass(PassOptions(isDryRun: isDryRun))
        #expect(!blind.observationFaults.isEmpty)
        let stored = try #require(try await world.store.run(withID: blind.run.id))
        #expect(stored.phase == (isDryRun ? .planned : .succeeded))
        #expect(stored.error["code"]?.stringValue == "RUN-0010")
        #expect(stored.error["message"]?.stringValue?.contains("digitalocean.droplet") == true, "\(stored.error)")
        #expect(stored.error["hint"]?.stringValue == "Run: reconcile doctor")
        #expect(stored.notCompared() > 1)
        #expect(stored.notCompared(of: ["production"]) == 1 && stored.notCompared(of: ["none"]) == 0)
        let well = await world.pass()
        let next = try await world.store.run(withID: well.run.id)
        #expect(next?.error.isNull == true && next?.notCompared() == 0 && next?.notCompared(of: ["production"]) == 0)
    }
}
