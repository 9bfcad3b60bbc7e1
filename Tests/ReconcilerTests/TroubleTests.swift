import Basics
import DesiredState
import Diff
import Formats
import Glibc
import Reconciler
import Store
import Testing

@Suite("That passes fail, and succeed again")
struct TroubleTests {
    private static let host = "test:0a1b2c3d"

    /// A service for so many passes, as a process of its own.
    private static func serve(_ world: World, _ passes: Int, process: Int) async {
        let end = Locked<(@Sendable () -> Void)?>(nil)
        let count = Locked(0)
        let service = Service(
            reconciler: world.reconciler(seed: UInt64(process), process: process, host: host), interval: .minutes(1),
            looksAfterOthers: false
        ) { _ in
            let made = count.withLock { made in
                made += 1
                return made
            }
            if made >= passes { end.withLock { $0 }?() }
        }
        end.withLock { $0 = { service.requestStop() } }
        await service.run()
    }

    private static func told(_ world: World) async throws -> [String] {
        try await world.store.notices(limit: 1_000).filter { $0.kind.rawValue.hasPrefix("service.") }
            .map { "\($0.kind.rawValue) \($0.subject)" }
    }

    @Test("is told once each, also where a restart is the cure, and by the machine's name")
    func restarts() async throws {
        let world = try await World()
        world.source.fail(TestFault())
        await Self.serve(world, 4, process: 5_000_001)
        #expect(try await Self.told(world) == ["service.failing test"])
        // A restart that cures nothing is no other matter.
        await Self.serve(world, 4, process: 5_000_002)
        #expect(try await Self.told(world) == ["service.failing test"])
        world.source.set(World.tree())
        await Self.serve(world, 2, process: 5_000_003)
        #expect(try await Self.told(world) == ["service.failing test", "service.recovered test"])
        world.source.fail(TestFault())
        await Self.serve(world, 3, process: 5_000_004)
        #expect(try await Self.told(world).count == 3)
    }

    @Test("is over for one that is alive only when its own pass succeeds, or when it was silent for an hour")
    func othersSucceed() async throws {
        let world = try await World()
        world.source.fail(TestFault())
        await Self.serve(world, 3, process: Int(getpid()))
        world.source.set(World.tree())
        await Self.serve(world, 1, process: 5_000_002)
        #expect(try await Self.told(world) == ["service.failing test"])
        world.time.advance(by: .hours(2))
        await Self.serve(world, 1, process: 5_000_002)
        #expect(try await Self.told(world) == ["service.failing test", "service.recovered test"])
    }
}
