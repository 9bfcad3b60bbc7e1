import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store
import StoreSQLite
import TestKit
import Testing

@testable import Reconciler

extension ShardTests {
    @Test("Who fails while another is well leaves it its share, and takes it again after a pass that succeeds")
    func standsAside() async throws {
        let world = try await World()
        _ = try await world.store.claimShards(
            of: Self.count, holder: "beta/5000001/none", service: "beta/5000001", lasting: .hours(3),
            isOver: { _ in false }, choose: { _ in [] })
        // Its evidence can't be written, as on a disk that is full.
        let evidence = "\(world.directory.path)/evidence"
        try FileSystem.write([], to: evidence)
        let asides = Locked<[Bool?]>([])
        let shares = Locked<[Set<Int>]>([])
        let passes = Locked(0)
        let running = Locked<Service?>(nil)
        let alpha = world.reconciler(
            process: 5_000_001, concurrency: 1, host: "alpha", shards: Shards(Self.count),
            wrap: {
                Overtaken(inner: $0) {
                    // A pass may look more than once.
                    guard passes.withLock({ $0 }) == asides.withLock({ $0.count }) else { return }
                    let services = (try? await world.store.shardStanding().services) ?? []
                    let share = (try? await Self.service(world, "beta").shardView().share) ?? []
                    shares.withLock { $0.append(share) }
                    let number = asides.withLock { asides in
                        asides.append(services.first { $0.holder == "alpha/5000001" }?.isAside)
                        return asides.count
                    }
                    if number == 5 { FileSystem.remove(evidence) }
                    if number == 6 { running.withLock { $0 }?.requestStop() }
                }
            })
        let service = Service(reconciler: alpha, interval: .minutes(1)) { _ in passes.withLock { $0 += 1 } }
        running.withLock { $0 = service }
        await service.run()
        running.withLock { $0 = nil }
        #expect(asides.withLock { $0 } == [false, false, false, true, true, false])
        let sizes = shares.withLock { $0 }.map(\.count)
        #expect(sizes[0] < Self.count && sizes == [sizes[0], sizes[0], sizes[0], Self.count, Self.count, sizes[0]])
        #expect(try await world.store.shardStanding().services.map(\.holder) == ["beta/5000001"])
    }

    @Test(
        "Who lacks a credential that another has leaves it its share, and where each lacks something nobody does",
        arguments: [([String](), true), (["digitalocean.droplet"], false), (["github.repository"], false)])
    func lacksCredential(_ lacksThere: [String], _ isAside: Bool) async throws {
        let world = try await World()
        _ = try await world.store.claimShards(
            of: Self.count, holder: "beta/5000001/none", service: "beta/5000001", lasting: .hours(3),
            isOver: { _ in false }, choose: { _ in [] })
        try await world.store.setBookmark("service.lacks", ["beta/5000001": .strings(lacksThere)])
        let asides = Locked<[Bool]>([])
        let running = Locked<Service?>(nil)
        // Only droplets: what is wanted of it is not looked at.
        let alpha = world.reconciler(
            process: 5_000_001, host: "alpha", shards: Shards(Self.count),
            wrap: { driver in
                UnconfiguredDriver(
                    provider: driver.provider, schemas: driver.schemas.filter { $0.kind == .droplet },
                    reason: "no token")
            })
        let service = Service(reconciler: alpha, interval: .minutes(1)) { _ in
            let isAside = running.withLock { $0 }?.isAside.withLock { $0 } ?? false
            let count = asides.withLock { asides in
                asides.append(isAside)
                return asides.count
            }
            if count == 4 { running.withLock { $0 }?.requestStop() }
        }
        running.withLock { $0 = service }
        await service.run()
        running.withLock { $0 = nil }
        #expect(asides.withLock { $0 } == [false, isAside, isAside, isAside])
        let said = try await world.store.bookmark("service.lacks")?["alpha/5000001"]?.listValue
        #expect(said == [.string(ResourceKind.droplet.name)], "\(String(describing: said))")
    }

    @Test("Where all fail nobody stands aside")
    func failsTogether() async throws {
        let world = try await World()
        _ = try await world.store.claimShards(
            of: Self.count, holder: "beta/5000001/none", service: "beta/5000001", lasting: .hours(3),
            isOver: { _ in false }, choose: { _ in [] })
        try await world.store.note(
            ServiceSign(holder: "beta/5000001", nextPassAt: nil, failures: 7, at: world.time.now))
        world.source.fail(TestFault())
        let passes = Locked(0)
        let running = Locked<Service?>(nil)
        let service = Service(reconciler: Self.service(world, "alpha"), interval: .minutes(1)) { _ in
            let count = passes.withLock { passes in
                passes += 1
                return passes
            }
            if count == 5 { running.withLock { $0 }?.requestStop() }
        }
        running.withLock { $0 = service }
        await service.run()
        running.withLock { $0 = nil }
        #expect(service.currentStatus.failures == 5 && service.isAside.withLock { $0 } == false)
    }
}
