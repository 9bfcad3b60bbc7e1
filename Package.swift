// swift-tools-version: 6.2
import PackageDescription

// Upcoming features are case-sensitive and unknown names are ignored in silence, so
// Tests/ArchitectureTests holds this list against the compiler's own.
let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
    // Generic public functions cost 31 ns a call across modules without it, 0.1 ns with it.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

// The rooms in which the tests spend their time. Optimised in debug builds too, they let the tests take two fifths less of the
// processor, and the build a fifth more.
let quick: Set<String> = [
    "Basics", "Formats", "HTTPClient", "StoreSQLite", "DesiredState", "Diff", "Store", "Simulator", "Reconciler",
]

func room(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", exclude: exclude,
        swiftSettings: features
            + (quick.contains(name) ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []))
}

func driver(_ provider: String, _ dependencies: [Target.Dependency] = []) -> Target {
    room(
        "\(provider)Driver", path: "Sources/Drivers/\(provider)",
        ["Basics", "Formats", "DesiredState", "Diff", "Drivers", "HTTPClient"] + dependencies)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["Basics", "TestKit"], path: "Tests/\(name)Tests",
        exclude: exclude, swiftSettings: features)
}

func driverTests(_ provider: String, _ dependencies: [Target.Dependency] = []) -> Target {
    let rooms = [
        "\(provider)Driver", "Drivers", "SimulatorKit", "Simulator", "HTTPClient", "Diff", "DesiredState", "Formats",
        "Web",
    ]
    return tests("\(provider)Driver", rooms.map { .byName(name: $0) } + dependencies)
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/CShims/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func shim(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/CShims/\(name)")
}

let package = Package(
    name: "odooops",
    products: [
        .executable(name: "reconcile", targets: ["reconcile"]),
        .executable(name: "odooops", targets: ["odooops"]),
        // For Benchmarks/, which is a package of its own.
        .library(name: "OdooOpsPlan", targets: ["Basics", "Formats", "DesiredState", "Diff"]),
        .library(name: "OdooOpsService", targets: ["HTTPClient", "Store", "StoreSQLite"]),
        .library(
            name: "OdooOpsLife",
            targets: [
                "Basics", "Console", "DesiredState", "Diff", "DigitalOceanDriver", "Drivers", "Formats",
                "GitHubDriver", "HTTPClient", "MailgunDriver", "PlaneDriver", "Reconciler", "Simulator", "SlackDriver",
                "Store",
                "StoreSQLite", "SupabaseDriver", "VercelDriver", "Web",
            ]),
    ],
    targets: [
        // C libraries (system library targets hold only #include) and shims with code (real C targets).
        system("CYaml", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("CGit2", pkgConfig: "libgit2", apt: "libgit2-dev"),
        system("CPq", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
        // The TLS under libmicrohttpd, whose development package brings it along.
        system("CGnuTLS", pkgConfig: "gnutls", apt: "libgnutls28-dev"),
        system("CExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
        system("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        shim("CurlShim", ["CCurl"]),
        shim("Git2Shim", ["CGit2"]),
        shim("SQLiteShim", ["CSQLite"]),
        shim("MicroHTTPDShim", ["CGnuTLS", "CMicroHTTPD"]),
        shim("SystemShim", []),
        .target(
            name: "SimdjsonShim", path: "Sources/CShims/SimdjsonShim",
            cxxSettings: [.unsafeFlags(["-O3"])], linkerSettings: [.linkedLibrary("simdjson")]),

        // Rooms, from the bottom up.
        room("Basics", ["CCrypto", "SystemShim"]),
        room("Formats", ["Basics", "CYaml", "SimdjsonShim"]),
        room("DesiredState", ["Basics", "Formats"]),
        room("Diff", ["Basics", "Formats", "DesiredState"]),
        room("HTTPClient", ["Basics", "CCurl", "CurlShim"]),
        room("Git", ["Basics", "CGit2", "Git2Shim"]),
        room("Web", ["Basics", "CMicroHTTPD", "MicroHTTPDShim"]),
        room("Store", path: "Sources/Store/Kit", ["Basics", "Formats", "DesiredState", "Diff"]),
        room("StoreSQLite", path: "Sources/Store/SQLite", ["Store", "Basics", "CSQLite", "SQLiteShim"]),
        room("StorePostgres", path: "Sources/Store/Postgres", ["Store", "Basics", "CPq"]),
        room("Drivers", path: "Sources/Drivers/Kit", ["Basics", "Formats", "DesiredState", "Diff", "HTTPClient"]),
        driver("DigitalOcean"),
        driver("Spaces", ["CExpat"]),
        driver("Docker"),
        driver("Postgres", ["CPq"]),
        driver("GitHub"),
        driver("Vercel"),
        driver("Supabase"),
        driver("Mailgun"),
        driver("Slack"),
        driver("Plane"),
        room("Simulator", ["Basics", "Formats", "Web"]),
        room(
            "Reconciler",
            [
                "Basics", "Formats", "DesiredState", "Diff", "HTTPClient", "Git", "Store", "StoreSQLite",
                "StorePostgres", "Drivers", "DigitalOceanDriver",
            ]),
        room(
            "ConsoleAccess", path: "Sources/Console/Access",
            ["Basics", "CCrypto", "Formats", "HTTPClient", "Store", "Web"]),
        room(
            "ConsoleAPI", path: "Sources/Console/API",
            ["Basics", "ConsoleAccess", "DesiredState", "Diff", "Drivers", "Formats", "Reconciler", "Store", "Web"]),
        room(
            "ConsolePages", path: "Sources/Console/Pages",
            ["Basics", "ConsoleAccess", "DesiredState", "Diff", "Formats", "Reconciler", "Store", "Web"]),
        room(
            "Console",
            [
                "Basics", "ConsoleAccess", "ConsoleAPI", "ConsolePages", "Formats", "Diff", "Web", "Store",
                "Reconciler",
            ], exclude: ["Access", "API", "Pages"]),
        room("Client", ["Basics", "Formats", "HTTPClient"]),
        .executableTarget(
            name: "odooops", dependencies: ["Basics", "Client", "HTTPClient"], path: "Sources/odooops",
            swiftSettings: features),
        .executableTarget(
            name: "reconcile",
            dependencies: [
                "Basics", "Formats", "DesiredState", "Diff", "Git", "Store", "StoreSQLite", "StorePostgres", "Drivers",
                "DigitalOceanDriver", "SpacesDriver", "DockerDriver", "PostgresDriver", "GitHubDriver", "VercelDriver",
                "SupabaseDriver", "MailgunDriver", "SlackDriver", "PlaneDriver", "HTTPClient", "Web", "Console",
                "ConsoleAccess", "ConsoleAPI", "ConsolePages", "Simulator", "Reconciler",
            ],
            path: "Sources/reconcile", swiftSettings: features),

        // Tests: a target a room.
        .target(name: "TestKit", dependencies: ["Basics"], path: "Tests/TestKit", swiftSettings: features),
        .target(
            name: "SimulatorKit",
            dependencies: ["Basics", "Formats", "DesiredState", "Diff", "Drivers", "HTTPClient", "Simulator", "Web"],
            path: "Tests/SimulatorKit", swiftSettings: features),
        // One of the processes that tests let share a credential.
        .executableTarget(
            name: "budget-child",
            dependencies: ["Basics", "HTTPClient", "Reconciler", "Store", "StorePostgres", "StoreSQLite"],
            path: "Tests/BudgetChild", swiftSettings: features),
        .target(
            name: "FaultKit",
            dependencies: [
                "Basics", "Formats", "DesiredState", "Diff", "Drivers", "DigitalOceanDriver", "GitHubDriver",
                "SlackDriver", "SupabaseDriver", "VercelDriver", "HTTPClient", "Web", "Store", "StoreSQLite",
                "Reconciler", "Console", "Simulator", "SimulatorKit", "TestKit",
            ],
            path: "Tests/FaultKit", swiftSettings: features),
        .executableTarget(
            name: "fault-harness", dependencies: ["Basics", "FaultKit"], path: "Tests/FaultHarness",
            swiftSettings: features),
        tests(
            "Fault",
            [
                "FaultKit", "DesiredState", "Diff", "Formats", "HTTPClient", "Reconciler", "Simulator", "SimulatorKit",
                "Store", "StoreSQLite",
            ]),
        tests("Basics", []),
        tests("Formats", ["Formats"]),
        tests("DesiredState", ["DesiredState", "Formats"]),
        // Damaged documents of a real source of truth: for the tests, and in release for a long run with the bound on time.
        .target(
            name: "MutationKit", dependencies: ["Basics", "Formats", "DesiredState", "Diff", "TestKit"],
            path: "Tests/MutationKit", swiftSettings: features),
        .executableTarget(
            name: "mutation-harness", dependencies: ["Basics", "MutationKit", "TestKit"], path: "Tests/MutationHarness",
            swiftSettings: features),
        tests("Diff", ["Diff", "DesiredState", "Formats", "MutationKit"], exclude: ["Goldens"]),
        tests("HTTPClient", ["HTTPClient", "Web"]),
        tests("Git", ["Git"]),
        tests("Web", ["Web", "Formats"]),
        tests(
            "Store", ["Store", "StoreSQLite", "StorePostgres", "Diff", "DesiredState", "Formats"]),
        driverTests("DigitalOcean"),
        driverTests("Spaces"),
        driverTests("Docker"),
        driverTests("Postgres"),
        driverTests("GitHub"),
        driverTests("Vercel"),
        driverTests("Supabase"),
        driverTests("Mailgun"),
        driverTests("Slack"),
        driverTests("Plane"),
        tests("Simulator", ["Simulator", "Web", "Formats", "HTTPClient"]),
        tests(
            "Reconciler",
            [
                "Reconciler", "DigitalOceanDriver", "Drivers", "Simulator", "Store", "StoreSQLite", "Diff",
                "DesiredState", "Formats", "Git", "Web", "HTTPClient", "Console", "StorePostgres", "SupabaseDriver",
                "VercelDriver", "GitHubDriver", "PlaneDriver", "SpacesDriver", "DockerDriver", "budget-child",
            ], exclude: ["Goldens"]),
        tests(
            "Console",
            [
                "Console", "ConsoleAccess", "ConsoleAPI", "Reconciler", "Store", "StoreSQLite", "Web", "Formats",
                "HTTPClient", "Drivers", "GitHubDriver",
                "MailgunDriver", "PlaneDriver", "SlackDriver", "DesiredState", "Simulator", "SimulatorKit", "Diff",
            ]),
        tests("ConsoleAccess", ["ConsoleAccess", "Store", "StoreSQLite", "Web", "Formats", "HTTPClient"]),
        tests(
            "ConsoleAPI",
            [
                "ConsoleAPI", "ConsoleAccess", "DesiredState", "Diff", "Formats", "HTTPClient", "Reconciler",
                "Simulator",
                "SimulatorKit", "Store", "StoreSQLite", "SupabaseDriver", "Web",
            ]),
        tests(
            "ConsolePages",
            [
                "ConsolePages", "ConsoleAPI", "ConsoleAccess", "DesiredState", "Diff", "DigitalOceanDriver", "Formats",
                "Reconciler", "Simulator", "SimulatorKit", "Store", "StoreSQLite", "Web",
            ]),
        tests("Client", ["Client", "Formats", "HTTPClient", "odooops"]),
        tests("Architecture", []),
        tests(
            "CommandLine",
            [
                "Client", "DesiredState", "Diff", "Formats", "HTTPClient", "Reconciler", "Simulator", "StoreSQLite",
                "Web", "odooops",
            ],
            exclude: ["Goldens"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
