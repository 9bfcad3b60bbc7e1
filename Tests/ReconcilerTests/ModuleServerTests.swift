import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store
import TestKit
import Testing

@testable import Reconciler

/// A server that tells what it was given to tell, and remembers what it was asked.
private final class Listing: Driver, ModuleListing {
    let provider = "postgres"
    let version = "1"
    let schemas: [KindSchema] = []
    let server: String?
    let told = Locked<[String: Result<ModuleCensus, ProviderFault>]>([:])
    /// Waits here before it answers.
    let before = Locked<(@Sendable () async -> Void)?>(nil)
    private let asked = Locked<[String]>([])

    init(_ server: String?) { self.server = server }

    /// All that was asked for.
    var questions: [String] { asked.withLock { $0 } }

    func modules(in database: String, _ context: DriverContext) async -> Result<ModuleCensus, ProviderFault> {
        asked.withLock { $0.append(database) }
        await before.withLock { $0 }?()
        return told.withLock { $0[database] ?? $0["*"] }
            ?? .success(.modules([InstalledModule(name: "base", state: .installed)]))
    }

    func isOfServer(_ fault: ProviderFault) -> Bool { fault.code == "POSTGRES-0017" }
    func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] { [] }
    func steps(for change: PlannedChange) -> [Step] { [] }
    func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome { .done(nil) }
    func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome { .absent }
}

/// From which server each environment's list is read.
@Suite("Choosing the server of a list of modules")
struct ModuleChoiceTests {
    private static let inventory = """
        schema: ssot.infra.digitalocean.inventory.v1
        databases:
          - {name: shop-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1, dbs: [odoo_old]}
          - {name: lab-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}

        """
    private static let environments = """
        schema: ssot.environments.v1
        environments:
          live: {tier: production, branch: main, database_cluster: shop-pg, database: odoo_live}
          old: {tier: dev, branch: old, database_cluster: shop-pg, database: odoo_old}
          lab: {tier: dev, branch: lab, database_cluster: lab-pg, database: odoo_lab}
          bare: {tier: dev, branch: bare}

        """

    /// What was seen of the two clusters, and of their databases where it says so.
    private static func observed(_ databases: [String], isComplete: Bool) -> ObservedState {
        let clusters = ["shop-pg", "lab-pg"].map { name in
            ObservedResource(
                key: ResourceKey(.databaseCluster, name), providerID: name,
                attributes: Attributes([
                    Attributes.Item("host", .string("\(name).example")), Attributes.Item("port", .int(25060)),
                ]), isOwned: true)
        }
        let resources = databases.map {
            ObservedResource(
                key: ResourceKey(.database, $0), providerID: $0, attributes: Attributes([]), isOwned: true)
        }
        let seen: Completeness = isComplete ? .complete : .unknown(reason: "nobody asked")
        return ObservedState([
            ObservedKind(kind: .databaseCluster, completeness: .complete, resources: clusters),
            ObservedKind(kind: .database, completeness: seen, resources: resources),
        ])
    }

    private static let all = ["shop-pg/odoo_live", "shop-pg/odoo_old", "lab-pg/odoo_lab"]

    private static func sources(
        _ driver: String?, _ servers: [String: String], _ databases: [String] = all, isComplete: Bool = true
    ) -> ModuleSources {
        let desired = readDesiredState(
            World.tree(inventory: inventory, environments: environments, branches: ["main", "old", "lab", "bare"]))
        #expect(desired.environments.count == 4)
        return ModuleSources(
            desired, observed(databases, isComplete: isComplete), drivers: driver.map { [Listing($0)] } ?? [],
            servers: servers.map { ModuleServer(cluster: $0.key, listing: Listing($0.value)) })
    }

    /// `lab odoo_lab by lab-pg`, and whether it is there.
    private static func words(_ sources: ModuleSources) -> [String] {
        sources.questions.values.map { question in
            "\(question.environment) \(question.name) by \(question.cluster ?? "the driver")"
                + (question.isThere ? "" : ", not there")
        }.sorted()
    }

    private static let shop = "shop-pg.example:25060"

