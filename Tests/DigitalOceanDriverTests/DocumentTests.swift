import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import HTTPClient
import Simulator
import SimulatorKit
import TestKit
import Testing

/// From the inventory to the provider, and nothing left to do.
@Suite("What the inventory wants of DigitalOcean") struct DocumentTests {
    private static let inventory = """
        spaces:
          - {name: files, region: sgp1}
        spaces_keys:
          - {name: odoo, grants: ["files:readwrite"]}
          - {name: Backup, grants: ["*:fullaccess"]}

        """

    private static func engine(_ keep: (@Sendable (IssuedSecret) async -> Bool)?) throws -> SimulatorKit.SmallEngine {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let simulator = try Simulator(
            options: SimulatorOptions(time: time, limits: .generous, lifecycle: .immediate))
        let driver = DigitalOceanDriver(
            token: Secret("token-canary-0123456789"), baseURL: "http://digitalocean.test",
            transport: InProcessTransport(simulator), budget: RequestBudget(.unlimited, time: time), time: time,
            random: RandomSource(seed: 2), keep: keep)
        return SimulatorKit.SmallEngine(driver, SpecTraffic.context, time)
    }

    @Test("Keys are made once, their secrets are in files of their owner, and a second plan is empty")
    func keys() async throws {
        let directory = try TemporaryDirectory()
        let files = IssuedSecretFiles(directory: "\(directory.path)/keys")
        let engine = try Self.engine { await files.keep($0) }
        let result = await engine.converge(["ssot/infra/digitalocean/inventory.yaml": Self.inventory])
        #expect(
            SimulatorKit.SmallEngine.Convergence.lines(result.first) == [
                "create digitalocean.spaces_key/Backup allowed", "create digitalocean.spaces_key/odoo allowed",
            ])
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(SimulatorKit.SmallEngine.Convergence.lines(result.second) == [])
        for key in ["Backup", "odoo"] {
            let folder = "\(directory.path)/keys/\(key)"
            let id = String(decoding: try FileSystem.read("\(folder)/access_key_id"), as: UTF8.self)
            #expect(id == result.inventory.first { $0.key.name == key }?.providerID)
            #expect(try FileSystem.read("\(folder)/secret_access_key").count >= 20)
            #expect(FileSystem.list(folder) == ["access_key_id", "secret_access_key"])
            #expect(
                Shell.run("stat -c %a \(folder) \(folder)/*").output.split(separator: "\n") == ["700", "600", "600"])
        }
    }

    @Test("Where the files can't be written no key is left behind, and none is made without a place for its secret")
    func nowhere() async throws {
        let directory = try TemporaryDirectory()
        try FileSystem.write("a file".utf8, to: "\(directory.path)/keys")
        let files = IssuedSecretFiles(directory: "\(directory.path)/keys")
        for keep in [{ await files.keep($0) }, nil] as [(@Sendable (IssuedSecret) async -> Bool)?] {
            let engine = try Self.engine(keep)
            let result = await engine.converge(["ssot/infra/digitalocean/inventory.yaml": Self.inventory])
            #expect(result.failures.count == 2 && result.failures.allSatisfy { $0.hasSuffix("failed DO-0020") })
            #expect(result.second.changes.count == 2 && result.inventory.isEmpty)
        }
    }

    @Test("A name that leads out of the directory is refused", arguments: ["../x", "", ".", "a/b", "a\n"])
    func names(_ name: String) async throws {
        let directory = try TemporaryDirectory()
        let files = IssuedSecretFiles(directory: "\(directory.path)/keys")
        let issued = IssuedSecret(key: ResourceKey(.spacesKey, name), id: "id", secret: Secret("a-secret-of-the-test"))
        #expect(await !files.keep(issued))
        #expect(FileSystem.list(directory.path).isEmpty)
    }
}
