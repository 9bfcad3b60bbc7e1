import Basics
import DesiredState
import Diff
import Formats
import Testing

/// What DigitalOcean holds that a policy wants otherwise: told with what people can do, and never deleted for it.
@Suite struct ProviderFindingsTests {
    private static let now = Timestamp(seconds: 1_772_000_000)  // 2026-02-25T06:13:20Z, a Wednesday

    private static func desired(_ files: [String: String]) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: files.map { SourceFile(path: $0.key, text: $0.value) }, branches: .known([])))
    }

    private static func policy(_ text: String) -> [String: String] {
        ["ssot/infra/digitalocean/policy.yaml": text]
    }

    private static func plan(
        _ desired: DesiredState, _ observed: [ObservedKind], clock: DesiredState? = nil
    ) -> Plan {
        var input = PlanInput(
            desired: desired, inventory: Inventory(), observed: ObservedState(observed),
            schemas: [
                .volume: KindSchema(kind: .volume, attributes: [], isStateful: true, requests: { _, _ in 1 })
            ],
            drivers: [:], now: now)
        input.clock = clock
        return makePlan(input)
    }

    private static func seen(
        _ kind: ResourceKind, _ name: String, _ items: [(String, Value)], owned: Bool = false, made: String? = nil
    ) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(kind, name), providerID: "id-\(name)",
            attributes: Attributes(items.map { Attributes.Item($0.0, $0.1) }), isOwned: owned,
            createdAt: made.flatMap { Timestamp($0) })
    }

    // MARK: Volumes

    private static let volumes =
        "allowed_surfaces:\n  volumes: {allowed: true, conditions: [{must_be_attached: true}]}\n"

    @Test func aVolumeThatIsAttachedToNothingIsToldAndKept() throws {
        let list = ObservedKind(
            kind: .volume, completeness: .complete,
            resources: [
                Self.seen(
                    .volume, "loose", [("is_attached", false), ("size_gb", 20), ("region", "sgp1")], owned: true),
                Self.seen(.volume, "used", [("is_attached", true)]),
                // An answer that doesn't say so proves nothing.
                Self.seen(.volume, "silent", []),
            ], isAside: true)
        let plan = Self.plan(Self.desired(Self.policy(Self.volumes)), [list])
        let told = plan.diagnostics.filter { $0.code == "PLAN-0011" }
        #expect(told.map(\.message) == ["the volume loose (id-loose, 20 GiB in sgp1) is attached to nothing"])
        #expect(told.first?.mark?.description == "ssot/infra/digitalocean/policy.yaml:2:60")
        #expect(plan.drift.map(\.key.description) == ["digitalocean.volume/loose"])
        // It carries our mark and nothing wants it; but nobody asked for volumes to be looked after.
        #expect(plan.changes.isEmpty)
    }

    @Test(
        arguments: [
            ("allowed_surfaces:\n  volumes: {allowed: true}\n", [String](), 0),
            (volumes + "exceptions: [{surface: volumes, reason: r, approved_by: m, expiry_date: 2026-02-25}]\n", [], 0),
            (volumes + "exceptions: [{surface: volumes, reason: r, approved_by: m, expiry_date: 2026-02-24}]\n", [], 1),
            (volumes, ["volumes:\n  - {name: loose, region: sgp1, size_gb: 20}\n"], 1),
            (
                volumes,
                [
                    "droplets:\n  - {name: web, region: sgp1, size: s, image: u}\n"
                        + "volumes:\n  - {name: loose, region: sgp1, size_gb: 20, droplet: web}\n"
                ], 0
            ),
        ])
    func whetherItIsToldFollowsFromThePolicy(_ policy: String, _ inventory: [String], _ count: Int) {
        var files = Self.policy(policy)
        files["ssot/infra/digitalocean/inventory.yaml"] = inventory.first
        let list = ObservedKind(
            kind: .volume, completeness: .complete,
            resources: [Self.seen(.volume, "loose", [("is_attached", false)])])
        let plan = Self.plan(Self.desired(files), [list])
        #expect(plan.diagnostics.count { $0.code == "PLAN-0011" } == count, "\(plan.diagnostics)")
    }

    @Test func aVolumeNeedsTheTagsOfItsConditions() {
        let text = "allowed_surfaces:\n  volumes: {allowed: true, conditions: [{must_have_tag: \"owner:<service>\"}]}\n"
        var files = Self.policy(text)
        files["ssot/infra/digitalocean/inventory.yaml"] =
            "volumes:\n  - {name: a, region: sgp1, size_gb: 1}\n  - {name: b, region: sgp1, size_gb: 1, tags: [owner:erp]}\n"
        let rules = ["region", "size_gb", "tags"].map { AttributeRule($0) }
        let schema = KindSchema(
            kind: .volume, attributes: rules, isStateful: true, surface: "volumes", requests: { _, _ in 1 })
        let plan = makePlan(
            PlanInput(
                desired: Self.desired(files), inventory: Inventory(),
                observed: ObservedState([ObservedKind(kind: .volume, completeness: .complete, resources: [])]),
                schemas: [.volume: schema], drivers: [:], now: Self.now))
        let changes = plan.changes.filter { $0.key.kind == .volume }
        #expect(changes.map { "\($0.key.name) \($0.verdict)" } == ["a denied", "b blocked"], "\(changes)")
        #expect(changes.first?.verdictReason?.contains("requires the tag owner:<service>") == true)
    }

    // MARK: Snapshots

    private static let retention =
        "backups: {snapshots: {retention: {weekly: 2, monthly: 2, forever_tag: keep_forever}}}\n"

    private static func snapshot(_ day: String, of resource: String = "7", tags: Value? = .list([])) -> ObservedResource
    {
        seen(
            .snapshot, "s-\(day)-\(resource)",
            [("resource_id", .string(resource)), ("resource_type", "droplet")]
                + (tags.map { [("seen_tags", $0)] } ?? []),
            made: day.isEmpty ? nil : "\(day)T03:00:00Z")
    }

    @Test func whatTheRetentionDoesNotKeepIsToldAndTheNewestOfEachPeriodIsNot() {
        let list = [
            // This week and the two before it, of which the newest of each of two weeks are kept.
            Self.snapshot("2026-02-24"), Self.snapshot("2026-02-23"), Self.snapshot("2026-02-20"),
            Self.snapshot("2026-02-09"), Self.snapshot("2026-02-03"),
            // The newest of January is the second month's.
            Self.snapshot("2026-01-30"), Self.snapshot("2026-01-05"), Self.snapshot("2025-11-01"),
            // Another droplet's only one is the newest of its week, however old it is.
            Self.snapshot("2024-05-01", of: "8"),
            Self.snapshot("2025-01-01", tags: ["keep_forever"]), Self.snapshot("2025-01-02", tags: nil),
            Self.snapshot(""),
        ]
        let kind = ObservedKind(kind: .snapshot, completeness: .complete, resources: list, isAside: true)
        let plan = Self.plan(Self.desired(Self.policy(Self.retention)), [kind])
        let told = plan.drift.map(\.key.name)
        #expect(told == ["s-2025-11-01-7", "s-2026-01-05-7", "s-2026-02-03-7", "s-2026-02-09-7"])
        #expect(plan.diagnostics.count { $0.code == "PLAN-0012" } == 4)
        #expect(plan.changes.isEmpty)
    }

    @Test func aSnapshotThatTheInventoryWantsAndARetentionThatCantBeReadTellNothing() {
        let kind = ObservedKind(
            kind: .snapshot, completeness: .complete,
            resources: ["2026-02-24", "2026-02-16", "2026-01-30", "2025-11-01"].map { Self.snapshot($0) })
        var files = Self.policy(Self.retention)
        files["ssot/infra/digitalocean/inventory.yaml"] = "snapshots:\n  - {name: s-2025-11-01-7, volume: v}\n"
        #expect(!Self.plan(Self.desired(files), [kind]).diagnostics.contains { $0.code == "PLAN-0012" })
        let broken = Self.policy("backups: {snapshots: {retention: {weekly: two, monthly: 2}}}\n")
        #expect(!Self.plan(Self.desired(broken), [kind]).diagnostics.contains { $0.code == "PLAN-0012" })
    }

    // MARK: Backups

    /// The newest backup, when the cluster was made, the schedule, and whether a backup is overdue.
    @Test(
        arguments: [
            ("2026-02-25T00:10:00Z", "2025-01-01T00:00:00Z", "0 */6 * * *", false),
            ("2026-02-24T23:10:00Z", "2025-01-01T00:00:00Z", "0 */6 * * *", true),
            ("2026-02-24T06:30:00Z", "2025-01-01T00:00:00Z", "30 6 * * *", false),
            ("2026-02-23T01:00:00Z", "2025-01-01T00:00:00Z", "0 2 * * *", true),
            // There is none: it is overdue once the cluster is old enough for one.
            (nil, "2026-02-25T05:00:00Z", "0 2 * * *", false), (nil, "2026-02-20T05:00:00Z", "0 2 * * *", true),
            // Nobody knows since when, or there is no cluster.
            (nil, "", "0 2 * * *", false), ("2026-02-01T00:00:00Z", nil, "0 2 * * *", false),
        ] as [(String?, String?, String, Bool)])
    func aBackupThatWasDueAndIsNotThereIsTold(
        _ latest: String?, _ made: String?, _ schedule: String, _ isTold: Bool
    ) throws {
        let desired = Self.desired([
            "ssot/environments.yaml":
                "environments:\n  live: {tier: production, database_cluster: pg, backup_schedule: \"\(schedule)\"}\n",
            "ssot/infra/digitalocean/inventory.yaml":
                "databases:\n  - {name: pg, engine: pg, version: \"16\", region: sgp1, size: s, num_nodes: 1}\n",
        ])
        #expect(ProviderFindings.lookups(desired) == [.databaseBackup: ["pg"]])
        let clusters = made.map { [Self.seen(.databaseCluster, "pg", [], made: $0)] } ?? []
        let backups = latest.map {
            [Self.seen(.databaseBackup, "pg", [("latest", .string($0)), ("interval_hours", 24)])]
        }
        let observed = [
            ObservedKind(kind: .databaseCluster, completeness: .complete, resources: clusters),
            ObservedKind(kind: .databaseBackup, completeness: .complete, resources: backups ?? [], isAside: true),
        ]
        let plan = Self.plan(desired, observed)
        let told = plan.diagnostics.filter { $0.code == "PLAN-0013" }
        #expect(told.count == (isTold ? 1 : 0), "\(told)")
        #expect(plan.drift.filter { $0.key.kind == .databaseBackup }.map(\.environment) == (isTold ? ["live"] : []))
        if isTold, latest != nil { #expect(told.first?.message.contains("makes one every 24 hours") == true) }
    }

    @Test func aBackupThatIsDueByItsTierIsToldWithThatLine() throws {
        let desired = Self.desired([
            ".odooops/policies.yaml": "backups:\n  production: 6h\n",
            "ssot/environments.yaml": "environments:\n  live: {tier: production, database_cluster: pg}\n",
            "ssot/infra/digitalocean/inventory.yaml":
                "databases:\n  - {name: pg, engine: pg, version: \"16\", region: sgp1, size: s, num_nodes: 1}\n",
        ])
        #expect(ProviderFindings.lookups(desired) == [.databaseBackup: ["pg"]])
        let seen = [
            ObservedKind(
                kind: .databaseCluster, completeness: .complete,
                resources: [Self.seen(.databaseCluster, "pg", [], made: "2026-02-01T00:00:00Z")]),
            ObservedKind(
                kind: .databaseBackup, completeness: .complete,
                resources: [Self.seen(.databaseBackup, "pg", [("latest", "2026-02-20T01:00:00Z")])], isAside: true),
        ]
        let plan = Self.plan(desired, seen)
        let told = try #require(plan.diagnostics.first { $0.code == "PLAN-0013" })
        #expect(told.mark?.description == ".odooops/policies.yaml:2:15")
        // So it is while the policies can't be read, and its backups go on.
        let unread = Self.desired([
            ".odooops/policies.yaml": "backups: {production\n",
            "ssot/environments.yaml": "environments:\n  live: {tier: production, database_cluster: pg}\n",
        ])
        #expect(Self.plan(unread, seen).diagnostics.allSatisfy { $0.code != "PLAN-0013" })
        let clock = unread.recalling(Timetable(of: desired), living: [], kept: [:])
        #expect(ProviderFindings.lookups(unread.backedUp(as: clock)) == [.databaseBackup: ["pg"]])
        let still = Self.plan(unread, seen, clock: clock).diagnostics.first { $0.code == "PLAN-0013" }
        #expect(still?.mark == told.mark)
        #expect(told.hint?.contains("`backups` of the policies") == true)
    }

    // MARK: What isn't known

    @Test func aListThatCantBeReadIsToldAndProvesNothing() {
        let files = Self.policy(Self.volumes + Self.retention)
        let unknown = Completeness.unknown(reason: "the token lacks a scope")
        let lists = [
            ObservedKind(kind: .volume, completeness: unknown, resources: [], isAside: true),
            ObservedKind(kind: .snapshot, completeness: unknown, resources: [], isAside: true),
        ]
        // Where nothing of the provider was seen, that is told once and elsewhere.
        #expect(Self.plan(Self.desired(files), lists).diagnostics.allSatisfy { !$0.code.hasPrefix("PLAN-001") })
        let other = ObservedKind(kind: .droplet, completeness: .complete, resources: [])
        let plan = Self.plan(Self.desired(files), lists + [other])
        #expect(
            plan.diagnostics.filter { $0.code.hasPrefix("PLAN-001") }.map { "\($0.severity) \($0.code)" }.sorted() == [
                "note PLAN-0011", "note PLAN-0012",
            ])
        #expect(plan.drift.isEmpty)
    }
}