    @Test(
        "A cluster that is named is read there, also a database that the inventory declares; all others as before",
        arguments: [
            (shop, [:], ["live odoo_live by the driver"]), ("private-\(shop)", [:], ["live odoo_live by the driver"]),
            (nil, [:], []), ("elsewhere:5432", [:], []),
            (shop, ["lab-pg": "reader:1"], ["lab odoo_lab by lab-pg", "live odoo_live by the driver"]),
            (nil, ["lab-pg": "reader:1"], ["lab odoo_lab by lab-pg"]),
            (shop, ["shop-pg": "reader:1"], ["live odoo_live by shop-pg", "old odoo_old by shop-pg"]),
            (
                nil, ["lab-pg": "a:1", "shop-pg": "a:1", "none-pg": "a:1"],
                ["lab odoo_lab by lab-pg", "live odoo_live by shop-pg", "old odoo_old by shop-pg"]
            ),
        ] as [(String?, [String: String], [String])])
    func choice(driver: String?, servers: [String: String], expected: [String]) {
        #expect(Self.words(Self.sources(driver, servers)) == expected)
    }

    @Test(
        "Where nobody has seen whether a database is there, its own server is asked; where it was seen to be gone, nobody"
    )
    func unseen() {
        let named = ["lab-pg": "reader:1"]
        let unseen = Self.sources(Self.shop, named, [], isComplete: false)
        #expect(Self.words(unseen) == ["lab odoo_lab by lab-pg"])
        #expect(unseen.silences["live"] == "nobody has seen whether the database shop-pg/odoo_live is there")
        let gone = Self.sources(Self.shop, named, [])
        #expect(
            Self.words(gone) == ["lab odoo_lab by lab-pg, not there", "live odoo_live by the driver, not there"])
    }

    private static let declared =
        "the database shop-pg/odoo_old is one that the inventory declares (ssot/infra/digitalocean/inventory.yaml:3:104), so that "
        + "its list is only read where modules.servers.shop-pg names a server: name it there"

    @Test(
        "Of a database that is none of the environment's own it is told whose it is, whatever is configured",
        arguments: [nil, shop, "elsewhere:5432"], [[:], ["lab-pg": "reader:1"]] as [[String: String]])
    func declaredByTheInventory(driver: String?, servers: [String: String]) {
        let sources = Self.sources(driver, servers)
        #expect(sources.silences["old"] == Self.declared && sources.questions["old"] == nil)
        #expect(sources.silences["bare"] == nil, "no document names a database for it")
        #expect(Self.sources(driver, ["shop-pg": "reader:1"]).silences["old"] == nil)
    }

    @Test(
        "Of a database without a cluster, and of one that the documents leave unknown, the true reason is told",
        arguments: [
            ("database: odoo_x", "a document names the database odoo_x for it, and no database_cluster"),
            ("database_cluster: shop-pg, database: odoo_live", "database shop-pg/odoo_live can't be known"),
            ("database_cluster: none-pg, database: odoo_x", "database none-pg/odoo_x can't be known"),
        ])
    func otherReasons(entry: String, reason: String) {
        let text = Self.environments + "  more: {tier: dev, branch: old, \(entry)}\n"
        let desired = readDesiredState(
            World.tree(inventory: Self.inventory, environments: text, branches: ["main", "old", "lab", "bare"]))
        let sources = ModuleSources(
            desired, Self.observed(Self.all, isComplete: true), drivers: [Listing(Self.shop)], servers: [])
        #expect(sources.silences["more"]?.contains(reason) == true, "\(sources.silences)")
    }

    @Test("Who isn't read is told why and what helps, and an address that is another cluster's is believed nothing")
    func silences() {
        let sources = Self.sources("elsewhere:5432", ["lab-pg": Self.shop])
        #expect(Self.words(sources) == [])
        #expect(
            sources.silences == [
                "lab": "modules.servers.lab-pg leads to shop-pg.example:25060, which is the cluster shop-pg: write the "
                    + "address of lab-pg there",
                "live":
                    "the database shop-pg/odoo_live is on another server than elsewhere:5432: name the one to read its "
                    + "lists from as modules.servers.shop-pg",
                "old": Self.declared,
            ])
        #expect(
            Self.sources(nil, [:]).silences["lab"]
                == "no PostgreSQL server is configured: set POSTGRES_ADMIN_URL, or name a server to read its lists from as "
                + "modules.servers.lab-pg")
        // One's own address, by whichever of its names, is as it should be.
        #expect(Self.words(Self.sources(nil, ["shop-pg": "private-\(Self.shop)"])).count == 2)
    }
}

