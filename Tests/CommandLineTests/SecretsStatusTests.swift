import Basics
import Formats
import Simulator
import TestKit
import Testing
import Web

@Suite("What is known of secrets, without a value")
struct SecretsStatusTests {
    private static let ref = "abcdefghijklmnopqrst"

    private static let files = [
        "ssot/secrets/registry.yaml": """
        secrets:
          deploy_token:
            approved_stores: [github_actions, os_keychain]
            github_secret_name: DEPLOY_TOKEN
            rotation_policy: 90d
          cron: {approved_stores: [vercel_env], vercel_env_name: CRON_SECRET}
          chat:
            approved_stores: [supabase_vault]
            vault_secret_name: CHAT_TOKEN
            rotation_policy: 30d

        """,
        "ssot/github/branch-protection.yaml":
            "repo: acme/odoo\nbranches: {main: {require_pull_request: {desired: true}}}\n",
        "ssot/vercel/projects.yaml": "projects: [{name: console}]\n",
        "ssot/supabase/project.yaml": """
        project_ref: \(ref)
        secrets: [{name: CHAT_TOKEN, value_from: "env:CHAT_VALUE"}, {name: OTHER, value_from: "env:NOWHERE"}]

        """,
    ]

    private static func row(_ result: Program.Result, _ key: String) -> Value? {
        result.json?["secrets"]?.listValue?.first { $0["key"]?.stringValue == key }
    }

    @Test("presence, last sync and the day to replace it are told for each store; --check refuses what is not in order")
    func status() async throws {
        let provider = try Provider()
        try provider.simulator.seed("supabase", ["projects": [["ref": .string(Self.ref)]]])
        try provider.simulator.seed("vercel", ["projects": [["name": "console"]]])
        let secret: Value = [
            "name": "DEPLOY_TOKEN", "created_at": "2026-01-10T00:00:00Z", "updated_at": "2026-01-10T00:00:00Z",
        ]
        let repository: Value = ["name": "acme/odoo", "branches": ["main": .string(String(repeating: "6", count: 40))]]
        var object = try #require(repository.objectValue)
        object["secrets"] = [secret]
        try provider.simulator.seed("github", .object(["repositories": [.object(object)]]))
        let site = try Site(files: Self.files, provider: provider)
        let bare = await site.run("secrets", "status", "--json")
        #expect(bare.status == 0, "\(bare.story)")
        #expect(bare.json?["summary"] == ["present": 0, "missing": 0, "unknown": 6, "due": 0], "\(bare.story)")
        let token = Self.row(bare, "secrets.presence/github_actions/DEPLOY_TOKEN")
        let lack =
            "nobody asks GitHub: no credential: env:GITHUB_TOKEN is not set; export GITHUB_TOKEN, or name a reference as "
            + "providers.github.token"
        #expect(token?["reason"]?.stringValue == lack, "\(bare.story)")

        let accounts = [
            "GITHUB_TOKEN": "canary-status-gh", "GITHUB_API_URL": "\(provider.url)/github",
            "VERCEL_TOKEN": "canary-status-vc", "VERCEL_API_URL": "\(provider.url)/vercel",
            "SUPABASE_ACCESS_TOKEN": "canary-status-sb", "SUPABASE_API_URL": "\(provider.url)/supabase",
            "CHAT_VALUE": "canary-status-value",
        ]
        let before = await site.run("secrets", "status", "--json", "--now", "2026-03-01T00:00:00Z", with: accounts)
        #expect(before.json?["summary"] == ["present": 1, "missing": 3, "unknown": 2, "due": 0], "\(before.story)")
        let set = await site.run(
            "secrets", "sync", "--secret", "CHAT_TOKEN=env:CHAT_VALUE", "--actor", "ada", with: accounts)
        #expect(set.status == 0, "\(set.story)")
        let after = await site.run(
            "secrets", "status", "--json", "--check", "--now", "2099-01-01T00:00:00Z", with: accounts)
        #expect(after.status == 4, "\(after.story)")
        let chat = Self.row(after, "supabase.secret/\(Self.ref)/CHAT_TOKEN")
        #expect(chat?["state"] == "present" && chat?["last_sync"]?["actor"] == "ada", "\(after.story)")
        #expect(chat?["rotation_days"] == 30 && chat?["is_due"] == true, "\(after.story)")
        let github = Self.row(after, "secrets.presence/github_actions/DEPLOY_TOKEN")
        #expect(github?["replace_by"] == "2026-04-10T00:00:00Z" && github?["is_due"] == true, "\(after.story)")
        let keychain = Self.row(after, "secrets.presence/os_keychain/deploy_token")
        #expect(keychain?["state"] == "unknown" && keychain?["source"]?.stringValue?.contains("registry.yaml") == true)
        let cron = Self.row(after, "secrets.presence/vercel_env/CRON_SECRET")
        #expect(cron?["state"] == "missing" && cron?["reason"] == "it is not among the names of console")

        // An attempt that fails later is told beside what stood before.
        provider.simulator.order(try FaultOrder(text: "POST /supabase/v1/projects/*/secrets 500-before x20"))
        let failed = await site.run(
            "secrets", "sync", "--secret", "CHAT_TOKEN=env:OTHER_VALUE", "--project", Self.ref,
            with: accounts.merging(["OTHER_VALUE": "canary-status-other"]) { $1 })
        #expect(failed.status == 1, "\(failed.story)")
        let people = await site.run("secrets", "status", with: accounts)
        #expect(people.status == 0 && people.output.contains("the last attempt failed: SB-"), "\(people.story)")
        #expect(people.output.contains("present, ") && !people.story.contains("canary"), "\(people.story)")
    }
}
