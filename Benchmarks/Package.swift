// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "odooops", path: "..")],
    targets: [
        .executableTarget(
            name: "plan-benchmark", dependencies: [.product(name: "OdooOpsPlan", package: "odooops")],
            swiftSettings: settings)
    ],
    swiftLanguageModes: [.v6]
)