/// Passes that read lists from several servers.
@Suite("Lists of modules from several servers")
struct ModuleServerTests {
    private static let inventory = World.inventory.replacing(
        "domains:",
        with: """
              - {name: lab-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1}
            domains:
            """)
    private static let environments = World.environments.replacing(
        "tiers:\n  dev: {host: web, database_cluster: shop-pg",
        with: "tiers:\n  dev: {host: web, database_cluster: lab-pg")

    private static let previews = (1...24).map { "feature/n\($0)" }

    /// A world of two clusters: production and crm are on shop-pg, all previews on lab-pg.
    private static func world() async throws -> World {
        let world = try await World(
            World.tree(
                inventory: inventory, environments: environments, branches: ["main", "feature/crm"] + previews))
        for _ in 0..<2 { #expect(await world.pass().isSuccess) }
        return world
    }

    private static func reconciler(_ world: World, _ servers: [String: Listing], log: Log = .none) -> Reconciler {
        let base = world.reconciler()
        return Reconciler(
            source: base.source, drivers: base.drivers, store: base.store, evidence: base.evidence, time: base.time,
            random: base.random, log: log, metrics: base.metrics, holder: base.holder,
            moduleServers: servers.map { ModuleServer(cluster: $0.key, listing: $0.value) })
    }

    private static let down = ProviderFault(
        provider: "postgres", operation: "modules.list", code: "POSTGRES-0017", message: "lab-pg doesn't answer",
        place: nil, hint: "does it run?", disposition: .retry(after: nil))

    @Test("What one server refuses keeps its own environments unknown, says which, and nobody else's")
    func oneIsDown() async throws {
        let world = try await Self.world()
        let (shop, lab) = (Listing("shop:1"), Listing("lab:1"))
        lab.told.withLock { $0["*"] = .failure(Self.down) }
        let lines = Locked<[String]>([])
        let log = Log(level: .warning, time: world.time) { line in lines.withLock { $0.append(line) } }
        let reconciler = Self.reconciler(world, ["shop-pg": shop, "lab-pg": lab], log: log)
        let report = await reconciler.pass(PassOptions())
        #expect(report.isSuccess && report.observationFaults == [], "\(report.story)")
        #expect(shop.questions.sorted() == ["odoo_crm", "odoo_prod"] && lab.questions.count == 1)
        let looks = try await world.store.moduleLooks()
        #expect(looks.count == 26)
        #expect(looks.filter { $0.outcome == .modules }.map(\.environment) == ["crm", "production"])
        // More of them than a pass asks a server for: a server that is away takes the time of one.
        #expect(looks.count { $0.problem == "POSTGRES-0017: lab-pg doesn't answer; does it run?" } == 24)
        let told = lines.withLock { $0.filter { $0.contains("a server shows no modules") } }
        #expect(told.count == 1 && told.first?.contains("lab-pg") == true, "\(told)")
        for name in ["feature-n1", "feature-n24"] { #expect(told.first?.contains(name) == true) }
        #expect(told.first?.contains("production") == false)
        let events = try await world.store.events(ofRun: report.run.id).filter { $0.type == "modules" }
        #expect(events.count == 26 && events.count { $0.payload["server"] == "lab-pg" } == 24)

        // It comes back: the next quarter of an hour shows all, twenty in each pass.
        lab.told.withLock { $0 = [:] }
        for _ in 0..<2 {
            world.time.advance(by: .minutes(15))
            #expect(await reconciler.pass(PassOptions()).isSuccess)
        }
        #expect(try await world.store.moduleLooks().allSatisfy { $0.problem == nil && $0.outcome == .modules })
    }

    @Test("Servers are asked side by side, so that a slow one holds up no other")
    func sideBySide() async throws {
        let world = try await Self.world()
        let (shop, lab) = (Listing("shop:1"), Listing("lab:1"))
        // It answers when the other one has told everything, and the time of a pass is over by then.
        lab.before.withLock { before in
            before = { [time = world.time] in
                #expect(await eventually { shop.questions.count == 2 })
                time.advance(by: .seconds(11))
            }
        }
        let reconciler = Self.reconciler(world, ["shop-pg": shop, "lab-pg": lab])
        #expect(await reconciler.pass(PassOptions()).isSuccess)
        #expect(shop.questions == ["odoo_crm", "odoo_prod"] && lab.questions.count == 1)
        // The others of the slow one come in the next passes, one in each as long as it is so slow.
        #expect(await reconciler.pass(PassOptions()).isSuccess)
        #expect(shop.questions.count == 2 && Set(lab.questions).count == 2)
    }

    @Test("Through what each list is read is told, and what no document gives a database has none")
    func reach() async throws {
        let world = try await Self.world()
        let reconciler = Self.reconciler(world, ["lab-pg": Listing("lab:1")])
        let outlook = try #require(await reconciler.pass(PassOptions()).outlook)
        let reach = ModuleReach(reconciler, outlook)
        #expect(reach.source(of: "feature-n1") == "modules.servers.lab-pg (lab:1)")
        #expect(reach.silence(of: "feature-n1") == nil)
        #expect(reach.source(of: "production") == nil)
        #expect(reach.silence(of: "production")?.contains("modules.servers.shop-pg") == true)
        #expect(reach.silence(of: "nobody") == "no document names a database for it")
    }
}

/// What the configuration says of `modules.servers`.
@Suite("Configuration of servers of modules")
struct ModuleServerSettingsTests {
    private static func read(_ text: String) throws -> Configuration {
        // Where people write, a planted secret may stand.
        let directory = try TemporaryDirectory(prefix: "odooops-modules")
        try directory.write("modules: {interval: 1h, servers: \(text)}\n", to: "ssot/reconciler.yaml")
        var reader = ConfigurationReader(environment: [:], workingDirectory: directory.path("ssot"))
        return try reader.read(ConfigurationFlags())
    }

    @Test("each is a cluster and a reference")
    func whole() throws {
        let settings = try Self.read("{shop-pg: 'env:SHOP_PG', lab.pg_2: 'file:lab'}")
        #expect(settings.moduleServers["shop-pg"] == .environment("SHOP_PG") && settings.moduleServers.count == 2)
        guard case .file(let path) = settings.moduleServers["lab.pg_2"] else {
            Issue.record("\(settings.moduleServers)")
            return
        }
        #expect(path.hasPrefix("/") && path.hasSuffix("/lab") && settings.moduleInterval == .hours(1))
        #expect(try Self.read("").moduleServers.isEmpty && Self.read("{}").moduleServers.isEmpty)
    }

    @Test(
        "what can't be meant is refused with its place, and no address is repeated",
        arguments: [
            ("[env:A]", "CONF-0003"), ("env:A", "CONF-0003"), ("{shop-pg: [env:A]}", "CONF-0003"),
            ("{shop-pg: }", "CONF-0015"), ("{'postgres://u:PLANTED@h/d': 'env:A'}", "CONF-0015"),
            ("{shop-pg: 'postgres://u:PLANTED@h/d'}", "CONF-0006"), ("{shop-pg: {url: 'env:A'}}", "CONF-0003"),
        ])
    func refused(text: String, code: String) throws {
        let word = "canary-" + "in-an-address"
        do {
            _ = try Self.read(text.replacing("PLANTED", with: word))
            Issue.record("\(text) was taken")
        } catch let fault as ConfigurationFault {
            #expect(fault.code == code, "\(text): \(fault.message)")
            #expect(fault.place?.contains("reconciler.yaml:1") == true && fault.hint != nil)
            #expect(!"\(fault) \(fault.hint ?? "")".contains(word))
        }
    }
}
