import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import Store
import SupabaseDriver
import TestKit
import Testing
import VercelDriver

@testable import Reconciler

@Suite("What is looked at once in a while")
struct WatchTests {
    private static let ref = "abcdefghijklmnopqrst"

    private static let files = [
        SourceFile(
            path: "ssot/supabase/project.yaml",
            text: "project_ref: \(ref)\nsecrets: [{name: KEY, value_from: \"env:API_KEY\"}]\n")
    ]

    private static func account(_ more: [String: Value] = [:]) -> Value {
        var project: Value.Object = ["ref": .string(ref), "name": "console"]
        for (name, value) in more.sorted(by: { $0.key < $1.key }) { project[name] = value }
        return .object(["projects": .list([.object(project)])])
    }

    private static func world(_ account: Value) async throws -> World {
        var tree = World.tree(
            inventory: "schema: ssot.infra.digitalocean.inventory.v1\n", environments: "", branches: [])
        tree.files = files
        let world = try await World(tree)
        try world.simulator.seed("supabase", account)
        try world.simulator.seed("vercel", ["projects": [["name": "shop"]]])
        return world
    }

    private static func reconciler(_ world: World, budget: RequestBudget? = nil, budgets: BudgetBook? = nil)
        -> Reconciler
    {
        let random = RandomSource(seed: 1)
        let transport = SimulatorTransport(simulator: world.simulator, fuse: Fuse())
        return Reconciler(
            source: world.source,
            drivers: [
                SupabaseDriver(
                    token: Secret("any"), baseURL: "http://simulator.test/supabase", transport: transport,
                    budget: budget, time: world.time, random: random,
                    resolve: { _ in Secret("canary-value-of-the-watch") })
            ], store: world.store, evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"),
            time: world.time, random: random, log: .none, metrics: Metrics(), holder: "test/1", budgets: budgets)
    }

    /// The requests that only a look makes.
    private static func looks(_ world: World) -> [String] {
        world.simulator.requestLog.map(\.path).filter {
            $0.contains("/health") || $0.contains("/advisors") || $0.contains("/backups") || $0.contains("/network")
        }
    }

    @Test("It is asked for once an hour, told in each plan, kept in the store, and in the evidence")
    func onceAnHour() async throws {
        let lints: Value = [["name": "rls", "title": "RLS disabled", "cache_key": "rls-1", "level": "ERROR"]]
        let world = try await Self.world(
            Self.account([
                "unhealthy": ["rest"], "lints": lints,
                "backups": [["inserted_at": "2026-02-01T00:00:00Z", "status": "COMPLETED"]],
            ]))
        let reconciler = Self.reconciler(world)
        for _ in 0..<2 {
            let report = await reconciler.pass(PassOptions())
            #expect(report.isSuccess, "\(report.story)")
            let codes = Set(report.plan?.diagnostics.map(\.code) ?? []).filter { $0.hasPrefix("PLAN-002") }
            #expect(codes == ["PLAN-0020", "PLAN-0021", "PLAN-0022"])
            #expect(Self.looks(world).count == 5, "\(Self.looks(world))")
            world.time.advance(by: .minutes(20))
        }
        let drift = try await world.store.openDrift()
        #expect(drift.count == 3 && drift.allSatisfy { $0.key.kind.provider == "supabase" })
        let kept = try await world.store.looks()
        #expect(kept.map(\.kind.name).sorted() == kept.map(\.kind.name) && kept.count == 4)
        #expect(kept.allSatisfy { $0.problem == nil && $0.names == [Self.ref] && $0.watched?.seen.isAside == true })
        let link = try #require(try await world.store.evidence(ofRun: try await world.store.runs(limit: 1)[0].id))
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        let manifest = try EvidenceManifest(bytes: try evidence.get(link.head.manifest))
        let seen = try #require(manifest.items.first { $0.name == "observed.jsonl" })
        // A rehearsal begins with the project, also where it was seen by an earlier pass.
        let lines = String(decoding: try evidence.get(seen.digest), as: UTF8.self)
        #expect(lines.contains("supabase.project/\(Self.ref)") && lines.contains("supabase.backup/\(Self.ref)"))

        // After the hour it is asked for again.
        world.time.advance(by: .minutes(21))
        _ = await reconciler.pass(PassOptions())
        #expect(Self.looks(world).count == 10)
    }

