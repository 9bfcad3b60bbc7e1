import Basics
import DesiredState
import Diff
import Formats
import Store
import StoreSQLite
import Testing
import Web

@testable import Reconciler

extension ShardTests {
    private static let index = """
        schema: ssot.integrations.index.v1
        integrations:
          - {id: relay, file: relay.yaml, status: active, category: mail, vendor: Relay}

        """

    /// The records that are one for all services, as they stand.
    private static func records(_ site: PreviewWorld) async throws -> [String] {
        try await site.world.engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            var lines: [String] = []
            for table in ["pull_requests", "convergence_findings", "integrations_catalog", "do_droplets"] {
                let count = try db.run("select count(*) from ops.\(table)", [])[0].int(0)
                if count > 0 { lines.append("\(table) \(count)") }
            }
            for row in try db.run(
                """
                select key, value from ops.reconcile_state
                where key in ('desired', 'lineage', 'ingest.digitalocean', 'catalogue.integrations') order by key
                """, [])
            {
                lines.append("\(try row.text(0)) \(try row.text(1))")
            }
            return lines
        }
    }

    /// The name of an environment that one of the two services looks after, of those that begin so.
    static func environment(of host: String, _ beginning: String) throws -> String {
        let shards = Shards(count)
        let own = Set(shards.share(of: "\(host)/5000001", among: ["alpha/5000001", "beta/5000001"]))
        return try #require((1...99).map { "\(beginning)\($0)" }.first { own.contains(shards.shard(of: $0)) })
    }

    /// The number of a pull request whose preview one of the two services looks after.
    private static func pullRequest(of host: String) throws -> Int64 {
        try #require(PullRequest.number(inSlug: environment(of: host, "pr-")))
    }

    @Test("What can't be told apart is told by the service whose it is, whoever keeps the other findings")
    func tellsOfItsOwn() async throws {
        let (keeper, other) = try Self.roles()
        let slug = try Self.environment(of: other, "feature-a")
        let branch = slug.replacing("feature-", with: "feature/")
        let world = try await World(World.tree(branches: ["main", branch]))
        try await Self.announce([keeper, other], in: world)
        try await Self.settle(world, [keeper, other])
        let made = await world.call(
            "POST", "/v2/domains/shop.example/records",
            ["type": "A", "name": .string(slug), "data": "203.0.113.9", "ttl": 1800])
        #expect(made.status == 201, "\(made)")
        func found() async throws -> [String?] {
            try await world.store.findings().filter { $0.identity.kind == "left_alone" }
                .map(\.identity.ownEnvironment)
        }
        // Not for so long that the other one would be taken to be gone.
        for _ in 0..<3 {
            _ = await Self.service(world, keeper).pass(Self.shared)
            world.time.advance(by: .seconds(65))
        }
        #expect(try await found().isEmpty, "it is another's")
        // Since when it is so, the runs of either tell.
        _ = await Self.service(world, other).pass(Self.shared)
        #expect(try await found() == [slug])
        let id = try #require(try JSON.parse(made.body)["domain_record"]?["id"]?.intValue)
        _ = await world.call("DELETE", "/v2/domains/shop.example/records/\(id)", nil)
        _ = await Self.service(world, keeper).pass(Self.shared)
        #expect(try await found() == [slug])
        _ = await Self.service(world, other).pass(Self.shared)
        #expect(try await found().isEmpty)
    }

    @Test("Records that are one for all are one service's, and nobody acts on a pull request before that one knows it")
    func keepsRecordsAlone() async throws {
        let (keeper, other) = try Self.roles()
        let shards = Shards(Self.count)
        let number = try Self.pullRequest(of: other)
        let site = try await PreviewWorld()
        site.world.source.change { tree in
            tree.files += [
                SourceFile(path: "ssot/integrations/_index.yaml", text: Self.index),
                SourceFile(path: "ssot/integrations/relay.yaml", text: "relay: {}\n"),
            ]
        }
        try site.open(number)
        try await Self.announce([keeper, other], in: site.world)
        func pass(_ host: String) async -> RunReport {
            site.world.time.advance(by: .seconds(30))
            let report = await site.reconciler(host: host, shards: shards).pass(Self.shared)
            #expect(report.isSuccess, "\(host): \(report.story)")
            return report
        }
        // Whoever keeps no records comes first, and has nothing that it could make alone.
        let early = await pass(other)
        #expect(early.journal.isEmpty && !early.isNewsForOthers && !early.drift.isEmpty, "\(early.story)")
        #expect(try await Self.records(site) == [])
        #expect(try await !site.world.store.environments().contains { $0.slug == "pr-\(number)" })
        let kept = await pass(keeper)
        #expect(kept.isNewsForOthers)
        let words = try await Self.records(site).compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(
            words == [
                "pull_requests", "convergence_findings", "integrations_catalog", "do_droplets",
                "catalogue.integrations", "desired", "ingest.digitalocean", "lineage",
            ])
        // What it has written down the other acts on.
        var records = try await Self.records(site)
        #expect(await !pass(other).journal.isEmpty)
        #expect(await site.previews() == PreviewWorld.holdings(Int(number)))
        #expect(try await Self.records(site) == records)
        _ = await pass(keeper)
        records = try await Self.records(site)
        site.world.source.set(World.tree(branches: ["main", "feature/crm"], revision: "b"))
        _ = await pass(other)
        #expect(try await Self.records(site) == records)
        await site.close()
    }

    @Test("A pull request that one service has heard of is news for the one whose preview it is")
    func tellsOfPullRequests() async throws {
        let (keeper, other) = try Self.roles()
        let shards = Shards(Self.count)
        let number = try Self.pullRequest(of: other)
        let site = try await PreviewWorld()
        #expect(await site.reconciler(host: "person", shards: shards).pass(PassOptions()).isSuccess)
        try await Self.announce([keeper, other], in: site.world)
        try site.open(number)
        let told = await site.reconciler(host: keeper, shards: shards).pass(Self.shared)
        #expect(told.isSuccess && told.journal.isEmpty && told.isNewsForOthers, "\(told.story)")
        let idle = await site.reconciler(host: keeper, shards: shards).pass(Self.shared)
        #expect(idle.isSuccess && !idle.isNewsForOthers, "\(idle.story)")
        await site.close()
    }

    @Test("What one environment takes over of another moves once whoever keeps the records has counted the yes")
    func movesAfterTheRecord() async throws {
        let (keeper, other) = try Self.roles()
        let owner = try Self.environment(of: other, "erp-")
        func tree(_ entry: String, _ revision: Character) -> SourceTree {
            World.tree(
                environments: World.environments.replacing("production: {tier: production", with: entry),
                revision: revision)
        }
        let world = try await World(tree("\(owner): {tier: production", "a"))
        #expect(await Self.service(world, "person").pass(PassOptions()).isSuccess)
        world.source.set(tree("archive: {tier: dev", "b"))
        try await Self.announce([keeper, other], in: world)
        func owners() async throws -> Set<String> {
            Set(try await world.store.inventory().entries.compactMap(\.environment)).intersection([owner, "archive"])
        }
        let waiting = await Self.service(world, keeper).pass(Self.shared)
        #expect(waiting.run.phase == .awaitingApproval, "\(waiting.story)")
        // A yes that comes with a pass of another one moves nothing either, and doesn't go without a word.
        var named = Self.shared
        named.approvals = ["source.care/ssot"]
        let notes = Locked<[String]>([])
        _ = await Self.service(world, other).pass(named) { progress in
            if case .note(let text) = progress { notes.withLock { $0.append(text) } }
        }
        let told = notes.withLock { $0 }.filter { $0.contains("reconcile approve RUN --key source.care/ssot") }
        #expect(try await owners() == [owner] && told.count == 1, "\(notes.withLock { $0 })")
        let request = ApprovalRequest(run: waiting.run.id, keys: ["source.care/ssot"], reason: "meant")
        _ = try await request.make(in: world.store, by: Actor("ada"), at: world.time.now)
        #expect(await Self.service(world, other).pass(Self.shared).isSuccess)
        #expect(try await owners() == [owner])
        #expect(try await world.store.standingApprovals().count == 1)
        #expect(await Self.service(world, keeper).pass(Self.shared).isSuccess)
        #expect(try await world.store.standingApprovals().isEmpty)
        #expect(try await world.store.lineage().granted.isEmpty == false)
        #expect(await Self.service(world, other).pass(Self.shared).isSuccess)
        #expect(try await owners() == ["archive"])
        for host in [keeper, other, keeper] {
            let report = await Self.service(world, host).pass(Self.shared)
            #expect(report.isSuccess && report.withheld.isEmpty, "\(report.story)")
        }
        let lineage = try await world.store.lineage()
        #expect(lineage.granted.isEmpty && lineage.care?[owner] == nil)
        await world.engine.close()
    }
}
