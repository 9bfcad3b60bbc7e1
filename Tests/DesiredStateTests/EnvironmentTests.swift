import Basics
import DesiredState
import Formats
import Testing

/// Which environments there are, and what they own.
@Suite struct EnvironmentTests {
    private static let mappings = """
        branch_mappings:
          - {pattern: "feature/wip-*", tier: preview, auto_deploy: true}
          - {pattern: "feature/*", tier: dev}
          - {pattern: "release/*", tier: staging}
          - {pattern: "main", tier: production}
        ttl_policies: {dev_ephemeral: 3d, dev_named: 2w}
        """

    @Test func theFirstMappingThatMatchesWins() {
        let state = read(
            [Paths.policies: Self.mappings],
            branches: branches("feature/wip-x", "feature/y", "feature/y/z", "other", "release/1"))
        #expect(
            state.environments.map { "\($0.slug) \($0.tier) \($0.ttlClass) \($0.autoDeploy) \($0.source.line)" } == [
                "feature-wip-x preview ephemeral true 2", "feature-y dev ephemeral false 3",
                "release-1 staging staging false 4",
            ])
        #expect(state.environments.map(\.ttl) == [.after(.days(3)), .after(.days(3)), .never])
        #expect(state.unknown == [])
    }

    @Test func aNamedEnvironmentIsNotDoubledByItsBranch() {
        let state = read(
            [
                Paths.policies: Self.mappings,
                Paths.environments:
                    "environments:\n  crm: {tier: dev, branch: feature/crm}\n  live: {tier: production, branch: main}\n",
            ], branches: branches("feature/crm", "feature/y", "main"))
        #expect(state.environments.map(\.slug) == ["crm", "feature-y", "live"])
        #expect(state.environment("crm")?.ttl == .after(.days(14)))
        #expect(state.environment("crm")?.headCommit?.count == 40)
        // Two of the mappings match no branch, and nothing else is told.
        #expect(state.faults.map { $0.prefix(14) } == ["note SSOT-0029", "note SSOT-0029"])
    }

    @Test func withoutATimeToLiveNothingExpires() {
        let state = read(
            [Paths.policies: "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\n"],
            branches: branches("feature/a"))
        #expect(state.environments.map(\.ttl) == [.never])
    }

    @Test(arguments: ["0d", "-1d", "1w2x", "7", "[]", "99999999999d"]) func aBrokenTimeToLiveNeverExpires(
        _ text: String
    ) {
        let state = read(
            [
                Paths.policies:
                    "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\nttl_policies: {dev_ephemeral: \(text)}\n"
            ], branches: branches("feature/a"))
        #expect(state.environments.map(\.ttl) == [.never])
        #expect(state.scopes == ["environment feature-a"])
    }

    @Test func unknownBranchesRemoveNoEnvironment() {
        let state = read([Paths.policies: Self.mappings], branches: .unknown(reason: "time-out"))
        #expect(state.environments == [])
        #expect(state.scopes == ["environments"])
        #expect(state.faults == ["warning SSOT-0035 -"])
    }

    @Test func withoutARepositoryMappingsAreNoFaultButUnknown() {
        let state = read([Paths.policies: Self.mappings], branches: .none)
        #expect(state.scopes == ["environments"])
        #expect(state.diagnostics == [])
    }

    @Test func noBranchGetsPastAMappingThatCantBeRead() {
        let state = read(
            [
                Paths.policies:
                    "branch_mappings:\n  - {pattern: \"feature/*\", tier: dev}\n  - {pattern: \"(main)\", tier: production}\n  - {pattern: \"**\", tier: dev}\n"
            ], branches: branches("feature/a", "main", "other"))
        #expect(state.environments.map(\.slug) == ["feature-a"])
        #expect(state.scopes == ["environments"])
    }

    @Test func aTagNamesWhatIsRun() {
        let state = read(
            [Paths.environments: "environments: {live: {tier: production, tag: v1.2}}\n"],
            tags: .known([Branch(name: "v1.2", commit: "c1", committedAt: nil)]))
        #expect(state.environment("live")?.branch == "v1.2")
        #expect(state.environment("live")?.headCommit == "c1")
        #expect(state.diagnostics == [])
    }

    @Test func quotasAreCompletedByThePlatformsTable() {
        let state = read(
            [
                Paths.policies:
                    "branch_mappings: [{pattern: \"f/*\", tier: dev}]\nresource_quotas: {dev: {memory: 3Gi}}\n",
                Paths.environments: "environments: {lab: {tier: dev}, live: {tier: prod}}\n",
            ], branches: branches("f/a"))
        #expect(
            state.environments.map { $0.quota } == [
                ResourceQuota(workers: 1, cpuMillicores: 500, memoryBytes: 3 << 30, storageBytes: 5 << 30),
                ResourceQuota(workers: 2, cpuMillicores: 1_000, memoryBytes: 3 << 30, storageBytes: 10 << 30),
                ResourceQuota(workers: 8, cpuMillicores: 4_000, memoryBytes: 8 << 30, storageBytes: 100 << 30),
            ])
    }

    @Test func withoutDomainsInTheInventoryNamesAreKeptElsewhere() {
        let state = read([
            Paths.inventory: "droplets: [{name: a, region: r, image: i, size: s}]\n",
            Paths.environments: "environments: {live: {tier: prod, host: a, domain: erp.example.com}}\n",
        ])
        #expect(state.environment("live")?.resources == [])
        #expect(state.diagnostics == [])
    }

    @Test func theLongestDomainHoldsTheRecord() {
        let state = read([
            Paths.inventory:
                "droplets: [{name: a, region: r, image: i, size: s}]\ndomains: [{name: example.com}, {name: dev.example.com}]\n",
            Paths.environments:
                "environments: {lab: {tier: dev, host: a, domain: x.dev.example.com}, top: {tier: dev, host: a, domain: dev.example.com}}\n",
        ])
        #expect(
            state.resources.filter { $0.key.kind == .record }.map(\.key.name) == [
                "dev.example.com/A/@", "dev.example.com/A/x",
            ])
    }

    @Test func whatTheInventoryDeclaresStaysWhenItsEnvironmentGoes() {
        let state = read([
            Paths.inventory:
                "databases: [{name: pg, engine: pg, version: 16, region: r, size: s, num_nodes: 1, dbs: [odoo]}]\n",
            Paths.environments: "environments: {lab: {tier: dev, database_cluster: pg, database: odoo}}\n",
        ])
        #expect(state.resource("digitalocean.database/pg/odoo")?.environment == nil)
        #expect(state.environment("lab")?.resources.map(\.description) == ["digitalocean.database_user/pg/odoo"])
        #expect(state.faults == ["note SSOT-0037 ssot/environments.yaml:1:65"])
    }

    @Test func anUnreadableEntryProtectsWhatItUses() {
        let inventory = "droplets: [{name: a, region: r, image: i, size: s}, {name: b, region: r, image: i, size: s}]\n"
        let entry = read([
            Paths.inventory: inventory, Paths.environments: "environments: {live: {tier: prud, host: a}}\n",
        ])
        #expect(entry.resources.map(\.isProtected) == [true, false])
        let document = read([Paths.inventory: inventory, Paths.environments: "environments: [\n"])
        #expect(document.resources.map(\.isProtected) == [true, true])
    }

    @Test func severalAddressesOfOneNameCarryThemInTheirKeys() {
        let state = read([
            Paths.inventory: """
            domains:
              - name: example.com
                records:
                  - {type: A, name: www, data: 203.0.113.2}
                  - {type: A, name: www, data: 203.0.113.1}
                  - {type: A, name: erp, data: 203.0.113.1}
                  - {type: MX, name: "@", data: MX.example.com., priority: 10}
            """
        ])
        #expect(
            state.resources.filter { $0.key.kind == .record }.map(\.key.name) == [
                "example.com/A/erp", "example.com/A/www/203.0.113.1", "example.com/A/www/203.0.113.2",
                "example.com/MX/@/mx.example.com",
            ])
    }

    @Test func aFileThatCantBeReadMakesItsDocumentUnknown() {
        let state = readDesiredState(
            SourceTree(
                revision: "r",
                files: [
                    SourceFile(path: Paths.inventory, content: .unreadable(reason: "the blob is missing")),
                    SourceFile(path: "infra/\(Paths.inventory)", text: "droplets: []\n"),
                ], branches: .none))
        #expect(state.scopes == FaultCase.allKinds)
        // The one below the second root doesn't stand in for it.
        #expect(state.documents.map(\.status) == [.shadowed, .unreadable])
    }

    @Test func whatLooksLikeASecretIsNotShown() {
        let state = read([Paths.environments: "environments: {lab: {tier: ghp_0123456789abcdefghijABCDEFGHIJ012345}}\n"]
        )
        // It is no misspelt tier: its text is nobody's business.
        #expect(state.diagnostics.map(\.code) == ["SSOT-0300"])
        #expect(state.diagnostics.allSatisfy { !"\($0)".contains("0123456789abc") })
    }

    private static let template = """
        runtimes: {docker: lab-engine, postgres: lab-pg, images: [odoo:19.0]}
        environments:
          erp: {tier: staging, engine: lab-engine, networks: [erp], database_server: lab-pg, database: erp}
        tiers:
          dev:
            engine: lab-engine
            networks: [{name: "{slug}", internal: true}]
            volumes: ["{slug}-files"]
            containers:
              - name: "{slug}-odoo"
                image: odoo:19.0
                env: {DB: "odoo_{slug_underscored}", WORKERS: 2, DEBUG: false}
                mounts: ["{slug}-files:/var/lib/odoo", "/etc/odoo:/etc/odoo:ro"]
                networks: ["{slug}", shared]
                memory_mb: 512
                cpus: 0.5
            database_server: lab-pg
            database: "odoo_{slug_underscored}"
            database_user: "{tier}_user_{slug_underscored}"
            database_password: "env:PW_{slug_underscored}"

        """

    @Test func anEnvironmentWantsItsContainersAndItsDatabaseWhereItNamesEngineAndServer() throws {
        let state = read(
            [
                Paths.policies: "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\n",
                Paths.environments: Self.template,
                Paths.inventory: "droplets:\n  - {name: lab-engine, region: sgp1, image: u, size: s-1vcpu-2gb}\n",
            ], branches: branches("feature/a"))
        #expect(state.faults == [])
        let owned = try #require(state.environment("feature-a")).resources.map(\.description)
        #expect(
            owned == [
                "docker.container/feature-a-odoo", "docker.network/feature-a", "docker.volume/feature-a-files",
                "postgres.database/odoo_feature_a", "postgres.role/dev_user_feature_a",
            ])
        let container = try #require(state.resource(owned[0]))
        let droplet = ResourceKey(.droplet, "lab-engine")
        // What no document declares, as the network `shared`, is only referred to.
        #expect(
            container.dependsOn == [
                droplet, ResourceKey(.containerNetwork, "feature-a"), ResourceKey(.containerVolume, "feature-a-files"),
            ])
        #expect(container["env"]?.value == .literal(["DB": "odoo_feature_a", "WORKERS": "2", "DEBUG": "false"]))
        #expect(container["labels"]?.value == .literal(["odooops.environment": "feature-a"]))
        #expect(container["mounts"]?.value == .literal(["feature-a-files:/var/lib/odoo", "/etc/odoo:/etc/odoo:ro"]))
        #expect(container["memory_mb"]?.value == .literal(.int(512)) && container["cpus"]?.value == .literal("0.5"))
        #expect(container["running"] == nil && container["started"]?.value == .literal(true))
        #expect(state.resource(owned[1])?["internal"]?.value == .literal(true))
        let database = try #require(state.resource(owned[3]))
        #expect(database["owner"]?.value == .literal("dev_user_feature_a"))
        #expect(database.dependsOn.contains(ResourceKey(.serverRole, "dev_user_feature_a")))
        let role = try #require(state.resource(owned[4]))
        #expect(role["login"]?.value == .literal(true))
        #expect(role["password"]?.value == .literal("env:PW_feature_a"))
        #expect(state.resource("docker.network/erp")?.isProtected == true)
        #expect(state.resource("postgres.role/erp")?.attributes.map(\.name) == ["login"])
        let image = try #require(state.resource("docker.image/odoo:19.0"))
        #expect(image.environment == nil && image.dependsOn == [droplet])
        #expect(!state.resources.contains { $0.key.kind == .database || $0.key.kind == .databaseUser })
    }

    @Test func containersOfOneNameBelongToNeitherEnvironment() {
        let entry = "engine: e, containers: [{name: odoo, image: u}]"
        let state = read([
            Paths.environments:
                "runtimes: {docker: e}\nenvironments:\n  a: {tier: dev, \(entry)}\n  b: {tier: dev, \(entry)}\n"
        ])
        #expect(state.scopes == ["resource docker.container/odoo"])
        #expect(state.resource("docker.container/odoo") == nil)
    }
}
