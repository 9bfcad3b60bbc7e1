import Basics
import DesiredState
import Formats
import Testing

@Suite struct InventoryStorageTests {
    private func read(_ inventory: String) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: [SourceFile(path: "ssot/infra/digitalocean/inventory.yaml", text: inventory)], branches: .none))
    }

    @Test func `networks, volumes, snapshots and projects of the inventory are wanted`() throws {
        let state = read(
            """
            droplets:
              - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64}
            vpcs:
              - {name: ops, region: sgp1, ip_range: 10.20.0.0/20}
            volumes:
              - {name: data, region: sgp1, size_gb: 20, droplet: web, filesystem_type: ext4, tags: [erp]}
            snapshots:
              - {name: data-1, volume: data}
            projects:
              - {name: ERP, environment: production, resources: ["droplet:web", "volume:data"]}

            """)
        #expect(state.diagnostics.filter { $0.severity == .error }.isEmpty, "\(state.diagnostics)")
        let keys = state.resources.map { "\($0.key)" }
        for key in ["vpc/ops", "volume/data", "snapshot/data-1", "project/ERP", "tag/erp"] {
            #expect(keys.contains("digitalocean.\(key)"), "\(keys)")
        }
        let volume = try #require(state.resources.first { $0.key.kind == .volume })
        #expect(volume.attributes.first { $0.name == "size_gb" }?.value == .literal(.int(20)))
        #expect(Set(volume.dependsOn) == [ResourceKey(.droplet, "web"), ResourceKey(.tag, "erp")])
    }

    @Test(
        arguments: [
            ("vpcs:\n  - {name: ops, region: sgp1, ip_range: everywhere}\n", "digitalocean.vpc/ops"),
            ("volumes:\n  - {name: data, region: sgp1, size_gb: 0}\n", "digitalocean.volume/data"),
            ("volumes:\n  - {name: data, region: sgp1, size_gb: 5, droplet: nobody}\n", "digitalocean.volume/data"),
            ("snapshots:\n  - {name: one}\n", "digitalocean.snapshot/one"),
            ("projects:\n  - {name: ERP, resources: [\"lamp:red\"]}\n", "digitalocean.project/ERP"),
        ])
    func `what can't be read is unknown and not gone`(text: String, key: String) {
        let state = read(text)
        #expect(!state.resources.contains { "\($0.key)" == key })
        #expect(state.diagnostics.contains { $0.severity == .error })
        #expect(
            state.unknown.contains { "\($0.extent)".contains(key.split(separator: "/").last ?? "") }, "\(state.unknown)"
        )
    }
}
