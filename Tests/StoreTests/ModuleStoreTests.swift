import Basics
import DesiredState
import Store
import Testing

@Suite struct ModuleStoreTests {
    private static let database = ResourceKey(.serverDatabase, "odoo_lab")

    private static func module(
        _ name: String, _ state: InstalledModule.State = .installed, _ origin: ModuleOrigin = .unknown
    ) -> InstalledModule {
        InstalledModule(name: name, state: state, version: "19.0.1.0", origin: origin)
    }

    @Test(arguments: engines)
    func `what a look found takes the place of what was known, and what is the same is not written`(
        _ dialect: SQLDialect
    ) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            func keep(_ sight: ModuleSight, after: Duration = .minutes(15)) async throws -> Bool {
                test.time.advance(by: after)
                return try await store.keepModules(sight, of: "lab", in: Self.database)
            }
            func names() async throws -> [String] {
                try await store.installedModules(of: ["lab"])["lab", default: []].map {
                    "\($0.module.name) \($0.module.state.rawValue) \(($0.since - start).components.seconds / 60)"
                }
            }
            #expect(try await store.moduleLooks() == [])
            #expect(try await store.moduleCensus(of: nil) == nil)
            #expect(try await keep(.census(.notInitialised)))
            #expect(try await keep(.census(.notInitialised)) == false)
            #expect(try await store.moduleLooks().map(\.observedAt) == [start + .minutes(15)])
            #expect(try await store.moduleCensus(of: try await store.moduleLooks().first) == .notInitialised)

            let first = [Self.module("queue", .installed, .community("queue")), Self.module("base", .installed, .odoo)]
            #expect(try await keep(.census(.modules(first))))
            #expect(try await keep(.census(.modules(first))) == false)
            #expect(try await names() == ["base installed 45", "queue installed 45"])
            // Only what moved is newer; what is gone is gone.
            #expect(try await keep(.census(.modules([Self.module("base", .toUpgrade, .odoo), Self.module("web")]))))
            #expect(try await names() == ["base to upgrade 75", "web installed 75"])
            #expect(try await keep(.census(.modules([Self.module("base", .installed, .odoo), Self.module("web")]))))
            #expect(try await names() == ["base installed 90", "web installed 75"])

            // What can't be seen leaves what was seen, and is said once.
            #expect(try await keep(.problem("POSTGRES-0008: it could not be reached")))
            #expect(try await keep(.problem("POSTGRES-0008: it could not be reached")) == false)
            let blind = try #require(try await store.moduleLooks(of: ["lab", "other"]).first)
            #expect(blind.outcome == .modules && blind.problem?.hasPrefix("POSTGRES-0008") == true)
            #expect(try await names() == ["base installed 90", "web installed 75"])
            #expect(try await keep(.census(.modules([Self.module("base", .installed, .odoo), Self.module("web")]))))
            #expect(try await names() == ["base installed 90", "web installed 75"])

            // Another database's modules are not this one's.
            test.time.advance(by: .minutes(15))
            let other = ResourceKey(.database, "shop-pg/odoo_lab")
            #expect(try await store.keepModules(.problem("POSTGRES-0016: no"), of: "lab", in: other))
            #expect(try await store.moduleLooks().map(\.outcome) == [.unknown])
            #expect(try await names() == [])
            #expect(try await store.moduleCensus(of: try await store.moduleLooks().first) == nil)
        }
    }

    @Test(arguments: engines)
    func `what was seen of an environment goes with it`(_ dialect: SQLDialect) async throws {
        try await TestStore.with(dialect) { test in
            let store = test.store
            var lab = EnvironmentRow(slug: "lab", tier: .dev, createdAt: start)
            try await store.saveEnvironments([lab, EnvironmentRow(slug: "other", tier: .dev, createdAt: start)])
            for name in ["lab", "other"] {
                #expect(
                    try await store.keepModules(.census(.modules([Self.module("base")])), of: name, in: Self.database))
            }
            lab.status = .expired
            try await store.saveEnvironments([lab])
            #expect(try await store.moduleLooks().count == 2)
            lab.status = .gone
            try await store.saveEnvironments([lab])
            #expect(try await store.moduleLooks().map(\.environment) == ["other"])
            #expect(try await store.installedModules(of: ["lab", "other"]).keys.sorted() == ["other"])
            #expect(try await store.forgetModules(of: "other"))
            #expect(try await store.forgetModules(of: "other") == false)
            #expect(try await test.rows("select module from ops.environment_modules").isEmpty)
        }
    }
}