    @Test("What can't be read stays as it was seen, is no fault of the pass, and holds no drift open that is settled")
    func whatCannotBeRead() async throws {
        let world = try await Self.world(Self.account(["unhealthy": ["rest"]]))
        let reconciler = Self.reconciler(world)
        _ = await reconciler.pass(PassOptions())
        #expect(try await world.store.openDrift().contains { $0.key.kind == .supabaseProject })
        world.time.advance(by: .minutes(61))
        for path in ["health", "advisors/**", "database/backups", "network-restrictions"] {
            world.simulator.order(FaultOrder("GET", "/supabase/v1/projects/*/\(path)", .html(status: 403), times: 9))
        }
        let blind = await reconciler.pass(PassOptions())
        #expect(blind.isSuccess && blind.observationFaults.isEmpty, "\(blind.story)")
        #expect(blind.plan?.diagnostics.contains { $0.code == "PLAN-0020" } == true)
        #expect(try await world.store.openDrift().contains { $0.key.kind == .supabaseProject })
        let looks = try await world.store.looks()
        #expect(looks.allSatisfy { $0.problem != nil && $0.watched != nil }, "\(looks.map(\.document.json))")
        // It isn't tried again at once.
        let tried = Self.looks(world).count
        _ = await reconciler.pass(PassOptions())
        #expect(Self.looks(world).count == tried)
    }

