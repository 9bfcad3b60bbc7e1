import Basics
import DesiredState
import Diff
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
        let results = evaluateChecks(desired(), ObservedState(kinds), [])
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
            Self.desired(), ObservedState(), [], silent: [.vercelVariable: "env:VERCEL_TOKEN is not set"])
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
}
