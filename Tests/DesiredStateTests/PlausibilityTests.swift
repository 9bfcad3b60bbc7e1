import Basics
import DesiredState
import Testing

/// What can be read, and is hardly meant so.
@Suite struct PlausibilityTests {
    private static func told(_ files: [String: String]) -> [String] {
        read(files).diagnostics.map {
            "\($0.severity.rawValue) \($0.code) \($0.mark?.line ?? 0):\($0.mark?.column ?? 0)"
        }
    }

    @Test(
        arguments: [
            ("memory: 2", ["warning SSOT-0045 1:33"]), ("memory: \"512Mi\"", []), ("memory: 0", []),
            ("storage: \"10k\"", ["warning SSOT-0045 1:34"]), ("memory: 1Mi", []),
            ("cpu: 1000", ["warning SSOT-0045 1:30"]), ("cpu: 1000m", []), ("cpu: 64", []),
            // Ten here, eight there.
            ("workers: 010", ["warning SSOT-0045 1:34"]), ("workers: 10", []), ("workers: 0", []),
            ("workers: 089", ["warning SSOT-0045 1:34"]),
        ] as [(String, [String])])
    func `a quota without its unit is told`(quota: String, expected: [String]) {
        #expect(Self.told([Paths.policies: "resource_quotas: {dev: {\(quota)}}\n"]) == expected)
    }

    @Test(
        arguments: [
            ("production: {tier: production, protected: false}", ["warning SSOT-0046 1:58"]),
            ("production: {tier: production, protected: true}", []), ("staging: {tier: staging, protected: false}", []),
        ] as [(String, [String])])
    func `production stays protected, and that is said`(entry: String, expected: [String]) {
        let files = [Paths.environments: "environments: {\(entry)}\n"]
        #expect(Self.told(files) == expected)
        #expect(read(files).environment("production")?.isProtected != false)
    }

    @Test(
        arguments: [
            ("environments: {Payroll: {tier: dev}}", "`payroll`"),
            ("environments: {Odoo Lab: {tier: dev}}", "`odoo-lab`"),
            // The name is another one's.
            ("environments: {payroll: {tier: dev}, Payroll: {tier: dev}}", "`payroll-53fe8d`"),
            ("environments: {a: {tier: dev, fqdn: a.example.com}}", "Did you mean `domain`?"),
            ("environments: {a: {tier: dev, cluster: pg}}", "Did you mean `database_cluster`?"),
        ])
    func `what was meant is told`(text: String, hint: String) {
        let found = read([Paths.environments: text + "\n"])
        #expect(found.diagnostics.map(\.hint).contains { $0?.contains(hint) == true }, "\(found.diagnostics)")
        #expect(found.scopes.contains { $0.hasPrefix("environment ") })
    }

    @Test func `a freeze that is over is told from then on`() throws {
        let state = read([Paths.policies: "freeze: {staging: {until: 2026-06-01, reason: move}}\n"])
        func due(_ day: String) throws -> [String] {
            try state.dueDiagnostics(at: #require(Timestamp(day))).map { "\($0.severity.rawValue) \($0.code)" }
        }
        #expect(try due("2026-06-01T23:59:59Z") == [])
        #expect(try due("2026-06-02T00:00:00Z") == ["note SSOT-0044"])
    }

    @Test(
        arguments: [
            ("ops-convergense-scan", ["SSOT-0008"]), ("ops-convergence-scan", []), ("ci", []),
            ("mannual", ["SSOT-0008"]),
            // Names that count up are near to each other.
            ("ops-shard-3", []),
        ] as [(String, [String])])
    func `a runner that is nearly another one is told`(runner: String, codes: [String]) {
        let runners = ["ops-convergence-scan", "ops-convergence-scan", "ops-shard-1", "ops-shard-1", runner]
        let chores = runners.enumerated().map { "{id: c\($0.offset), runner: \($0.element), cron: \"0 2 * * *\"}" }
        let state = read([Paths.schedules: "chores: [\(chores.joined(separator: ", "))]\n"])
        #expect(state.diagnostics.map(\.code) == codes && state.scopes == [])
    }

    @Test(
        arguments: [
            ("https://github.com/OCA/web", []), ("git@github.com:OCA/web.git", []), ("ssh://git@h/OCA/web", []),
            ("OCA/web", []), ("htps:/github.com/OCA/web", ["SSOT-0052"]), ("htps://github.com/OCA/web", ["SSOT-0052"]),
            ("https://github.com", ["SSOT-0052"]), ("\"https://github.com/OCA/my web\"", ["SSOT-0052"]),
        ] as [(String, [String])])
    func `where a repository comes from is an address`(source: String, codes: [String]) {
        let commit = String(repeating: "a", count: 40)
        let state = read(["ssot/odoo/oca_lock.yaml": "repos: [{name: web, source: \(source), ref: \(commit)}]\n"])
        #expect(state.diagnostics.map(\.code) == codes && state.scopes == [])
    }

    @Test(
        arguments: [
            ("{name: a, lifecycle: actve}", ["warning SSOT-0008 2:30"]), ("{name: a, lifecycle: incubating}", []),
            ("{name: a, lifecycle: frozen}", []), ("{name: a, lifecycle: actve}, {name: b, lifecycle: actve}", []),
            ("{name: odoo repo/x}", ["error SSOT-0011 2:16"]), ("{name: .github}", []),
            ("{name: a.git}", ["error SSOT-0011 2:16"]),
        ] as [(String, [String])])
    func `a repository is as GitHub takes it`(entry: String, expected: [String]) {
        let state = read([Paths.repositories: "org: acme\nrepos: [\(entry)]\n"])
        let told = state.diagnostics.map {
            "\($0.severity.rawValue) \($0.code) \($0.mark?.line ?? 0):\($0.mark?.column ?? 0)"
        }
        #expect(told == expected)
    }

    @Test(
        arguments: [
            ("acme/odoo", nil), ("ACME/Odoo", nil), ("acme/odo", "Did you mean `odoo`?"),
            // Of other organisations nothing is known.
            ("others/odo", nil), ("acme/shop", "Add the repository"),
        ] as [(String, String?)])
    func `a protection is for a repository of the list`(repository: String, hint: String?) {
        let state = read([
            Paths.repositories: "org: Acme\nrepos: [{name: odoo}]\n",
            Paths.protection: "repo: \(repository)\nbranches: {main: {enforce_admins: true}}\n",
        ])
        #expect(state.diagnostics.map(\.code) == (hint == nil ? [] : ["SSOT-0031"]), "\(state.diagnostics)")
        #expect(state.diagnostics.allSatisfy { $0.hint?.hasPrefix(hint ?? "") == true && $0.severity == .warning })
    }

    @Test(
        arguments: [
            ("chat:write", nil), ("chat:wrte", "Did you mean `chat:write`?"), ("im:history", nil), ("mpim:read", nil),
            ("incoming-webhok", "Did you mean `incoming-webhook`?"), ("something:new", nil),
        ] as [(String, String?)])
    func `a scope that is nearly one of Slack is told`(scope: String, hint: String?) {
        let state = read([Paths.slack: "slack_apps: {a: {scopes: {bot: [\(scope)]}}}\n"])
        #expect(state.diagnostics.map(\.hint) == (hint.map { [$0] } ?? []))
        #expect(state.scopes == [])
    }
}
