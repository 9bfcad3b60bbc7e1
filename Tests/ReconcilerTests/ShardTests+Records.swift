import Basics
import DesiredState
import Formats
import Store
import StoreSQLite
import Testing

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
}
