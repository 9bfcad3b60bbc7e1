import Basics
import TestKit
import Testing

/// What each room may import.
///
/// Arrows go down only; the compiler does not hold them.
private let rooms: [(folder: String, mayImport: Set<String>)] = {
    let system: Set<String> = ["Glibc", "Synchronization"]
    let pure: Set<String> = ["Basics", "Formats", "DesiredState", "Diff"]
    let driver = pure.union(["Drivers", "HTTPClient"]).union(system)
    return [
        ("Basics", system.union(["CCrypto", "SystemShim"])),
        ("Formats", ["Basics", "CYaml", "SimdjsonShim"]),
        ("DesiredState", ["Basics", "Formats"]),
        ("Diff", ["Basics", "Formats", "DesiredState"]),
        ("HTTPClient", system.union(["Basics", "CCurl", "CurlShim"])),
        ("Git", system.union(["Basics", "CGit2", "Git2Shim"])),
        ("Web", system.union(["Basics", "CMicroHTTPD", "MicroHTTPDShim"])),
        ("Store/Kit", pure),
        ("Store/SQLite", pure.union(system).union(["Store", "CSQLite", "SQLiteShim"])),
        ("Store/Postgres", pure.union(system).union(["Store", "CPq"])),
        ("Drivers/Kit", pure.union(["HTTPClient"])),
        ("Drivers/Postgres", driver.union(["CPq"])),
        ("Drivers/Spaces", driver.union(["CExpat"])),
        ("Drivers/*", driver),
        ("Simulator", system.union(["Basics", "Formats", "Web"])),
        (
            "Reconciler",
            pure.union(system).union([
                "HTTPClient", "Git", "Store", "StoreSQLite", "StorePostgres", "Drivers", "DigitalOceanDriver",
            ])
        ),
        ("Client", ["Basics", "Formats", "HTTPClient"]),
        ("Console/Access", system.union(["Basics", "CCrypto", "Formats", "HTTPClient", "Store", "Web"])),
        ("Console/API", pure.union(["ConsoleAccess", "Drivers", "Reconciler", "Store", "Web"])),
        ("Console/Pages", pure.union(["ConsoleAccess", "Reconciler", "Store", "Web"])),
        (
            "Console",
            pure.union(system).union(["ConsoleAccess", "ConsoleAPI", "ConsolePages", "Web", "Store", "Reconciler"])
        ),
    ]
}()

/// What single files may import beyond their room, and why.
private let exceptions: [String: Set<String>] = [
    // inet_pton: which texts are addresses is the system's to say, and it asks nobody.
    "Sources/DesiredState/Values/Address.swift": ["Glibc"],
    // memcmp, over ten thousand names.
    "Sources/DesiredState/ByteOrder.swift": ["Glibc"],
]

/// Folders whose programs wire the rooms and may import any of them.
private let programs: Set<String> = ["reconcile", "odooops"]

private func mayImport(_ path: String) -> Set<String>? {
    let parts = path.split(separator: "/").dropFirst()
    guard let first = parts.first else { return nil }
    guard let second = parts.dropFirst().first else { return nil }
    let exact = rooms.first { $0.folder == "\(first)/\(second)" }
    let whole = first == "Drivers" || first == "Store" ? "\(first)/*" : String(first)
    return (exact ?? rooms.first { $0.folder == whole })?.mayImport
}

@Suite struct RoomTests {
    @Test func everyRoomImportsOnlyWhatLiesBelowIt() throws {
        let files = try SourceFile.all(under: "Sources")
        #expect(files.count > 50)
        for file in files {
            let folder = file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
            if programs.contains(folder) { continue }
            guard let allowed = mayImport(file.path) else {
                Issue.record("\(file.path): the room is not in the table of this test")
                continue
            }
            for (line, module) in file.imports
            where !allowed.contains(module) && exceptions[file.path]?.contains(module) != true {
                Issue.record("\(file.path):\(line): this room may not import \(module)")
            }
        }
    }

    @Test func nobodyImportsFoundation() throws {
        /// Files that could not do without; there are none.
        let exceptions: Set<String> = []
        for file in try SourceFile.all(under: "Sources") where !exceptions.contains(file.path) {
            for (line, module) in file.imports where module.hasPrefix("Foundation") {
                Issue.record("\(file.path):\(line): \(module) costs start-up time and tens of megabytes")
            }
        }
    }

    @Test func theTableCatchesWhatItShould() {
        #expect(mayImport("Sources/Diff/Plan.swift")?.contains("HTTPClient") == false)
        #expect(mayImport("Sources/Drivers/Vercel/A.swift")?.contains("DigitalOceanDriver") == false)
        #expect(mayImport("Sources/Drivers/Vercel/A.swift")?.contains("HTTPClient") == true)
        #expect(mayImport("Sources/Drivers/Kit/A.swift")?.contains("Glibc") == false)
        #expect(mayImport("Sources/Console/Pages/A.swift")?.contains("ConsoleAPI") == false)
        #expect(mayImport("Sources/Console/A.swift")?.contains("ConsoleAPI") == true)
        #expect(mayImport("Sources/Elsewhere/A.swift") == nil)
        let file = SourceFile(
            path: "f",
            lines: [
                "import A", "public import B", "@preconcurrency internal import C", "import struct D.E", "// import F",
            ])
        #expect(file.imports.map(\.module) == ["A", "B", "C", "D"])
        #expect(file.imports.map(\.line) == [1, 2, 3, 4])
    }

    @Test func everyDriverIsInThePackage() throws {
        let package = try Package.text()
        let folders = FileSystem.list("\(Places.packageRoot)/Sources/Drivers").filter { $0 != "Kit" }
        #expect(!folders.isEmpty)
        for folder in folders { #expect(package.contains("driver(\"\(folder)\""), "\(folder) is not in Package.swift") }
    }
}

enum Package {
    static func text() throws -> String {
        String(decoding: try FileSystem.read("\(Places.packageRoot)/Package.swift"), as: UTF8.self)
    }

    static func upcomingFeatures() throws -> [String] {
        try text().split(separator: "enableUpcomingFeature(\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }
}

@Suite struct SettingsTests {
    @Test(.enabled(if: Shell.has("swiftc"))) func everyUpcomingFeatureIsKnownToTheCompiler() throws {
        let known = Shell.run("swiftc -print-supported-features").output
        #expect(known.contains("\"ExistentialAny\""))
        let features = try Package.upcomingFeatures()
        #expect(features.count >= 4)
        // An unknown name is ignored in silence.
        for feature in features { #expect(known.contains("\"\(feature)\""), "\(feature)") }
        #expect(!known.contains("\"existentialAny\""), "names are case-sensitive")
    }

    @Test func warningsAreErrors() throws { #expect(try Package.text().contains("treatAllWarnings(as: .error)")) }
}
