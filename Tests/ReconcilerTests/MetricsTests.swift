import Basics
import DesiredState
import Reconciler
import Testing

@Suite("Metrics of a pass")
struct MetricsTests {
    /// The warnings about the desired state that a pass counts, with a secret that expires on a day.
    private static func warnings(expiring days: Int) async throws -> Double {
        let world = try await World(World.tree(branches: ["main"], revision: "a"))
        let day = (world.time.now + .days(days)).description.prefix(10)
        world.source.change { tree in
            tree.files.append(
                SourceFile(
                    path: "ssot/secrets/registry.yaml",
                    text: "secrets: {a: {approved_stores: [os_keychain], expiry_date: \(day)}}\n"))
        }
        let reconciler = world.reconciler()
        _ = await reconciler.pass(PassOptions(isDryRun: true))
        let name = "reconciler_desired_diagnostics{severity=\"warning\"} "
        let line = reconciler.metrics.exposition().split(separator: "\n").first { $0.hasPrefix(name) }
        return try #require(line.flatMap { Double($0.dropFirst(name.utf8.count)) })
    }

    @Test("What is due counts among the diagnostics of the desired state, as soon as it is")
    func countsWhatIsDue() async throws {
        let (before, after) = (try await Self.warnings(expiring: 300), try await Self.warnings(expiring: -3))
        #expect(after == before + 1)
    }
}
