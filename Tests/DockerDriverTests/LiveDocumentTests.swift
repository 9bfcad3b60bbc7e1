import Basics
import DesiredState
import Diff
import DockerDriver
import Drivers
import HTTPClient
import SimulatorKit
import TestKit
import Testing

/// From an environment's document to the engine, and nothing left to do.
@Suite("What an environment wants of an engine", .enabled(if: DockerServer.shared != nil), .serialized)
struct LiveDocumentTests {
    private static let files = [
        ".odooops/policies.yaml": "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\nprune: {grace: none}\n",
        "ssot/environments.yaml": """
        runtimes: {docker: lab-engine, images: ["\(DockerServer.image)"]}
        environments: {}
        tiers:
          dev:
            engine: lab-engine
            networks: ["{slug}"]
            volumes: [{name: "{slug}-files", labels: {kind: filestore}}]
            containers:
              - name: "{slug}-odoo"
                image: "\(DockerServer.image)"
                command: [sleep, 1000]
                env: {DB: "odoo_{slug_underscored}", WORKERS: 2}
                mounts: ["{slug}-files:/var/lib/odoo"]
                networks: ["{slug}"]
                restart: unless-stopped
                memory_mb: 64
                cpus: 0.5

        """,
    ]

    @Test("A branch gets its network, volume and container; a second plan is empty; all of it goes with the branch")
    func environment() async throws {
        let server = try #require(DockerServer.shared)
        let host = try #require(DockerHost("unix://\(server.socket)"))
        var limits = DockerLimits()
        limits.stopGrace = .zero
        let driver = DockerDriver(host: host, transport: CurlTransport(host.options), limits: limits)
        let engine = SmallEngine(driver, DriverContext(runID: "test", log: .none), SystemTime())
        let branch = Branch(name: "feature/loyalty", commit: String(repeating: "b", count: 40), committedAt: nil)
        let made = await engine.converge(Self.files, branches: .known([branch]))
        #expect(made.state.diagnostics.isEmpty, "\(made.state.diagnostics)")
        #expect(
            SmallEngine.Convergence.lines(made.first) == [
                "adopt docker.image/\(DockerServer.image) allowed", "create docker.network/feature-loyalty allowed",
                "create docker.volume/feature-loyalty-files allowed",
                "create docker.container/feature-loyalty-odoo allowed",
            ])
        #expect(made.failures.isEmpty, "\(made.failures)")
        #expect(SmallEngine.Convergence.lines(made.second) == [], "\(made.second.changes)")
        // What can't be told of the branches takes nothing away.
        let unknown = await engine.converge(
            Self.files, branches: .unknown(reason: "the repository is away"), made.inventory)
        #expect(unknown.inventory.count == 4)
        // The environment was a passing one, so that its data goes with it.
        var record = EnvironmentRecord(slug: "feature-loyalty", tier: .dev, branch: branch.name, createdAt: nil)
        record.headCommit = branch.commit
        let gone = await engine.converge(Self.files, branches: .known([]), made.inventory, remembering: [record])
        #expect(
            SmallEngine.Convergence.lines(gone.first) == [
                "delete docker.container/feature-loyalty-odoo allowed",
                "delete docker.network/feature-loyalty allowed",
                "delete docker.volume/feature-loyalty-files allowed",
            ])
        #expect(gone.failures.isEmpty, "\(gone.failures)")
        // What all environments may run stays.
        #expect(gone.inventory.map(\.key.name) == [DockerServer.image])
    }
}
