import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// What is wanted where nothing is wrong, and what policies answer.
@Suite struct OperationsTests {
    private static func attribute(_ state: DesiredState, _ key: String, _ name: String) -> Value? {
        guard case .literal(let value)? = state.resource(key)?[name]?.value else { return nil }
        return value
    }

    @Test func secretsAreWantedByNameInEachStore() {
        let state = read([
            Paths.registry: """
            secrets:
              mail_key: {approved_stores: [github_actions, os_keychain, vercel_env], github_secret_name: MAIL}
              vault_key: {approved_stores: [supabase_vault], consumers: ["supabase_vault:VAULT_KEY"]}
              gone: {approved_stores: [os_keychain], status: {desired: deleted}}
              later: {approved_stores: [os_keychain], status: {desired: not_provisioned}}
            v2_entries:
              hook:
                storage: [{kind: github_secret, name: HOOK}, {kind: keychain, name: hook-key}]
                consumers: [{kind: github_secret, name: HOOK, project: site}]
                status: {desired: present, severity_if_missing: high}
            """
        ])
        #expect(state.faults == [])
        #expect(
            state.resources.map(\.key.description) == [
                "secrets.presence/github_actions/HOOK", "secrets.presence/github_actions/MAIL",
                "secrets.presence/os_keychain/hook-key", "secrets.presence/os_keychain/mail_key",
                "secrets.presence/supabase_vault/VAULT_KEY", "secrets.presence/vercel_env/MAIL_KEY",
            ])
        let hook = "secrets.presence/github_actions/HOOK"
        #expect(Self.attribute(state, hook, "projects") == .strings(["site"]))
        #expect(Self.attribute(state, hook, "severity_if_missing") == "high")
        #expect(Self.attribute(state, hook, "is_name_assumed") == nil)
        #expect(Self.attribute(state, "secrets.presence/vercel_env/MAIL_KEY", "is_name_assumed") == true)
        #expect(state.secrets.ids == ["gone", "hook", "later", "mail_key", "vault_key"])
    }

    @Test(
        arguments: [
            ("90d", .every(days: 90)), ("never", .never), ("annually", .every(days: 365)),
            ("Quarterly or on team member offboarding", .every(days: 90)),
            ("Every 6 months or when access is revoked", .every(days: 180)), ("N/A — deleted", .never),
            ("Static — only changes if the account moves", .never), ("On offboarding", .onEvent),
            ("every now and then", .onEvent), ("every 99999999999999999999 days", .onEvent), ("", .onEvent),
            ("3h", .every(days: 1)),
        ] as [(String, SecretRotation)])
    func rotationIsReadFromWordsAndSentences(_ text: String, _ rotation: SecretRotation) {
        #expect(SecretRotation(text: text) == rotation)
    }

    @Test func mailOfAllButProductionIsShared() {
        let state = read([
            Paths.mail: """
            production: {provider: relay, smtp_server: mx.example.com, smtp_port: 587, smtp_ssl: tls, smtp_user: u}
            non_production: {provider: catcher, smtp_server: mx.example.com, smtp_port: 2525}
            """,
            "ssot/integrations/mailgun.yaml":
                "mailgun: {smtp: {host: mx.example.com, ports: {production: 587, staging_dev: 2525}}}",
        ])
        #expect(state.faults == [])
        #expect(state.mail.map(\.tier) == [.production, .staging, .dev, .preview])
        #expect(state.mail.map(\.port) == [587, 2525, 2525, 2525])
        #expect(state.mail.map(\.isCaught) == [false, true, true, true])
        #expect(Self.attribute(state, "mail.transport/production", "security") == "ssl")
    }

    @Test func onlyActiveNamesAreWanted() {
        let state = read([
            Paths.domains: """
            apex: Example.com
            canonical_subdomains:
              - {host: erp, resolves_to: 203.0.113.7}
              - {host: "@", resolves_to: "2001:db8::7"}
              - {host: docs.example.com, cname: Pages.example.org.}
            """,
            Paths.subdomains: """
            domain: example.com
            origin_ip: 203.0.113.7
            subdomains:
              - name: erp
                type: A
                cloudflare_proxied: true
                provider_claim: {provider: cloudflare, status: claimed, claimed_at: 2026-03-01, claim_ref: r}
            """,
        ])
        #expect(state.faults == [])
        #expect(
            state.resources.map(\.key.description) == [
                "dns.record/example.com/A/erp", "dns.record/example.com/AAAA/@", "dns.record/example.com/CNAME/docs",
            ])
        #expect(Self.attribute(state, "dns.record/example.com/CNAME/docs", "data") == "pages.example.org")
        #expect(Self.attribute(state, "dns.record/example.com/A/erp", "is_proxied") == true)
    }

    @Test(
        arguments: [
            ("main", 100, false, .protected(by: "main")), ("release/1", 100, false, .protected(by: "release/")),
            ("wip", 100, false, .notEligible), ("bot/a", 6, false, .tooNew), ("bot/a", 7, false, .removable),
            ("renovate/a", 13, false, .tooNew), ("renovate/a", 14, false, .removable),
            ("bot/a", 100, true, .hasOpenPullRequest), ("bot/a", 100, nil, .hasOpenPullRequest),
            ("bot/a", nil, false, .tooNew),
        ] as [(String, Int?, Bool?, BranchHygiene.Verdict)])
    func aBranchGoesOnlyWhenNothingKeepsIt(
        _ branch: String, _ age: Int?, _ hasPullRequest: Bool?, _ verdict: BranchHygiene.Verdict
    ) throws {
        let policy = try #require(
            read([
                Paths.hygiene: """
                retention: {default_days: 14, prefix_overrides: {bot/: 7}}
                auto_delete_prefixes: [bot/, renovate/]
                protected_exact: [main]
                protected_prefixes: [release/]
                """
            ]).branchHygiene)
        let now = Timestamp(seconds: 1_772_000_000)
        let committed = age.map { now - .days($0) }
        #expect(
            policy.verdict(on: branch, committedAt: committed, hasOpenPullRequest: hasPullRequest, at: now) == verdict)
        #expect(policy.isDryRunDefault)
    }

    /// Found by seeds 69961 and 71377 of the damaged documents.
    @Test(arguments: [
        // The line that named it lost its form.
        """
          plane: {approved_stores: [vercel_env], consumers: [{vercel_env: [a, b]}]}
        """,
        // Of two with one name, the second may be meant.
        """
          plane: {approved_stores: [os_keychain]}
          plane: {approved_stores: [vercel_env], consumers: ["vercel_env:PLANE_KEY"]}
        """,
        // And it has swallowed the one that stood behind it.
        """
          token: {approved_stores: [os_keychain]}
          token:
            approved_stores: [os_keychain]
            plane:
            approved_stores: [vercel_env]
            consumers: ["vercel_env:PLANE_KEY"]
        """,
    ])
    func aSecretThatAFaultHidesIsLeftAlone(_ entries: String) {
        let state = read([Paths.registry: "secrets:\n" + entries])
        let key = ResourceKey(.secretPresence, "vercel_env/PLANE_KEY")
        #expect(state.resource(key.description) == nil)
        #expect(state.covers(key, of: nil))
    }

    @Test func whatIsDueDependsOnTheDay() throws {
        let state = read([
            Paths.registry: """
            secrets:
              a: {approved_stores: [os_keychain], expiry_date: 2026-06-30, review_date: 2026-06-01}
            """,
            Paths.secretsInventory: "inventory: {a: {rotation: {interval: quarterly, last_rotated: 2026-03-01}}}",
            Paths.vulnerabilities: """
            thresholds: {dependabot: {critical: 0, high: 2}}
            exceptions:
              - {id: E, scope: dependabot, severity: critical, count_at_creation: 4, expires_on: 2026-03-31,
                 tracking_issue: t, rationale: r}
            """,
            Paths.subdomains: """
            domain: example.com
            origin_ip: 203.0.113.7
            subdomains:
              - name: erp
                type: A
                provider_claim:
                  {provider: other, status: claimed, claimed_at: 2026-03-01, claim_ref: r, expires_at: 2026-05-01}
            """,
        ])
        #expect(state.faults == [])
        func due(_ day: String) throws -> [String] {
            try state.dueDiagnostics(at: #require(Timestamp(day))).map { "\($0.code) \($0.mark?.line ?? 0)" }
        }
        #expect(try due("2026-03-31T23:59:59Z") == [])
        #expect(try due("2026-04-01T00:00:00Z") == ["SSOT-0160 3"])
        #expect(try due("2026-05-02T00:00:00Z") == ["SSOT-0134 7", "SSOT-0160 3"])
        #expect(try due("2026-07-01T00:00:00Z") == ["SSOT-0134 7", "SSOT-0104 1", "SSOT-0104 2", "SSOT-0160 3"])
        let policy = try #require(state.vulnerabilityPolicy)
        let (march, april) = (try #require(Timestamp(date: "2026-03-31")), try #require(Timestamp(date: "2026-04-01")))
        #expect(policy.limit(scope: "dependabot", severity: "critical", at: march) == 4)
        #expect(policy.limit(scope: "dependabot", severity: "critical", at: april) == 0)
        #expect(policy.limit(scope: "dependabot", severity: "unheard", at: march) == nil)
    }
}

/// A real source of truth, with what it is known to say of itself.
@Suite(.enabled(if: corpusDirectory != nil)) struct OperationsCorpusTests {
    private static let state = Result { () throws -> DesiredState in
        let directory = try #require(corpusDirectory)
        return readDesiredState(
            SourceTree(
                revision: String(repeating: "c", count: 40), files: try files(under: directory, below: "ssot"),
                branches: branches("main", "staging")))
    }

    @Test func itsDocumentsAreReadAsAWhole() throws {
        let state = try Self.state.get()
        let entries = state.secrets.entries
        #expect(entries.filter { $0.section == .first }.count == 52)
        #expect(entries.filter { $0.section == .second }.count == 56)
        #expect(state.secrets.ids.count == 102)
        #expect(entries.filter(\.isAmbiguous).map(\.id) == ["slack_bot_token", "slack_signing_secret", "vercel_token"])
        #expect(entries.allSatisfy { $0.isSound != $0.isAmbiguous })
        let known = state.secretsInventory.entries
        #expect(known.count == 88 && known.allSatisfy(\.isSound) && known.allSatisfy(\.isRotateNowBoolean))
        let states = Dictionary(grouping: known, by: \.status).mapValues(\.count)
        #expect(states == ["unknown": 61, "working": 23, "stale": 3, "missing": 1])
        #expect(known.filter { $0.rotateNow == .yes }.count == 4)
        #expect(state.mail.map(\.tier) == [.staging, .dev, .preview])
        #expect(state.domains.map(\.apex) == ["insightpulseai.com"])
        #expect(state.domains.first?.subdomains.count == 15)
        #expect(state.chores.count == 20)
        #expect(state.failureModes.count == 20)
        #expect(state.releaseContract?.required.count == 10)
        #expect(state.vulnerabilityPolicy?.exceptions.map(\.id) == ["EX-0001", "EX-0002", "EX-0003"])
        #expect(state.branchHygiene?.days(for: "claude/x") == 7)
    }

    @Test func itWantsSomethingFromEach() throws {
        let state = try Self.state.get()
        let kinds = Dictionary(grouping: state.resources, by: \.key.kind).mapValues(\.count)
        #expect(kinds[.dnsRecord] == 12)
        #expect(kinds[.mailTransport] == 3)
        #expect(kinds[.schedule] == 20)
        #expect(kinds[.secretPresence] == 143)
    }

    @Test func itsContradictionsAreTold() throws {
        let state = try Self.state.get()
        let codes = Dictionary(
            grouping: state.diagnostics.filter { $0.code >= "SSOT-0100" && $0.code < "SSOT-0200" }, by: \.code
        ).mapValues(\.count)
        #expect(
            codes == [
                "SSOT-0100": 4, "SSOT-0103": 4, "SSOT-0104": 4, "SSOT-0105": 4, "SSOT-0106": 25, "SSOT-0107": 3,
                "SSOT-0120": 3, "SSOT-0123": 1, "SSOT-0130": 1, "SSOT-0133": 3,
            ])
        let mail = state.diagnostics.filter { $0.code == "SSOT-0120" }.compactMap(\.mark?.description)
        #expect(
            mail == [
                "ssot/integrations/mailgun.yaml:12:19", "ssot/integrations/mailgun.yaml:46:16",
                "ssot/runtime/prod_settings.yaml:29:16",
            ])
    }

    /// The word that is wrong is what has to be looked at, and not the beginning of its entry.
    @Test(arguments: [
        ("dependabot", "critcal", "2:44", "Did you mean `critical`?"),
        ("dependabt", "critical", "2:22", "Did you mean `dependabot`?"),
        ("dependabot", "low", "2:44", "Write critical or high, or add a threshold for it."),
    ]) func anExceptionForNothingIsToldAtItsWord(
        _ scope: String, _ severity: String, _ place: String, _ hint: String
    ) {
        let state = read([
            "ssot/security/vuln_policy.yaml": """
            thresholds: {dependabot: {critical: 0, high: 3}}
            exceptions: [{scope: \(scope), severity: \(severity), id: a, expires_on: 2026-05-01, tracking_issue: T-1, rationale: r}]
            """
        ])
        let found = state.diagnostics.filter { $0.message.contains("lifts nothing") }
        #expect(found.map { $0.mark?.description } == ["ssot/security/vuln_policy.yaml:\(place)"])
        #expect(found.map(\.hint) == [hint])
    }
}
