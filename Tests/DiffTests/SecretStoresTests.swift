import Basics
import DesiredState
import Diff
import Formats
import Testing

/// The names that the registry wants in stores, held against what stores list.
@Suite struct SecretStoresTests {
    private static let now = Timestamp(seconds: 1_772_000_000)

    private static let registry = """
        secrets:
          deploy_token: {approved_stores: [github_actions, os_keychain], github_secret_name: DEPLOY_TOKEN, rotation_policy: 90d}
          cron: {approved_stores: [vercel_env], vercel_env_name: CRON_SECRET}
          guess: {approved_stores: [github_actions]}
          signing: {approved_stores: [supabase_vault], vault_secret_name: SIGNING_KEY}

        """

    private static func desired(_ registry: String = Self.registry) -> DesiredState {
        readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: [
                    SourceFile(path: "ssot/secrets/registry.yaml", text: registry),
                    SourceFile(
                        path: "ssot/github/branch-protection.yaml",
                        text: "repo: acme/erp\nbranches: {main: {require_pull_request: {desired: true}}}\n"),
                    SourceFile(path: "ssot/vercel/projects.yaml", text: "projects: [{name: console}]\n"),
                ], branches: .known([])))
    }

    private static func kind(
        _ kind: ResourceKind, _ names: [String], _ completeness: Completeness = .complete, at instant: String? = nil
    ) -> ObservedKind {
        ObservedKind(
            kind: kind, completeness: completeness,
            resources: names.map { name in
                ObservedResource(
                    key: ResourceKey(kind, name), providerID: name,
                    attributes: Attributes(instant.map { [Attributes.Item("updated_at", .string($0))] } ?? []))
            })
    }

    private static func plan(_ desired: DesiredState, _ observed: [ObservedKind]) -> Plan {
        makePlan(
            PlanInput(
                desired: desired, inventory: Inventory(), observed: ObservedState(observed), schemas: [:], drivers: [:],
                now: now))
    }

    private static func states(_ plan: Plan) -> [String: String] {
        Dictionary(uniqueKeysWithValues: plan.secrets.map { ($0.key.name, $0.state.rawValue) })
    }

    @Test func whatIsFoundIsThereAndWhatIsLookedForInVainIsMissing() throws {
        let plan = Self.plan(
            Self.desired(),
            [
                Self.kind(.gitHubSecret, ["acme/erp/DEPLOY_TOKEN", "acme/other/GUESS"]),
                Self.kind(.vercelVariable, ["console/preview:a/b/OTHER", "shop/production/CRON_SECRET"]),
                Self.kind(.supabaseSecret, []),
            ])
        #expect(
            Self.states(plan) == [
                // A name that only follows from the id proves little, and a vault shows nobody its names.
                "github_actions/DEPLOY_TOKEN": "present", "github_actions/GUESS": "unknown",
                "vercel_env/CRON_SECRET": "missing", "supabase_vault/SIGNING_KEY": "unknown",
            ])
        let missing = try #require(plan.changes.first { $0.key.name == "vercel_env/CRON_SECRET" })
        #expect(missing.action == .create && missing.verdict == .blocked && missing.source?.line == 3)
        #expect(missing.verdictReason == "put it there: vercel env add CRON_SECRET")
        #expect(missing.reason == "it is not among the names of console")
        #expect(plan.drift.contains { $0.key == missing.key && $0.summary == "it is missing" })
        #expect(!plan.changes.contains { $0.key.name == "github_actions/DEPLOY_TOKEN" })
        // No driver looks into a keychain.
        let keychain = plan.changes.filter { $0.key.name.hasPrefix("os_keychain/") }
        #expect(keychain.map(\.verdictReason) == ["no driver knows secrets.presence"])
        #expect(plan.allowedChanges.filter { $0.key.kind == .secretPresence }.isEmpty)
        let document = PlanDocument.json(plan, runID: "r", plannedAt: Self.now)
        #expect(document["secrets"]?.listValue?.count == 4)
        #expect(try PlanDocument.parse(document).fingerprint == plan.fingerprint)
    }

    @Test(
        arguments: [
            Completeness.partial(reason: "a page is missing"), .unknown(reason: "the token was refused"),
        ])
    func aListThatWasNotSeenWholeProvesNothing(_ completeness: Completeness) throws {
        let plan = Self.plan(
            Self.desired(),
            [
                Self.kind(.gitHubSecret, [], completeness),
                Self.kind(.vercelVariable, ["console/production/CRON_SECRET"], completeness),
            ])
        #expect(
            Self.states(plan) == [
                "github_actions/DEPLOY_TOKEN": "unknown", "github_actions/GUESS": "unknown",
                "vercel_env/CRON_SECRET": "present",
            ])
        #expect(plan.secrets.filter(\.isUnseen).count == 2)
        let token = try #require(plan.changes.first { $0.key.name == "github_actions/DEPLOY_TOKEN" })
        #expect(token.action == .read && token.verdictReason?.contains("github.actions_secret") == true)
        #expect(!plan.drift.contains { $0.key.kind == .secretPresence })
    }

    @Test("GitHub has GITHUB_TOKEN by itself, and takes no other name that begins so: nobody is told to put one there")
    func namesOfGitHub() throws {
        let desired = Self.desired(
            """
            secrets:
              token: {approved_stores: [github_actions], github_secret_name: GITHUB_TOKEN}
              app:
                approved_stores: [github_actions]
                github_secret_name: github_app_id
              gone: {approved_stores: [github_actions], github_secret_name: GITHUB_PAT, status: {desired: deleted}}

            """)
        #expect(
            desired.diagnostics.filter { $0.code == "SSOT-0011" }.map { $0.mark?.description } == [
                "ssot/secrets/registry.yaml:4:23"
            ])
        let plan = Self.plan(desired, [Self.kind(.gitHubSecret, [])])
        let states = Self.states(plan)
        #expect(
            states["github_actions/GITHUB_TOKEN"] == "present" && states["github_actions/github_app_id"] == "unknown")
        #expect(!plan.changes.contains { $0.key.name == "github_actions/GITHUB_TOKEN" })
        #expect(!plan.changes.contains { $0.verdictReason?.contains("gh secret set") == true })
    }

    @Test func whereNoDriverLooksNothingIsSaid() {
        let plan = Self.plan(Self.desired(), [])
        #expect(plan.secrets == [])
        #expect(
            plan.changes.filter { $0.key.kind == .secretPresence }.allSatisfy {
                $0.verdictReason == "no driver knows secrets.presence"
            })
    }

    @Test func anEntryThatCantBeReadIsNotMissing() {
        let broken = Self.plan(
            Self.desired("secrets: {a: {approved_stores: [vercel_env], vercel_env_name: A, consumers: 7}}\n"),
            [Self.kind(.vercelVariable, [])])
        #expect(broken.secrets == [] && !broken.drift.contains { $0.key.kind == .secretPresence })
    }

    @Test(arguments: [("2025-10-01T00:00:00Z", true), ("2026-01-20T00:00:00Z", false), ("some day", false)])
    func aSecretThatIsOlderThanItMayBecomeIsTold(_ instant: String, _ isDue: Bool) throws {
        let plan = Self.plan(
            Self.desired(), [Self.kind(.gitHubSecret, ["acme/erp/DEPLOY_TOKEN"], at: instant)])
        let told = plan.diagnostics.filter { $0.code == "PLAN-0010" }
        #expect(told.count == (isDue ? 1 : 0))
        if isDue {
            #expect(
                told.first?.message.contains("put there on 2025-10-01, and is to be replaced every 90 days") == true)
            #expect(told.first?.mark?.description == "ssot/secrets/registry.yaml:2:3")
        }
    }

    @Test func driversAreAskedForTheNamesOfTheirPlaces() {
        let desired = Self.desired()
        let lookups = SecretStores(desired.resources).lookups(desired.resources)
        #expect(lookups[.gitHubSecret] == ["acme/erp/DEPLOY_TOKEN", "acme/erp/GUESS"])
        #expect(lookups[.vercelVariable] == ["console/production/CRON_SECRET"])
        #expect(lookups[.supabaseSecret] == nil)
    }
}
