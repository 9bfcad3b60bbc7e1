import Basics
import DesiredState
import Diff
import Formats
import SimulatorKit
import Testing

/// From documents to a project as they want it: read, planned, carried out, and nothing left to plan.
@Suite("Documents about Supabase through to the provider")
struct DocumentTests {
    private static let files = [
        "ssot/supabase/project.yaml": """
        project_ref: abcdefghijklmnopqrst
        functions: [{slug: ops-do-ingest, verify_jwt: true}]
        secrets: [{name: SLACK_BOT_TOKEN, value_from: "env:API_KEY"}]
        branches: [{name: staging, git_branch: staging, persistent: false}]
        """,
        "ssot/supabase/feature_adoption.yaml":
            "features: [{id: branching, adoption: adopt, repo_artifacts: [supabase/config.toml]}]",
        "ssot/maintenance/convergence.yaml": "environments: {prod: {required: {functions: [ops-do-ingest]}}}",
        "ssot/secrets/registry.yaml": """
        secrets:
          chat_token:
            approved_stores: [supabase_vault]
            vault_secret_name: MAILGUN_KEY
            consumers: ["supabase_vault:supabase/functions/chat/index.ts"]
          missing_token:
            approved_stores: [supabase_vault]
            vault_secret_name: MISSING_TOKEN
            consumers: ["supabase_vault:supabase/functions/chat/index.ts"]
          vault_only:
            approved_stores: [supabase_vault]
            vault_secret_name: vault_only
            consumers: ["supabase_vault:vault_only"]
        """,
    ]

    @Test("what documents want is brought about, and a second plan holds only what nobody has a value for")
    func life() async throws {
        let account = try Account(LifeTests.seeded)
        let state = readDesiredState(
            SourceTree(
                revision: String(repeating: "a", count: 40),
                files: Self.files.map { SourceFile(path: $0.key, text: $0.value + "\n") }, branches: .none))
        #expect(state.diagnostics.filter { $0.severity == .error }.map(\.message) == [])
        let wanted = state.resources.filter { $0.key.kind.provider == "supabase" }
        #expect(
            wanted.map(\.key.description) == [
                "supabase.branch/abcdefghijklmnopqrst/staging", "supabase.function/ops-do-ingest",
                "supabase.secret/abcdefghijklmnopqrst/MAILGUN_KEY",
                "supabase.secret/abcdefghijklmnopqrst/MISSING_TOKEN",
                "supabase.secret/abcdefghijklmnopqrst/SLACK_BOT_TOKEN",
            ])
        #expect(wanted[1]["environments"]?.value == .literal(.strings(["prod"])))
        let first = await account.pass(wanted)
        for (key, outcome) in first.outcomes { #expect(outcome.fault == nil, "\(key): \(outcome)") }
        #expect(first.outcomes.count == wanted.count - 1)
        let second = await account.plan(wanted).changes
        #expect(second.map(\.key.name) == ["abcdefghijklmnopqrst/MISSING_TOKEN"])
        #expect(second.first?.verdict == .blocked)
    }

    @Test("a secret whose value is nowhere is blocked, to be made or to be set again, and the others are set")
    func nowhere() async throws {
        let account = try Account(LifeTests.seeded)
        let names = ["MAILGUN_KEY", "NEW", "OTHER"].map { "\(LifeTests.ref)/\($0)" }
        let secrets = [
            wanted(
                .supabaseSecret, names[0],
                ["value_from": "env:NOWHERE", "value_sha256": .string(Digest(of: "another").hex)]),
            wanted(.supabaseSecret, names[1], ["value_from": "file:/nowhere/at/all"]),
            wanted(.supabaseSecret, names[2], ["value_from": "env:API_KEY"]),
        ]
        let first = await account.pass(secrets)
        #expect(first.outcomes.keys.map(\.name) == [names[2]])
        for outcome in first.outcomes.values { #expect(outcome.fault == nil) }
        let blocked = first.plan.changes.filter { $0.verdict == .blocked }
        #expect(blocked.map(\.key.name).sorted() == Array(names.prefix(2)))
        #expect(blocked.allSatisfy { $0.hold == .impossible && $0.verdictReason?.contains("value_from") == true })
    }
}
