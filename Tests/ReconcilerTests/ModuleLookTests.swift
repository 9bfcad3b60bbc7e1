import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import Store
import TestKit
import Testing

@testable import Reconciler

/// Which modules Odoo has installed, as passes look at it once in a while.
@Suite("Looks at installed modules")
struct ModuleLookTests {
    /// A server that tells what it was given to tell, and remembers what it was asked.
    private final class Odoo: Driver, ModuleListing {
        let provider = "postgres"
        let version = "1"
        let schemas: [KindSchema] = []
        let place = Locked<String?>(nil)
        let told = Locked<[String: Result<ModuleCensus, ProviderFault>]>([:])
        private let asked = Locked<[String]>([])

        var server: String? { place.withLock { $0 } }

        /// What was asked for since this was last read.
        func questions() -> [String] {
            asked.withLock { asked in
                defer { asked = [] }
                return asked
            }
        }

        func modules(in database: String, _ context: DriverContext) async -> Result<ModuleCensus, ProviderFault> {
            asked.withLock { $0.append(database) }
            return told.withLock { $0[database] } ?? .success(.notInitialised)
        }

        func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] { [] }
        func steps(for change: PlannedChange) -> [Step] { [] }
        func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
            .done(nil)
        }
        func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome { .absent }
    }

    private static func reconciler(_ world: World, _ odoo: [any Driver]) -> Reconciler {
        let random = RandomSource(seed: 1)
        let driver = DigitalOceanDriver(
            token: Secret("token-of-the-test"), baseURL: "http://simulator.test",
            transport: SimulatorTransport(simulator: world.simulator, fuse: Fuse()), time: world.time, random: random)
        return Reconciler(
            source: world.source, drivers: [driver] + odoo, store: world.store,
            evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"), time: world.time, random: random,
            log: .none, metrics: Metrics(), holder: "test/1")
    }

    /// A world whose environments are there, and a reconciler whose server is their cluster.
    private static func settled(_ tree: SourceTree = World.tree()) async throws -> (World, Odoo, Reconciler) {
        let (world, odoo) = (try await World(tree), Odoo())
        let reconciler = reconciler(world, [odoo])
        _ = await reconciler.pass(PassOptions())
        let report = await reconciler.pass(PassOptions())
        #expect(report.isSuccess && odoo.questions() == [], "\(report.story)")
        let cluster = try #require(report.outlook?.observed.resource(ResourceKey(.databaseCluster, "shop-pg")))
        let host = try #require(cluster.attributes["host"]?.stringValue)
        let port = try #require(cluster.attributes["port"]?.intValue)
        odoo.place.withLock { $0 = "private-\(host):\(port)" }
        return (world, odoo, reconciler)
    }

    /// What is remembered, and when it was written.
    private static func memory(_ world: World) async throws -> [String] {
        let looks = try await world.store.moduleLooks()
        let found = try await world.store.installedModules(of: looks.map(\.environment))
        return looks.map { look in
            let modules = found[look.environment, default: []].map {
                "\($0.module.name) \($0.module.state) \($0.since)"
            }
            return "\(look.environment) \(look.outcome) \(look.problem ?? "") \(look.observedAt) \(modules)"
        }
    }

    private static let databases = ["odoo_crm", "odoo_feature_loyalty", "odoo_prod"]

    @Test("Each database is asked every quarter of an hour, after all else, and only what is another is written")
    func everyQuarter() async throws {
        let (world, odoo, reconciler) = try await Self.settled()
        odoo.told.withLock {
            $0["odoo_prod"] = .success(
                .modules([InstalledModule(name: "base", state: .installed, version: "19.0.1.3")]))
        }
        let first = await reconciler.pass(PassOptions())
        #expect(first.isSuccess && odoo.questions().sorted() == Self.databases, "\(first.story)")
        let looks = try await world.store.moduleLooks()
        #expect(
            looks.map { "\($0.environment) \($0.outcome)" } == [
                "crm notInitialised", "feature-loyalty notInitialised", "production modules",
            ])
        #expect(looks.last?.database == ResourceKey(.database, "shop-pg/odoo_prod"))
        let events = try await world.store.events(ofRun: first.run.id)
        #expect(events.count { $0.type == "modules" } == 3)

        // A hundred passes, a minute apart, ask every fifteenth time and write nothing.
        let before = try await Self.memory(world)
        for _ in 0..<100 {
            world.time.advance(by: .minutes(1))
            #expect(await reconciler.pass(PassOptions()).isSuccess)
        }
        #expect(odoo.questions().count == 6 * Self.databases.count)
        #expect(try await Self.memory(world) == before)

        odoo.told.withLock {
            $0["odoo_prod"] = .success(
                .modules([InstalledModule(name: "base", state: .toUpgrade, version: "19.0.1.3")]))
        }
        world.time.advance(by: .minutes(15))
        let changed = await reconciler.pass(PassOptions())
        #expect(try await Self.memory(world).count { before.contains($0) } == 2)
        #expect(
            try await world.store.installedModules(of: ["production"])["production"]?.first?.module.state == .toUpgrade)
        // It is for people: no plan has anything of it.
        #expect(changed.plan?.changes.isEmpty == true)

        // Another process looks anew, and finds it known.
        let known = try await Self.memory(world)
        _ = await Self.reconciler(world, [odoo]).pass(PassOptions())
        #expect(odoo.questions().count == 2 * Self.databases.count)
        #expect(try await Self.memory(world) == known)
        // A look without effect, and one at a part of the world, ask nobody.
        world.time.advance(by: .hours(1))
        _ = await reconciler.pass(PassOptions(isDryRun: true))
        _ = await reconciler.pass(PassOptions(targets: ["production"]))
        #expect(odoo.questions() == [])
    }

    @Test("What can't be read is told with its reason, fails no pass and forgets nothing")
    func unreadable() async throws {
        let (world, odoo, reconciler) = try await Self.settled()
        odoo.told.withLock {
            $0["odoo_prod"] = .success(.modules([InstalledModule(name: "base", state: .installed)]))
        }
        _ = await reconciler.pass(PassOptions())
        let fault = ProviderFault(
            provider: "postgres", operation: "modules.list", code: "POSTGRES-0016", message: "it can't be read",
            place: nil, hint: "grant it", disposition: .stop)
        odoo.told.withLock { $0["odoo_prod"] = .failure(fault) }
        world.time.advance(by: .minutes(15))
        let report = await reconciler.pass(PassOptions())
        #expect(report.isSuccess && report.observationFaults == [], "\(report.story)")
        let look = try #require(try await world.store.moduleLooks(of: ["production"]).first)
        #expect(look.problem == "POSTGRES-0016: it can't be read; grant it" && look.outcome == .modules)
        #expect(try await world.store.installedModules(of: ["production"])["production"]?.count == 1)
    }

    @Test("What was seen of an environment goes with it, and with its database")
    func gone() async throws {
        let (world, _, reconciler) = try await Self.settled()
        _ = await reconciler.pass(PassOptions())
        #expect(try await world.store.moduleLooks().count == 3)
        world.source.change { tree in
            tree.branches = World.tree(branches: ["main", "feature/crm"]).branches
        }
        for _ in 0..<3 {
            world.time.advance(by: .minutes(20))
            let report = await reconciler.pass(PassOptions(approvals: ["all"]))
            #expect(report.isSuccess, "\(report.story)")
        }
        #expect(try await world.store.moduleLooks().map(\.environment) == ["crm", "production"])
        // Nor does the process remember when it asked about what is gone.
        #expect(reconciler.moduleLooks.withLock { $0.keys.sorted() } == ["crm", "production"])
    }

    @Test("A database that a pass has made is looked into by the next one")
    func made() async throws {
        let (world, odoo, reconciler) = try await Self.settled()
        _ = await reconciler.pass(PassOptions())
        _ = odoo.questions()
        world.source.change { tree in
            tree.branches = World.tree(branches: ["main", "feature/crm", "feature/loyalty", "feature/new"]).branches
        }
        for asked in [[], ["odoo_feature_new"], []] {
            world.time.advance(by: .minutes(1))
            let report = await reconciler.pass(PassOptions())
            #expect(report.isSuccess && odoo.questions() == asked, "\(report.story)")
        }
    }

    @Test("Nobody is asked about a database on another server, and it is said why nobody looks")
    func elsewhere() async throws {
        let (world, odoo, reconciler) = try await Self.settled()
        odoo.place.withLock { $0 = "elsewhere.example:5432" }
        let report = await reconciler.pass(PassOptions())
        #expect(odoo.questions() == [] && report.isSuccess)
        #expect(try await world.store.moduleLooks() == [])
        let outlook = try #require(report.outlook)
        #expect(
            ModuleReach(reconciler, outlook).silence(of: "production")
                == "the database shop-pg/odoo_prod is on another server than elsewhere.example:5432: name the one to read "
                + "its lists from as modules.servers.shop-pg")
        #expect(ModuleReach(reconciler, outlook).silence(of: "nobody") == "no document names a database for it")
        #expect(
            ModuleReach(Self.reconciler(world, []), outlook).silence(of: "production")
                == "no PostgreSQL server is configured: set POSTGRES_ADMIN_URL, or name a server to read its lists from as "
                + "modules.servers.shop-pg")
        let cluster = try #require(outlook.observed.resource(ResourceKey(.databaseCluster, "shop-pg")))
        let port = cluster.attributes["port"]?.intValue ?? 0
        odoo.place.withLock { $0 = "\(cluster.attributes["host"]?.stringValue ?? ""):\(port)" }
        #expect(ModuleReach(reconciler, outlook).silence(of: "production") == nil)
    }

    @Test("One pass looks into twenty databases at the most, and the next one begins with those that waited")
    func bounded() async throws {
        let names = (1...24).map { "feature/n\($0)" }
        let (world, odoo, reconciler) = try await Self.settled(World.tree(branches: ["main", "feature/crm"] + names))
        _ = await reconciler.pass(PassOptions())
        let first = odoo.questions()
        #expect(first.count == 20 && Set(first).count == 20)
        world.time.advance(by: .minutes(1))
        _ = await reconciler.pass(PassOptions())
        let second = odoo.questions()
        #expect(second.count == 6 && Set(first).isDisjoint(with: second))
        world.time.advance(by: .minutes(1))
        _ = await reconciler.pass(PassOptions())
        #expect(odoo.questions() == [])
    }
}
