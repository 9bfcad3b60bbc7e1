import Basics
import DesiredState
import Diff
import Formats
import Testing

@Suite struct ConvergenceCheckTests {
    private static let document = """
        environments:
          prod:
            deploy_target: main
            required:
              functions: [ingest]
              vercel_env: [API_URL]
              supabase_vault: [TOKEN]
              dns: [erp.shop.example, app.vercel.app, soon.shop.example]
              gates: [vercel_monorepo, none_such]
          stage:
            deploy_target: staging
            required: {vercel_env: [API_URL]}
        """

    private static let now = Timestamp(seconds: 1_772_000_000)  // 2026-02-25T06:13:20Z

    private static func desired() -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: [
                    SourceFile(path: "ssot/maintenance/convergence.yaml", text: document),
                    SourceFile(path: "ssot/vercel/projects.yaml", text: "projects: [{name: console}]\n"),
                ], branches: .none))
    }

    private static func seen(_ kind: ResourceKind, _ names: [String], _ completeness: Completeness = .complete)
        -> ObservedKind
    {
        ObservedKind(
            kind: kind, completeness: completeness,
            resources: names.map {
                ObservedResource(key: ResourceKey(kind, $0), providerID: $0, attributes: Attributes())
            })
    }

    private static func verdicts(_ kinds: [ObservedKind]) -> [String: CheckResult.Verdict] {
        let results = evaluateChecks(desired(), ObservedState(kinds), [], at: now)
        return Dictionary(uniqueKeysWithValues: results.map { ("\($0.check.environment) \($0.check.key)", $0.verdict) })
    }

    @Test("What nobody looked at is unknown, never missing")
    func unknown() {
        #expect(Self.desired().checks.count == 9)
        #expect(Self.verdicts([]).values.allSatisfy { $0 == .unknown })
        let broken = Completeness.unknown(reason: "the provider is away")
        let all = Self.verdicts([
            Self.seen(.vercelVariable, [], broken), Self.seen(.supabaseFunction, [], broken),
            Self.seen(.record, ["shop.example/A/other"], .partial(reason: "page 2 failed")),
        ])
        #expect(all.values.allSatisfy { $0 == .unknown })
        let silent = evaluateChecks(
            Self.desired(), ObservedState(), [], silent: [.vercelVariable: "env:VERCEL_TOKEN is not set"],
            at: Self.now)
        #expect(silent.allSatisfy { $0.verdict == .unknown })
        #expect(silent.filter { $0.why.hasSuffix("is not observed: env:VERCEL_TOKEN is not set") }.count == 2)
    }

    @Test("What was looked for and is not there fails; what is there passes for its environment alone")
    func found() {
        let verdicts = Self.verdicts([
            Self.seen(.vercelVariable, ["console/production/API_URL", "console/preview/OTHER"]),
            Self.seen(.supabaseFunction, ["ingest"]),
            Self.seen(.record, ["shop.example/A/erp", "shop.example/TXT/soon/x"]),
        ])
        #expect(verdicts["prod ingest"] == .pass)
        #expect(verdicts["prod API_URL"] == .pass)
        #expect(verdicts["stage API_URL"] == .fail)
        #expect(verdicts["prod erp.shop.example"] == .pass)
        #expect(verdicts["prod soon.shop.example"] == .fail)
        #expect(verdicts["prod app.vercel.app"] == .unknown)
        #expect(verdicts["prod TOKEN"] == .unknown && verdicts["prod none_such"] == .unknown)
        let branch = Self.verdicts([Self.seen(.vercelVariable, ["console/preview:staging/API_URL"])])
        #expect(branch["stage API_URL"] == .pass && branch["prod API_URL"] == .fail)
    }

    @Test("A driver is asked for the variables of each project that a check is about")
    func names() {
        #expect(
            namesNeeded(byChecksOf: Self.desired()) == [
                .vercelVariable: ["console/production/API_URL", "console/preview/API_URL"]
            ])
    }

    private static let head = String(repeating: "b", count: 40)
    private static let older = String(repeating: "c", count: 40)

    /// Two thresholds of one environment that runs `main` at Vercel and has a database.
    private static func limited(_ commits: Int = 5, environment: String = "prod") -> DesiredState {
        wanted(
            """
            environments:
              \(environment):
                deploy_target: main
                thresholds: {max_deploy_age_hours: 24, max_commits_behind: \(commits)}
            """,
            [
                "environments.yaml": """
                environments:
                  production: {tier: production, branch: main, database_cluster: pg, database: odoo}
                """,
                "infra/digitalocean/inventory.yaml":
                    "databases: [{name: pg, engine: pg, version: 16, region: r, size: s, num_nodes: 1}]\n",
                "vercel/projects.yaml": "projects: [{name: console}]\n",
            ], branches: [Branch(name: "main", commit: head, committedAt: nil)])
    }

    /// What the checks of `maintenance/convergence.yaml` want, beside other documents.
    private static func wanted(
        _ checks: String, _ documents: KeyValuePairs<String, String>, branches: [Branch] = []
    ) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: [SourceFile(path: "ssot/maintenance/convergence.yaml", text: checks)]
                    + documents.map { SourceFile(path: "ssot/\($0.key)", text: $0.value) },
                branches: .known(branches)))
    }

    private static func deployed(_ commit: String?, hours: Int, _ items: [(String, Value)] = []) -> WatchedKind {
        let said: [(String, Value)] =
            [("state", "READY"), ("target", "production")] + (commit.map { [("sha", .string($0))] } ?? [])
        let attributes = said.filter { item in !items.contains { $0.0 == item.0 } } + items
        return WatchedKind(
            ObservedKind(
                kind: .vercelDeployment, completeness: .partial(reason: "only the newest were read"),
                resources: [
                    ObservedResource(
                        key: ResourceKey(.vercelDeployment, "console/dpl_1"), providerID: "dpl_1",
                        attributes: Attributes(attributes.map { Attributes.Item($0.0, $0.1) }),
                        createdAt: now - .hours(hours))
                ]), at: now)
    }

    /// What comes of the age and of the commits.
    private static func behind(
        _ desired: DesiredState, _ watched: [WatchedKind] = [], _ remembered: [EnvironmentRecord] = []
    ) -> [String] {
        let results = evaluateChecks(
            desired, ObservedState(), [], watched: watched, remembered: remembered, at: now)
        return ["max_deploy_age_hours", "max_commits_behind"].map { key in
            results.first { $0.check.key == key && $0.check.kind == "deploy_behind" }?.verdict.rawValue ?? "none"
        }
    }

    @Test(
        "A deployment is held against the thresholds of its environment; the head of a branch is never behind",
        arguments: [
            (head, 900, [], 5, ["pass", "pass"]), (older, 23, [], 5, ["pass", "unknown"]),
            (older, 25, [], 5, ["fail", "unknown"]), (older, 25, [], 0, ["fail", "fail"]),
            (nil, 23, [], 5, ["pass", "unknown"]), (nil, 25, [], 0, ["unknown", "unknown"]),
            // What doesn't serve the environment says nothing of it.
            (head, 1, [("state", "ERROR")], 5, ["unknown", "unknown"]),
            (head, 1, [("target", "preview")], 5, ["unknown", "unknown"]),
        ] as [(String?, Int, [(String, Value)], Int, [String])])
    func deployments(
        _ commit: String?, _ hours: Int, _ items: [(String, Value)], _ commits: Int, _ expected: [String]
    ) {
        #expect(Self.behind(Self.limited(commits), [Self.deployed(commit, hours: hours, items)]) == expected)
    }

    @Test(
        "Commits between a deployment and the head of its branch count where the history says how many they are",
        arguments: [(5, 5, "pass"), (6, 5, "fail"), (1, 1, "pass"), (nil, 5, "unknown")] as [(Int?, Int, String)])
    func lags(_ count: Int?, _ limit: Int, _ verdict: String) throws {
        let desired = Self.limited(limit)
        let watched = [Self.deployed(Self.older.uppercased(), hours: 1)]
        let span = CommitSpan(deployed: Self.older, head: Self.head)
        #expect(
            spansNeeded(byChecksOf: desired, ObservedState(), watched: watched, remembered: [], at: Self.now) == [span])
        let results = evaluateChecks(
            desired, ObservedState(), [], watched: watched, lags: count.map { [span: $0] } ?? [:], at: Self.now)
        let result = try #require(results.first { $0.check.key == "max_commits_behind" })
        #expect(result.verdict.rawValue == verdict)
        #expect(count.map { result.why.contains("\($0) commit") } ?? result.why.contains("not counted"))
    }

    @Test("Nobody counts commits where none is allowed, or the deployment runs the head of its branch")
    func spansThatSayNothing() {
        for (limit, commit) in [(0, Self.older), (5, Self.head)] {
            let spans = spansNeeded(
                byChecksOf: Self.limited(limit), ObservedState(), watched: [Self.deployed(commit, hours: 1)],
                remembered: [], at: Self.now)
            #expect(spans.isEmpty)
        }
    }

    @Test(
        "Where no deployment is seen, what the store knows of the environment counts",
        arguments: [
            // Hours since a pass changed it, and since its branch had a new commit; the head that was seen last.
            (900, 900, head, ["pass", "pass"]), (23, 1, head, ["pass", "unknown"]), (25, 1, head, ["fail", "unknown"]),
            (25, 25, older, ["fail", "unknown"]), (25, 25, nil, ["unknown", "unknown"]),
        ] as [(Int, Int, String?, [String])])
    func remembered(_ deployed: Int, _ active: Int, _ last: String?, _ expected: [String]) {
        let desired = Self.limited()
        var record = EnvironmentRecord(slug: "production", tier: .production, branch: "main", createdAt: nil)
        record.headCommit = last
        #expect(Self.behind(desired, [], [record]) == ["unknown", "unknown"])
        record.deployedAt = Self.now - .hours(deployed)
        record.activeAt = Self.now - .hours(active)
        #expect(Self.behind(desired, [], [record]) == expected)
        #expect(Self.behind(Self.limited(environment: "elsewhere"), [], [record]) == ["unknown", "unknown"])
    }

    private static func secured(_ ids: String, _ items: [(String, Value)]?) -> [String] {
        let desired = wanted(
            """
            environments: {prod: {required: {gates: [\(ids)]}}}
            security_settings: [{id: \(ids), kind: security_setting_disabled}]
            """,
            [
                "github/branch-protection.yaml":
                    "repo: acme/erp\nbranches: {main: {require_pull_request: {desired: true}}}\n"
            ])
        let seen = items.map { items in
            ObservedKind(
                kind: .repository, completeness: .complete,
                resources: [
                    ObservedResource(
                        key: ResourceKey(.repository, "Acme/erp"), providerID: "1",
                        attributes: Attributes(items.map { Attributes.Item($0.0, $0.1) }))
                ])
        }
        let names = namesNeeded(byChecksOf: desired)
        #expect(names[.repository] == (SecuritySetting(named: ids) == nil ? nil : ["acme/erp"]))
        return evaluateChecks(desired, ObservedState([seen].compactMap { $0 }), [], at: now).map(\.verdict.rawValue)
    }

    @Test(
        "A security setting is what the repository shows, as a setting and as a gate",
        arguments: [
            ("github_push_protection_enabled", [("secret_scanning_push_protection", true)], "pass"),
            ("github_push_protection_enabled", [("secret_scanning_push_protection", false)], "fail"),
            ("push_protection", [("secret_scanning", true)], "unknown"), ("push_protection", nil, "unknown"),
            ("secret_scanning_enabled", [("secret_scanning", true)], "pass"),
            ("signed_commits", [("secret_scanning", true)], "unknown"),
        ] as [(String, [(String, Value)]?, String)])
    func settings(_ id: String, _ items: [(String, Value)]?, _ expected: String) {
        #expect(Self.secured(id, items) == [expected, expected])
    }
}
