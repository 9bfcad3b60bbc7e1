import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import TestKit
import Testing

/// What somebody gets whose role holds at one environment: what is that one's, and nothing of the others.
@Suite("Roles at one environment")
struct PartTests {
    /// Counts how often somebody looked.
    private final class Fixed: Source {
        let reads = Locked(0)

        func read(_ log: Log) async throws -> SourceSnapshot {
            reads.withLock { $0 += 1 }
            let file = SourceFile(path: "ssot/supabase/project.yaml", text: "project_ref: abcdefghijklmnopqrst\n")
            return SourceSnapshot(
                tree: SourceTree(revision: String(repeating: "a", count: 40), files: [file], branches: .known([])))
        }
    }

    private func explaining(_ source: Fixed = Fixed()) async throws -> APIWorld {
        let directory = try TemporaryDirectory.inMemory()
        let world = try await APIWorld { store, time in
            Reconciler(
                source: source, drivers: [], store: store,
                evidence: EvidenceStore(directory: "\(directory.path)/evidence"), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: Metrics(), holder: "test/1")
        }
        try await world.fill()
        try await world.store.changeInventory(
            ["mine": "staging", "hidden": "feature-a", "shared": nil].map { name, environment in
                .put(
                    InventoryEntry(
                        key: ResourceKey(.droplet, name), providerID: "id-\(name)", environment: environment,
                        lastApplied: Attributes([]), revision: "a", isProtected: false, createdAt: APIWorld.now))
            })
        return world
    }

    @Test("An explanation is for those who see what it is about, and names nothing to the others")
    func explanations() async throws {
        let world = try await explaining()
        for (key, role, status) in [
            ("staging", "viewer", 200), ("staging", "developer", 200), ("staging", "developer@staging", 200),
            ("environment/staging", "developer@staging", 200), ("feature-a", "viewer", 200),
            ("feature-a", "developer@staging", 403), ("digitalocean.droplet/mine", "developer@staging", 200),
            ("digitalocean.droplet/hidden", "viewer", 200), ("digitalocean.droplet/hidden", "developer@staging", 403),
            ("digitalocean.droplet/shared", "viewer", 200), ("digitalocean.droplet/shared", "developer@staging", 403),
            ("nothing", "viewer", 404), ("nothing", "developer@staging", 403), ("feature-", "developer@staging", 403),
            ("digitalocean.droplet/hidde", "developer@staging", 403),
        ] {
            let answer = try await world.send("GET", "/explanations?key=\(key)", as: role)
            #expect(answer.status == status, "\(role) about \(key): \(answer.body)")
            guard status == 403 else { continue }
            #expect(answer.code == "ACCESS-0003" && answer.data == .null)
            let text = JSON.write(answer.body)
            #expect(text.contains("needs the role viewer for the whole project"), "\(text)")
            #expect(!text.contains("feature-a") && !text.contains("hidden"), "\(text)")
        }
        let answer = try await world.send("GET", "/explanations?key=staging", as: "developer@staging")
        #expect(answer.data["type"] == "environment" && answer.data["key"] == "staging")
    }

    @Test("Who only reads has providers asked once a minute at the most, and whoever may change something every 15 s")
    func glances() async throws {
        let source = Fixed()
        let world = try await explaining(source)
        func ask(_ asked: [(role: String, reads: Int)]) async throws {
            for (role, reads) in asked {
                #expect(try await world.send("GET", "/explanations?key=staging", as: role).status == 200)
                #expect(source.reads.withLock { $0 } == reads, "\(role)")
            }
        }
        try await ask([("viewer", 1), ("viewer", 1), ("developer", 1), ("developer@staging", 1)])
        world.time.advance(by: .seconds(15))
        try await ask([("viewer", 1), ("developer@staging", 2), ("developer", 2), ("viewer", 2)])
        world.time.advance(by: .minutes(1))
        try await ask([("viewer", 3)])
    }

    @Test("The status counts what is theirs, and has no runs, plans or hooks")
    func status() async throws {
        let world = try await APIWorld()
        try await world.fill()
        let items = ["staging", "feature-a", nil].enumerated().map { index, environment in
            DriftItem(
                key: ResourceKey(.droplet, "web-\(index)"), cause: .externalChange, attributes: [],
                environment: environment, source: nil, summary: "it differs")
        }
        _ = try await world.store.recordDrift(items, runID: world.runID, at: APIWorld.now) { _, _ in true }
        let findings = ["staging", "feature-a"].map {
            Finding(FindingIdentity(environment: $0, kind: "drift", key: "k"), evidence: [:], suggestedAction: "look")
        }
        _ = try await world.store.recordFindings(findings, runID: world.runID, at: APIWorld.now) { _ in false }
        for role in ["viewer", "developer@staging"] {
            let answer = try await world.send("GET", "/status", as: role)
            let isPart = role.contains("@")
            #expect(answer.status == 200, "\(answer.body)")
            func sum(_ name: String) -> Int64 {
                (answer.data[name]?.objectValue?.members ?? []).reduce(0) { $0 + ($1.value.intValue ?? 0) }
            }
            #expect(sum("environments") == (isPart ? 1 : 2) && sum("drift") == (isPart ? 1 : 3), "\(answer.data)")
            #expect(sum("findings") == (isPart ? 1 : 2), "\(answer.data)")
            #expect(answer.data["only_environments"] == (isPart ? ["staging"] : nil))
            for name in ["plan", "last_run", "hooks_waiting"] {
                #expect((answer.data[name] == nil) == isPart, "\(name)")
            }
        }
    }

    @Test(
        "What is of the whole project is refused, with the role that it takes",
        arguments: ["/runs/latest/evidence", "/approvals", "/looks", "/notices", "/webhooks/deliveries", "/audit-logs"])
    func whole(path: String) async throws {
        let world = try await APIWorld()
        try await world.fill()
        let answer = try await world.send("GET", path, as: "developer@staging")
        #expect(answer.status == 403 && answer.code == "ACCESS-0003", "\(answer.body)")
        let message = answer.body["errors"]?[0]?["message"]?.stringValue ?? ""
        #expect(message.hasPrefix("this needs the role viewer for the whole project"), "\(message)")
    }
}
