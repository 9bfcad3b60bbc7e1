import Basics
import DesiredState
import TestKit
import Testing

/// A real source of truth, with the faults that it is known to have.
@Suite(.enabled(if: corpusDirectory != nil)) struct CorpusTests {
    private static func state(below root: String = "ssot") throws -> DesiredState {
        let directory = try #require(corpusDirectory)
        return readDesiredState(
            SourceTree(
                revision: String(repeating: "c", count: 40), files: try files(under: directory, below: root),
                branches: branches("main", "staging")))
    }

    @Test func everyKnownFaultIsToldAtItsLine() throws {
        let state = try Self.state()
        let errors = state.diagnostics.filter { $0.severity == .error }.map {
            "\($0.code) \($0.mark?.description ?? "")"
        }
        #expect(
            errors == [
                "SSOT-0200 ssot/mappings/plane_github.yaml:27:23", "FMT-0002 ssot/qa/autonoma_slack.yaml:101:3",
                "FMT-0003 ssot/secrets/registry.yaml:491:3", "FMT-0003 ssot/secrets/registry.yaml:518:3",
                "FMT-0003 ssot/secrets/registry.yaml:1058:3",
            ])
        // Those of the registry leave only the places of these secrets unknown, and its contradictions likewise.
        #expect(
            state.scopes == [
                "kind slack.channel", "resource github.label/Insightpulseai/odoo/area:finance",
                "resource github.label/Insightpulseai/odoo/area:ppm",
                "resource github.label/Insightpulseai/odoo/type:month-end",
                "resource github.project/Insightpulseai/finops-month-end",
                "resource mail.transport/production", "resource plane.github_mapping/Insightpulseai/odoo",
                "resource secrets.presence/github_actions/VERCEL_TOKEN",
                "resource secrets.presence/os_keychain/github_webhook_secret",
                "resource secrets.presence/os_keychain/mailgun_api_key",
                "resource secrets.presence/os_keychain/plane_webhook_secret",
                "resource secrets.presence/os_keychain/slack_bot_token",
                "resource secrets.presence/os_keychain/slack_signing_secret",
                "resource secrets.presence/os_keychain/vercel-token",
                "resource secrets.presence/os_keychain/vercel_token",
                "resource secrets.presence/supabase_vault/slack_bot_token",
                "resource secrets.presence/supabase_vault/slack_signing_secret",
                "resource secrets.presence/supabase_vault/supabase_anon_key",
                "resource secrets.presence/vercel_env/SLACK_BOT_TOKEN",
                "resource secrets.presence/vercel_env/SLACK_SIGNING_SECRET",
            ])
    }

    @Test(arguments: ["ssot", "infra/ssot"]) func theCataloguesAreComplete(_ root: String) throws {
        let state = try Self.state(below: root)
        #expect(state.roots == [root])
        #expect(state.integrations.count == 20)
        #expect(state.integrations.filter { $0.status == "planned" }.count == 14)
        #expect(state.integrations.filter { $0.status == "active" }.count == 6)
        #expect(state.integrations.allSatisfy { $0.catalogCategory != nil && $0.detail != nil })
        let wrappers = try #require(state.integrations.first { $0.id == "supabase_wrappers_stripe" })
        #expect(wrappers.detail?.requiredSecrets == ["stripe_secret_key"])
        #expect(wrappers.detail?.egress == ["api.stripe.com", "stripe.com"])
        // One that is not required is none of them.
        let sdk = try #require(state.integrations.first { $0.file.hasSuffix("github_copilot_sdk.yaml") })
        #expect(sdk.detail?.requiredSecrets.contains("GITHUB_COPILOT_PAT") == false)
        let counts = Dictionary(grouping: state.modules, by: \.list).mapValues(\.count)
        #expect(
            counts == [
                .lock: 6, .repositories: 35, .mustHaveBase: 5, .mustHaveAccounting: 3, .parity: 9, .orphans: 40,
            ])
        #expect(state.modules.filter { $0.list == .repositories }.compactMap(\.moduleCount).reduce(0, +) == 210)
        #expect(state.checks.filter { $0.environment == "prod" }.count == 17)
        #expect(state.checks.filter { $0.environment == "stage" }.count == 6)
        #expect(state.policy.surfaces["droplets"]?.maximumCount == 3)
        #expect(state.policy.surfaces["app_platform"]?.isAllowed == false)
    }

    @Test func itsEnvironmentsAreThoseOfConvergence() throws {
        let state = try Self.state()
        #expect(
            state.environments.map { "\($0.slug) \($0.tier.rawValue) \($0.branch ?? "")" } == [
                "prod production main", "stage staging staging",
            ])
        #expect(state.environments.allSatisfy { $0.ttl == .never && $0.isProtected && $0.resources == [] })
        #expect(state.resources.allSatisfy { $0.environment == nil })
    }
}
