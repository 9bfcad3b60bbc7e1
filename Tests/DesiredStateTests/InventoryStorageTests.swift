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

    @Test func `a droplet takes the id of its network, and a bucket its rules`() throws {
        let state = read(
            """
            vpcs:
              - {name: ops, region: sgp1}
            droplets:
              - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64, vpc: ops}
            spaces:
              - name: files
                region: sgp1
                lifecycle_rules: [{prefix: tmp/, expiration_days: 7}, {abort_incomplete_upload_days: 2, enabled: false}]
              - {name: plain, region: sgp1}
              - {name: bare, region: sgp1, lifecycle_rules: []}
            spaces_keys:
              - {name: odoo, grants: ["files:readwrite", "plain:read"]}

            """)
        #expect(state.faults == [])
        let droplet = try #require(state.resource("digitalocean.droplet/web"))
        let network = ResourceKey(.vpc, "ops")
        #expect(droplet["vpc_uuid"]?.value == .reference(network, attribute: "id"))
        #expect(droplet.dependsOn == [network])
        let rules: [Value] = [
            ["enabled": true, "prefix": "tmp/", "expiration_days": 7],
            ["enabled": false, "abort_incomplete_upload_days": 2],
        ]
        #expect(state.resource("spaces.bucket/files")?["lifecycle_rules"]?.value == .literal(.list(rules)))
        // What isn't named is left alone; an empty list takes all rules away.
        #expect(state.resource("spaces.bucket/plain")?.attributes.map(\.name) == ["region"])
        #expect(state.resource("spaces.bucket/bare")?["lifecycle_rules"]?.value == .literal(.list([])))
        let key = try #require(state.resource("digitalocean.spaces_key/odoo"))
        #expect(key["grants"]?.value == .literal(["files:readwrite", "plain:read"]))
        #expect(key.dependsOn == [ResourceKey(.spacesBucket, "files"), ResourceKey(.spacesBucket, "plain")])
    }

    /// The tags of a firewall and of production's host, and whether the firewall is protected.
    @Test(
        arguments: [
            ("[web]", "[web]", true), ("[Web]", "[web]", true), ("[\"env:production\"]", "[]", true),
            ("[\"env:dev\"]", "[web]", false), ("[]", "[web]", false), ("[\"odooops:managed\"]", "[]", true),
            // Of a host whose entry can't be read nobody knows which tags it carries.
            ("[\"env:dev\"]", "[web], size: []", true),
        ])
    func `a firewall that guards production by a tag is protected`(tags: String, carried: String, isProtected: Bool) {
        let state = DesiredStateTests.read([
            Paths.inventory: """
            droplets:
              - {name: lab, region: sgp1, image: ubuntu-24-04-x64, tags: ["env:dev"], size: s-1vcpu-2gb}
              - {name: web, region: sgp1, image: ubuntu-24-04-x64\(carried.contains("size") ? "" : ", size: s-1vcpu-2gb"), tags: \(carried)}
            firewalls:
              - {name: guard, tags: \(tags), inbound_rules: [{protocol: tcp, ports: 443, addresses: [0.0.0.0/0]}]}
            """, Paths.environments: "environments:\n  live: {tier: production, branch: main, host: web}\n",
        ])
        #expect(state.resource("digitalocean.firewall/guard")?.isProtected == isProtected, "\(state.diagnostics)")
    }

    /// A rule, whether the files of an environment could go by it, and the `filestore` of `live`.
    @Test(
        arguments: [
            ("{expiration_days: 30}", true, "files/prod"), ("{prefix: pro, expiration_days: 30}", true, "files/prod"),
            ("{prefix: prod/tmp/, expiration_days: 30}", true, "files/prod"),
            ("{prefix: production/, expiration_days: 30}", false, "files/prod"),
            ("{expiration_days: 30}", true, "files"), ("{expiration_days: 30}", false, "other/prod"),
            ("{expiration_days: 30}", true, "spaces://sgp1/files/prod"),
            ("{prefix: production/, expiration_days: 30}", false, "spaces://sgp1/files/prod"),
            ("{prefix: prod/tmp/, expiration_days: 30}", true, "spaces://sgp1/files/prod"),
            ("{enabled: false, expiration_days: 30}", false, "files/prod"),
            ("{abort_incomplete_upload_days: 1}", false, "files/prod"),
            // A branch may bring one about tomorrow.
            ("{prefix: dev/a/, expiration_days: 30}", true, "files/prod"),
            ("{prefix: logs/, expiration_days: 30}", false, "files/prod"),
        ])
    func `no rule lets the files of an environment go`(rule: String, isRefused: Bool, filestore: String) {
        let bucket = "resource spaces.bucket/files"
        let state = DesiredStateTests.read([
            Paths.inventory: "spaces:\n  - {name: files, region: sgp1, lifecycle_rules: [\(rule)]}\n",
            Paths.environments: "environments:\n  live: {tier: dev, filestore: \(filestore)}\n"
                + "tiers:\n  dev: {filestore: \"\(filestore == "files/prod" ? "files" : "other")/dev/{slug}\"}\n",
        ])
        #expect(state.scopes.contains(bucket) == isRefused, "\(state.diagnostics)")
        #expect(state.faults.contains { $0.hasPrefix("error SSOT-0204 ssot/infra/") } == isRefused)
    }

    @Test(
        arguments: [
            ("spaces://files/prod", "error SSOT-0011", true), ("s3://files/prod", "error SSOT-0011", true),
            ("/files/prod", "error SSOT-0011", true), ("file store/prod", "error SSOT-0011", true),
            // Nearly the name of one of ours.
            ("flies/prod", "error SSOT-0031", true), ("Files/prod", "error SSOT-0031", true),
            // A bucket that isn't ours.
            ("attachments/prod", "", false),
        ])
    func `where files are in a bucket that nobody can tell, no rule is touched that lets objects go`(
        filestore: String, fault: String, isUnknown: Bool
    ) {
        func read(_ rules: String) -> DesiredState {
            DesiredStateTests.read([
                Paths.inventory: """
                spaces:
                  - {name: files, region: sgp1, lifecycle_rules: [\(rules)]}
                  - {name: plain, region: sgp1}
                spaces_keys: [{name: odoo, grants: ["files:readwrite"]}]
                """, Paths.environments: "environments:\n  live: {tier: production, filestore: \"\(filestore)\"}\n",
            ])
        }
        let state = read("{prefix: tmp/, expiration_days: 30}")
        #expect(state.scopes.contains("resource spaces.bucket/files") == isUnknown, "\(state.diagnostics)")
        #expect(!state.scopes.contains("resource spaces.bucket/plain"))
        let faults = state.faults.filter { $0.hasPrefix("error ") }
        #expect(
            faults.map { $0.hasPrefix("\(fault) \(Paths.environments):2:") } == (isUnknown ? [true] : []), "\(faults)")
        // Where nothing lets objects go, nothing can be lost by it.
        let harmless = read("{abort_incomplete_upload_days: 2}")
        #expect(harmless.scopes == [] && !harmless.faults.contains { $0.hasPrefix("error ") }, "\(harmless.faults)")
        // What files are in that nobody can tell is protected as production's.
        let isUntold = fault == "error SSOT-0011"
        #expect(harmless.resource("spaces.bucket/plain")?.isProtected == isUntold)
        #expect(harmless.resource("digitalocean.spaces_key/odoo")?.isProtected == isUntold)
    }

    @Test func `a template whose bucket a branch names is held against every bucket that it may be`() {
        let state = DesiredStateTests.read([
            Paths.inventory: """
            spaces:
              - {name: files-a, region: sgp1, lifecycle_rules: [{expiration_days: 30}]}
              - {name: logs, region: sgp1, lifecycle_rules: [{expiration_days: 30}]}
            """,
            Paths.environments:
                "environments:\n  live: {tier: dev}\ntiers:\n  dev: {filestore: \"files-{slug}/dev\"}\n",
        ])
        #expect(state.scopes == ["resource spaces.bucket/files-a"], "\(state.diagnostics)")
    }

    @Test func `while it isn't known where files are kept, no rule is touched that lets objects go`() {
        let state = DesiredStateTests.read([
            Paths.inventory: """
            spaces:
              - {name: files, region: sgp1, lifecycle_rules: [{prefix: tmp/, expiration_days: 1}]}
              - {name: plain, region: sgp1}
            """, Paths.environments: "environments:\n  live: {tier: dev, filestores: files/tmp}\n",
        ])
        #expect(state.scopes.contains("resource spaces.bucket/files"), "\(state.scopes)")
        #expect(!state.scopes.contains("resource spaces.bucket/plain"))
    }
}
