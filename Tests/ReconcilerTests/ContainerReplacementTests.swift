import Basics
import DesiredState
import Diff
import DockerDriver
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing

/// A container can't be changed in place: it is taken away and another one is made, and what it wrote has to outlive that.
@Suite("A container that is replaced")
struct ContainerReplacementTests {
    private static func tree(_ image: String, branches: [String] = ["feature/crm"], _ revision: Character) -> SourceTree
    {
        SourceTree(
            revision: String(repeating: revision, count: 40),
            files: [
                SourceFile(path: ".odooops/policies.yaml", text: World.policies),
                SourceFile(
                    path: "ssot/environments.yaml",
                    text: """
                        schema: ssot.environments.v1
                        runtimes: {docker: lab-engine}
                        environments: {}
                        tiers:
                          dev:
                            engine: lab-engine
                            containers: [{name: "{slug}-erp", image: "\(image)", restart: unless-stopped}]

                        """),
            ],
            branches: .known(
                branches.map { Branch(name: $0, commit: Digest(of: $0).hex.prefixString(40), committedAt: nil) }))
    }

    private static func pass(
        _ world: World, _ engine: ContainerEngine, process: Int, fuse: Fuse = Fuse()
    ) async throws -> RunReport {
        let host = try #require(DockerHost("unix:///engine"))
        world.time.advance(by: .minutes(5))
        let reconciler = world.reconciler(
            fuse: fuse, seed: UInt64(process), process: 5_000_000 + process,
            wrap: { _ in
                DockerDriver(
                    host: host, transport: ContainerEngineTransport(engine: engine, fuse: fuse), time: world.time)
            })
        return await reconciler.pass(PassOptions(approvals: ["all"]))
    }

    /// Whatever happened: one container of the new image, which was started, with the volume of the first one.
    private static func check(
        _ engine: ContainerEngine, _ world: World, holds volume: String, _ last: RunReport, _ place: String
    ) async throws {
        let found = engine.containers
        #expect(found.map(\.image) == ["odoo:19.1"], "\(place): \(last.story)")
        #expect(found.map(\.volume) == [volume], "\(place): \(last.story)")
        #expect(found.map(\.status) == ["running"], "\(place): \(last.story)")
        #expect(last.plan?.changes.isEmpty == true, "\(place): \(last.story)")
        #expect(try await world.store.openEntries().isEmpty, "\(place)")
    }

    @Test("The new one has the volumes without a name of the old one and runs, wherever the process ends in between")
    func keepsVolumes() async throws {
        var points = 0
        while points < 200 {
            let world = try await World(Self.tree("odoo:19.0", "a"))
            let engine = ContainerEngine(world.time)
            let first = try await Self.pass(world, engine, process: 1)
            #expect(first.isSuccess, "\(first.story)")
            let volume = try #require(engine.containers.first?.volume, "\(first.story)")
            world.source.set(Self.tree("odoo:19.1", "b"))
            let fuse = Fuse(after: points)
            var last = try await Self.pass(world, engine, process: 2, fuse: fuse)
            for process in 3..<6 { last = try await Self.pass(world, engine, process: process) }
            try await Self.check(engine, world, holds: volume, last, "point \(points), \(fuse.place)")
            await world.engine.close()
            guard fuse.isBlown else { break }
            points += 1
        }
        // Intent, removal with stop and delete, creation and start, each with both its sides.
        #expect((14..<200).contains(points), "\(points)")
    }

    @Test("The new one has them too where the engine couldn't make it at first", arguments: [1, 2, 3])
    func keepsVolumesOfFailures(_ failures: Int) async throws {
        let world = try await World(Self.tree("odoo:19.0", "a"))
        let engine = ContainerEngine(world.time)
        _ = try await Self.pass(world, engine, process: 1)
        let volume = try #require(engine.containers.first?.volume)
        world.source.set(Self.tree("odoo:19.1", "b"))
        engine.failCreations(failures)
        var last = try await Self.pass(world, engine, process: 2)
        #expect(engine.containers.isEmpty, "\(last.story)")
        for process in 3..<(6 + failures) { last = try await Self.pass(world, engine, process: process) }
        try await Self.check(engine, world, holds: volume, last, "\(failures)")
        await world.engine.close()
    }

    @Test(
        "What an environment had doesn't come back with the next one of its name, be it let go of whole or half replaced",
        arguments: [false, true])
    func endsWithItsLife(_ isHalfReplaced: Bool) async throws {
        let branches = ["feature/crm", "feature/one", "feature/two"]
        let world = try await World(Self.tree("odoo:19.0", branches: branches, "a"))
        let engine = ContainerEngine(world.time)
        _ = try await Self.pass(world, engine, process: 1)
        func volume() -> String? {
            #expect(engine.containers.count <= 3)
            return engine.containers.first { $0.name.contains("crm") }?.volume
        }
        let old = try #require(volume())
        let image = isHalfReplaced ? "odoo:19.1" : "odoo:19.0"
        if isHalfReplaced {
            world.source.set(Self.tree(image, branches: branches, "b"))
            engine.failCreations(3)
            let failed = try await Self.pass(world, engine, process: 2)
            #expect(engine.containers.isEmpty, "\(failed.story)")
        }
        world.source.set(Self.tree(image, branches: Array(branches.dropFirst()), "c"))
        for process in 3..<6 { _ = try await Self.pass(world, engine, process: process) }
        #expect(volume() == nil && engine.containers.count == 2)
        world.source.set(Self.tree(image, branches: branches, "d"))
        for process in 6..<8 { _ = try await Self.pass(world, engine, process: process) }
        let new = try #require(volume())
        #expect(new != old)
        await world.engine.close()
    }
}
