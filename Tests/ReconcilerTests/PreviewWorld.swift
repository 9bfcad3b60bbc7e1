import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Formats
import GitHubDriver
import HTTPClient
import Reconciler
import Simulator
import Store
import StoreSQLite
import Testing

/// An installation whose application is at GitHub, and people who open and close pull requests there.
struct PreviewWorld {
    static let repository = "acme/odoo"

    let world: World
    private let passes = Locked<UInt64>(0)

    init(
        _ previews: String = "previews: {allow: [{label: preview}]}\n", template: String = template,
        deployments: Bool = false
    ) async throws {
        world = try await World(Self.tree(previews, template: template, said: Self.said(deployments)))
        try world.simulator.seed("github", ["repositories": [["name": .string(Self.repository), "branches": [:]]]])
    }

    /// A commit with what it says of previews, and of what is to be said of them.
    static func tree(
        _ previews: String, template: String = template, said: String = Self.said(false), prune: String = "",
        revision: Character = "a"
    ) -> SourceTree {
        let policies = prune.isEmpty ? World.policies : World.plainPolicies + prune
        return World.tree(
            environments: World.environments + template, policies: policies + said + previews, revision: revision)
    }

    static func said(_ deployments: Bool) -> String {
        "github_integration: {update_commit_status: true, comment_on_pr: true, create_deployments: \(deployments)}\n"
    }

    static let template = """
          preview: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

        """

    func close() async { await world.engine.close() }

    func run(_ sql: String) async throws {
        try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in try db.run(sql, []) }
    }

    func reconciler(
        repository: String? = Self.repository, host: String = "test", shards: Shards = Shards(1)
    ) -> Reconciler {
        let seed = passes.withLock { count in
            count += 1
            return count
        }
        let plain = world.reconciler(seed: seed, host: host, shards: shards)
        let github = GitHubDriver(
            token: Secret("canary-token-of-github"), baseURL: "http://simulator.test/github",
            transport: SimulatorTransport(simulator: world.simulator, fuse: Fuse()),
            budget: RequestBudget(.init(windows: [], rates: .gitHub), time: world.time), time: world.time,
            random: RandomSource(seed: seed))
        return Reconciler(
            source: plain.source, drivers: plain.drivers + [github], store: plain.store, evidence: plain.evidence,
            time: plain.time, random: plain.random, log: .none, metrics: plain.metrics, shards: shards,
            holder: plain.holder, applicationRepository: repository)
    }

    @discardableResult
    func pass(_ options: PassOptions = PassOptions()) async -> RunReport {
        world.time.advance(by: .seconds(30))
        return await reconciler().pass(options)
    }

    /// What people do with a pull request.
    func pull(_ number: Int64, _ members: KeyValuePairs<String, Value>) throws {
        var object = Value.Object()
        object["number"] = .int(number)
        for member in members { object[member.key] = member.value }
        try world.simulator.seed(
            "github", ["repositories": [["name": .string(Self.repository), "pulls": [.object(object)]]]])
    }

    func open(_ number: Int64, labels: [String] = ["preview"], sha: Character = "1", fork: String? = nil) throws {
        try pull(
            number,
            [
                "title": "Loyalty points", "head": "feature/points", "base": "main", "labels": .strings(labels),
                "head_sha": .string(String(repeating: sha, count: 40)), "state": "open", "closed_at": .null,
                "merged_at": .null, "fork": fork.map { .string($0) } ?? .null,
            ])
    }

    func close(_ number: Int64, merged: Bool = false) throws {
        let now: Value = .string(Timestamp(seconds: world.time.now.seconds).description)
        try pull(number, ["state": "closed", "closed_at": now, "merged_at": merged ? now : .null])
    }

    /// Lists of the account, newest last.
    private func items(_ list: String) -> [Value] {
        world.simulator.account("github")["repositories"]?.listValue?.first?["lists"]?[list]?.listValue ?? []
    }

    var comments: [String] { items("comments").map { $0["body"]?.stringValue ?? "" } }

    /// `state sentence` of each check that was set, in order.
    var checks: [String] {
        items("statuses").map { "\($0["state"]?.stringValue ?? "") \($0["sha"]?.stringValue?.prefix(1) ?? "")" }
    }

    /// What each check that was set says, in order.
    var sentences: [String] { items("statuses").map { $0["description"]?.stringValue ?? "" } }

    /// Where each check that was set leads, in order.
    var addresses: [String] { items("statuses").map { $0["target_url"]?.stringValue ?? "" } }

    /// `environment sha` of each deployment with the states that it was told to be in, in order.
    var deployments: [String] {
        let statuses = items("deployment_statuses")
        return items("deployments").map { deployment in
            let own = statuses.filter { $0["deployment"] == deployment["id"] }
            let states = own.map {
                ($0["state"]?.stringValue ?? "") + (($0["environment_url"]?.stringValue ?? "").isEmpty ? "" : "+url")
            }
            return "\(deployment["environment"]?.stringValue ?? "") \(deployment["sha"]?.stringValue?.prefix(1) ?? "") "
                + states.joined(separator: ",")
        }
    }

    func previews() async -> [String] {
        await world.holdings().filter { $0.contains("pr-") || $0.contains("pr_") }
    }

    /// What was sent to GitHub since the log was cleared.
    func requests() -> [String] {
        defer { world.simulator.clearRequestLog() }
        return world.simulator.requestLog.filter { $0.path.hasPrefix("/github") }
            .map { "\($0.method) \($0.path.split(separator: "?").first ?? "")" }
    }

    static func holdings(_ number: Int) -> [String] {
        ["database shop-pg odoo_pr_\(number)", "record shop.example A pr-\(number)", "user shop-pg odoo_pr_\(number)"]
    }
}