    @Test(
        "GitHub and Vercel are looked at once an hour, by what the documents name, and what has not changed costs nothing"
    )
    func gitHubAndVercel() async throws {
        var tree = World.tree(
            inventory: "schema: ssot.infra.digitalocean.inventory.v1\n", environments: "", branches: [])
        tree.files = [
            SourceFile(path: "ssot/github/org_repos.yaml", text: "org: acme\nrepos: [{name: odoo}]\n"),
            SourceFile(path: "ssot/vercel/projects.yaml", text: "projects: [{name: shop}]\n"),
        ]
        let world = try await World(tree)
        let sha = String(repeating: "6d", count: 20)
        var repository: Value.Object = ["name": "acme/odoo", "environments": ["production"]]
        repository["branches"] = ["main": .string(sha), "release/18": .string(sha)]
        repository["tags"] = ["v1.0": .string(sha)]
        repository["pulls"] = [.object(["number": 7, "title": "Add", "head": "release/18", "base": "main"])]
        repository["runs"] = [.object(["event": "push", "head_sha": .string(sha), "conclusion": "success"])]
        repository["workflows"] = ["deploy.yml"]
        try world.simulator.seed("github", .object(["repositories": .list([.object(repository)])]))
        var project: Value.Object = ["name": "shop"]
        project["deployments"] = [.object(["target": "production"])]
        try world.simulator.seed("vercel", .object(["projects": .list([.object(project)])]))

        let transport = SimulatorTransport(simulator: world.simulator, fuse: Fuse())
        let random = RandomSource(seed: 1)
        let reconciler = Reconciler(
            source: world.source,
            drivers: [
                GitHubDriver(
                    token: Secret("any"), baseURL: "http://simulator.test/github", transport: transport,
                    time: world.time, random: random),
                VercelDriver(
                    token: Secret("any"), baseURL: "http://simulator.test/vercel", transport: transport,
                    time: world.time, random: random),
            ], store: world.store, evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"),
            time: world.time, random: random, log: .none, metrics: Metrics(), holder: "test/1")
        let places = [
            "/branches", "/tags", "/pulls", "/environments", "/actions/runs", "/deployments", "/aliases",
        ]
        func asked() -> [String: Int] {
            var counts: [String: Int] = [:]
            for request in world.simulator.requestLog {
                let path = request.path.prefix { $0 != "?" }
                guard let place = places.first(where: { path.hasSuffix($0) }) else { continue }
                counts[place, default: 0] += 1
            }
            return counts
        }
        for turn in 1...3 {
            let report = await reconciler.pass(PassOptions())
            #expect(report.isSuccess, "\(report.story)")
            // The third pass is the first of the next hour.
            let each = turn < 3 ? 1 : 2
            let counts = asked()
            #expect(places.allSatisfy { counts[$0] == each }, "pass \(turn): \(counts)")
            world.time.advance(by: .minutes(31))
        }
        let looks = try await world.store.looks()
        #expect(looks.allSatisfy { $0.problem == nil }, "\(looks.map(\.document.json))")
        func seen(_ kind: ResourceKind) -> [String] {
            looks.first { $0.kind == kind }?.watched?.seen.resources.map(\.key.name).sorted() ?? []
        }
        #expect(seen(.gitHubBranch) == ["acme/odoo/main", "acme/odoo/release/18"])
        #expect(seen(.gitHubTag) == ["acme/odoo/v1.0"] && seen(.gitHubPullRequest) == ["acme/odoo/7"])
        #expect(seen(.gitHubEnvironment) == ["acme/odoo/production"] && seen(.gitHubRun).count == 1)
        #expect(seen(.vercelDeployment).count == 1)
        #expect(looks.first { $0.kind == .vercelAlias }?.watched != nil)
        #expect(try await world.store.looks(of: [.vercelAlias, .gitHubTag]).map(\.kind) == [.gitHubTag, .vercelAlias])
        #expect(try await world.store.looks(of: []).isEmpty)
        // What was looked at is nobody's wish: nothing of it is planned.
        let kinds = Set(ProviderWatch.kinds)
        let plan = await reconciler.pass(PassOptions(isDryRun: true)).plan
        #expect(plan?.changes.contains { kinds.contains($0.key.kind) } == false)
        // In the second hour GitHub is asked whether anything has changed, which costs nothing of its limit.
        let unchanged = world.simulator.requestLog.filter { $0.path.hasPrefix("/github") && $0.status == 304 }
        #expect(unchanged.count >= 4)
    }

    @Test("A dry run looks and keeps nothing; a plan of some targets doesn't look")
    func dryRuns() async throws {
        let world = try await Self.world(Self.account(["unhealthy": ["rest"]]))
        let dry = await Self.reconciler(world).pass(PassOptions(isDryRun: true))
        #expect(dry.plan?.diagnostics.contains { $0.code == "PLAN-0020" } == true, "\(dry.story)")
        #expect(try await world.store.looks().isEmpty)
        let before = Self.looks(world).count
        var options = PassOptions(isDryRun: true)
        options.targets = ["supabase.secret/\(Self.ref)/KEY"]
        _ = await Self.reconciler(world).pass(options)
        #expect(Self.looks(world).count == before)
    }

    @Test("Where the budget would make it wait, it is left for later, and the pass goes on")
    func shortBudget() async throws {
        let world = try await Self.world(Self.account(["secrets": ["KEY": "canary-value-of-the-watch"]]))
        let book = BudgetBook(store: nil, time: world.time, holder: "test/1")
        let budget = book.budget(
            provider: "supabase", credential: Secret("any"),
            RequestBudgetConfiguration(
                windows: [RequestBudgetConfiguration.Window(limit: 6, per: .minutes(10))], reserve: 0.2))
        let began = world.time.now
        let report = await Self.reconciler(world, budget: budget, budgets: book).pass(PassOptions())
        #expect(report.isSuccess && Self.looks(world).isEmpty, "\(report.story)")
        #expect(world.time.now - began < .minutes(10))
    }
}
