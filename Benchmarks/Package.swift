// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let plan = Target.Dependency.product(name: "OdooOpsPlan", package: "odooops")
let service = Target.Dependency.product(name: "OdooOpsService", package: "odooops")

let life = Target.Dependency.product(name: "OdooOpsLife", package: "odooops")

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "odooops", path: "..")],
    targets: [
        .target(name: "Figures", swiftSettings: settings),
        .executableTarget(name: "plan-benchmark", dependencies: ["Figures", plan], swiftSettings: settings),
        .executableTarget(name: "state-benchmark", dependencies: ["Figures", plan], swiftSettings: settings),
        .executableTarget(name: "life-benchmark", dependencies: ["Figures", life], swiftSettings: settings),
        .executableTarget(name: "hook-benchmark", dependencies: ["Figures", life], swiftSettings: settings),
        .executableTarget(
            name: "pass-benchmark", dependencies: ["Figures", plan, service, life], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
