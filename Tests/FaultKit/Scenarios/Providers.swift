import Basics
import Drivers
import Formats
import HTTPClient
import Store
import SupabaseDriver

extension Scenario {
    /// The credential of a provider is taken away while others want things of it, and comes back.
    static let switchedOff = Scenario(
        name: "switched-off",
        setup: Setup(
            wish: Wish(hasProject: true), settings: Installation.Settings(providers: ["digitalocean", "vercel"])),
        inputs: [
            Input("switch off", restarts: true) { world, _ in
                world.settings.withLock { _ = $0.switchedOff.insert("vercel") }
            },
            .push("change", Wish(ttl: 3600, hasProject: true, projectCommand: "make site")),
            Input("switch on", restarts: true) { world, _ in world.settings.withLock { $0.switchedOff = [] } },
        ])

    /// The main provider is switched off when an environment should go: nothing may be taken for gone.
    static let switchedOffLate = Scenario(
        name: "switched-off-late", setup: Setup(wish: Wish(branches: ["main", "feature/loyalty"])),
        inputs: [
            Input("switch off", restarts: true) { world, _ in
                world.settings.withLock { _ = $0.switchedOff.insert("digitalocean") }
                world.repository.push(Wish().tree)
            },
            Input("switch on", restarts: true) { world, _ in world.settings.withLock { $0.switchedOff = [] } },
        ])

    private static let project = "abcdefghijklmnopqrst"

    /// A secret gets another value, which is brought to where it is used.
    static let rotated = Scenario(
        name: "rotated",
        setup: Setup(
            settings: Installation.Settings(
                providers: ["digitalocean", "supabase"], values: ["API_KEY": "canary-secret-value-5"]),
            accounts: [
                "supabase": [
                    "organization": "simulated",
                    "projects": [
                        [
                            "ref": .string(project), "name": "console",
                            "secrets": ["API_KEY": "canary-secret-value-5"],
                        ]
                    ],
                ]
            ]),
        inputs: [
            Input("another value", restarts: true) { world, _ in
                world.settings.withLock { $0.values["API_KEY"] = "canary-secret-value-6" }
            },
            Input("sync") { world, work in
                guard let driver = work.process.drivers.lazy.compactMap({ $0 as? SupabaseDriver }).first else {
                    throw NotYet()
                }
                var record = try await work.store.beginSecretSync(
                    SecretSyncRecord(
                        provider: "supabase", target: project, actor: "ada", startedAt: world.time.now))
                let outcome = await driver.syncSecrets(
                    [SecretWish("API_KEY", .environment("API_KEY"))], to: project,
                    DriverContext(runID: record.id, log: .none, priority: .person))
                record.pushed = outcome.pushed
                record.skipped = outcome.skipped
                record.status = outcome.fault == nil ? .success : .error
                record.errorCode = outcome.fault?.code
                try await work.store.finishSecretSync(record)
                if let fault = outcome.fault { throw fault }
            },
        ])
}
