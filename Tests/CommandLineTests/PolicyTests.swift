import Basics
import Formats
import TestKit
import Testing

@Suite("Policies")
struct PolicyTests {
    private static func run(_ words: String...) async -> Program.Result {
        await Program.run(words, in: Places.packageRoot)
    }

    private static func directory(_ policies: String?) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory(prefix: "odooops-policies")
        try directory.write("environments: {lab: {tier: stagign}}\n", to: "ssot/environments.yaml")
        if let policies { try directory.write(policies, to: ".odooops/policies.yaml") }
        return directory
    }

    @Test("policy check shows what applies to a tier: parsed, completed, and with what is in force on the day")
    func checks() async throws {
        let staging = await Self.run(
            "policy", "check", "stage", "examples/ssot", "--json", "--now", "2026-03-01T00:00:00Z")
        #expect(staging.status == 0, "\(staging.story)")
        let json = try #require(staging.json)
        #expect(json["tier"]?.stringValue == "staging" && json["valid"]?.boolValue == true)
        #expect(json["environments"]?.listValue?.compactMap { $0["name"]?.stringValue } == ["staging"])
        let environment = json["environments"]?.listValue?.first
        #expect(environment?["backup_longest_gap_seconds"]?.intValue == 86_400, "\(staging.story)")
        #expect(environment?["backup_next"]?.stringValue?.hasPrefix("2026-03-01T02:30:00") == true, "\(staging.story)")
        let mapping = json["branch_mappings"]?.listValue?.first
        #expect(mapping?["order"]?.intValue == 2 && mapping?["pattern"]?.stringValue == "staging")
        let quota = json["quotas"]?.listValue?.first
        #expect(quota?["cpu_millicores"]?.intValue == 2_000 && quota?["memory_bytes"]?.intValue == 4 << 30)
        #expect(json["ttl"]?.listValue?.first?["seconds"] == .null)
        #expect(json["health_gates"]?.listValue?.compactMap { $0["type"]?.stringValue } == ["tests", "migrations"])
        #expect(json["protection"]?["protected"]?.boolValue == true && json["protection"]?["max_deletes"] == 10)
        let registry = json["surfaces"]?.listValue?.first { $0["name"]?.stringValue == "container_registry" }
        #expect(registry?["exceptions"]?.listValue?.first?["in_force"]?.boolValue == true)
        #expect(json["allowlists"]?.listValue?.first?["environment"]?.stringValue == "staging")

        #expect(json["backups"]?["schedule"] == "0 0 * * *" && json["backups"]?["written"] == "24h", "\(staging.story)")
        #expect(json["for_information"]?.listValue?.contains("health_gates") == true)
        let people = await Self.run("policy", "check", "stage", "examples/ssot", "--now", "2026-03-01T00:00:00Z")
        #expect(people.output.contains("24h for each environment that names no `backup_schedule`"), "\(people.story)")
        #expect(people.output.contains("auto_deploy is true, for information"), "\(people.story)")
        #expect(people.output.contains("Health gates, for information: nothing here runs them"), "\(people.story)")

        let later = await Self.run("policy", "check", "dev", "examples/ssot", "--now", "2028-06-01")
        #expect(later.status == 0 && later.output.contains("dev_ephemeral: 7d"), "\(later.story)")
        #expect(later.output.contains("exception over since 2027-12-31"), "\(later.story)")
    }

    @Test("What .odooops.yaml says of an environment is shown with its place, and so is what it breaks")
    func showsOverrides() async throws {
        let site = try Site()
        try site.commit([
            "ssot/environments.yaml": "environments:\n  live: {tier: production, branch: main}\n",
            ".odooops/policies.yaml": "resource_quotas: {production: {workers: 8}}\n",
            ".odooops.yaml":
                "environments:\n  production:\n    workers: 12\n    resource_limits: {cpu: 4000m}\n"
                + "    backup_schedule: \"0 */3 * * *\"\n",
        ])
        let report = await site.run("policy", "check", "production")
        #expect(
            report.output.contains(
                "live: wants 12 workers (.odooops.yaml:3); may use cpu 4 (.odooops.yaml:4)")
                || report.output.contains(
                    "live: wants 12 workers (.odooops.yaml:3); may use cpu 4000m (.odooops.yaml:4)"),
            "\(report.story)")
        let backup = report.output.split(separator: "\n").first { $0.contains("live: 0 */3 * * *") }
        #expect(backup?.hasSuffix("(.odooops.yaml:5)") == true, "\(report.story)")
        let json = await site.run("policy", "check", "production", "--json")
        let environment = json.json?["environments"]?[0]
        #expect(environment?["quota"]?["cpu_millicores"] == 4_000 && environment?["workers"] == 12, "\(json.story)")
        #expect(environment?["own"]?["workers"] == ".odooops.yaml:3:14")
        let beyond = "it wants 12 workers; the quota of production is 8"
        #expect(
            report.output.contains("live: beyond it, so that its changes are denied: \(beyond)  (.odooops.yaml:3)"),
            "\(report.story)")
        #expect(environment?["quota_breach"] == .string(beyond))
        let plan = await site.run("--dry-run")
        #expect(plan.output.contains(".odooops.yaml:3:14: warning[PLAN-0006]: environment live"), "\(plan.story)")
        #expect(plan.output.contains("note: the environment is here (ssot/environments.yaml:2:3)"), "\(plan.story)")
    }

    @Test(
        "Backups are told in UTC and by the clocks of their own zone, and never where nobody knows that zone",
        .enabled(if: FileSystem.isDirectory(TimeZones.directory)))
    func tellsBackupsInTheirZone() async throws {
        let site = try Site()
        try site.commit([
            "ssot/environments.yaml": """
            environments:
              live: {tier: production, branch: main}
              shop: {tier: production, branch: main}
              wiki: {tier: production, branch: main}

            """, ".odooops/policies.yaml": "backups: {production: 24h}\n",
        ])
        try site.directory.write(
            """
            schedules:
              defaults: {time_zone: Asia/Manila}
              jobs:
                backup/shop: {time_zone: UTC}
                backup/wiki: {time_zone: Middle/Nowhere}

            """, to: "reconciler.yaml")
        let now = "2026-03-01T17:00:00Z"
        let report = await site.run("policy", "check", "production", "--now", now)
        for line in [
            "live: 0 0 * * * in Asia/Manila · every 1d, next 2026-03-02 16:00 UTC (2026-03-03 00:00 +08:00)",
            "shop: 0 0 * * * in UTC · every 1d, next 2026-03-02 00:00 UTC  (",
            "wiki: 0 0 * * * in Middle/Nowhere · never, for this machine does not know that time zone",
        ] {
            #expect(report.output.contains(line), "\(line)\n\(report.story)")
        }
        let json = await site.run("policy", "check", "production", "--now", now, "--json")
        let environments = json.json?["environments"]?.listValue ?? []
        #expect(
            environments.map { $0["backup_time_zone"] } == ["Asia/Manila", "UTC", "Middle/Nowhere"], "\(json.story)")
        #expect(
            environments.map { $0["backup_next"]?.stringValue?.prefix(16) } == [
                "2026-03-02T16:00", "2026-03-02T00:00", nil,
            ],
            "\(json.story)")
    }

    @Test("Modules are shown by wave, with what has to be granted before")
    func showsWaves() async throws {
        let directory = try TemporaryDirectory(prefix: "odooops-waves")
        try directory.write("environments: {live: {tier: production}}\n", to: "ssot/environments.yaml")
        try directory.write(
            """
            waves:
              - {wave: 1, gate: none, modules: [{name: stock, source: already_present, status: pending}]}
              - {wave: 2, gate: finance_yes, modules: [{name: sheet, source: oca/report, status: pending}]}

            """, to: "docs/oca/install_manifest.yaml")
        let text = await Program.run(["policy", "check", "production", "."], in: directory.path)
        #expect(text.output.contains("wave 1: stock\n"), "\(text.story)")
        #expect(text.output.contains("wave 2, after the gate finance_yes: sheet\n"), "\(text.story)")
        let json = await Program.run(["policy", "check", "production", ".", "--json"], in: directory.path)
        let modules = json.json?["allowlists"]?[0]?["modules"]?.listValue ?? []
        #expect(
            modules.map { $0["wave"]?.intValue } == [1, 2] && modules.last?["gate"] == "finance_yes", "\(json.story)")
        #expect(modules.first?["gate"] == .null && modules.last?["permission"] == "unlisted")
    }

    @Test("A tier that isn't one is wrong usage, with the nearest one")
    func suggests() async {
        let result = await Self.run("policy", "check", "stagin", "examples/ssot")
        #expect(result.status == 64 && result.error.contains("Did you mean staging?"), "\(result.story)")
    }

    @Test("policy validate tells what is wrong with the policies and nothing else; none at all is no pass")
    func validates() async throws {
        let whole = await Self.run("policy", "validate", "examples/ssot")
        #expect(whole.status == 0 && whole.output.contains("read: .odooops/policies.yaml"), "\(whole.story)")
        let over = await Self.run("policy", "validate", "examples/ssot", "--strict", "--now", "2028-06-01")
        #expect(over.status == 65 && over.output.contains("error[SSOT-0160]"), "\(over.story)")

        let wrong = try Self.directory("resource_quotas: {dev: {memory: 9Gigs}}\n")
        let told = await Program.run(["policy", "validate", "."], in: wrong.path)
        #expect(told.status == 65 && told.output.contains("error[SSOT-0025]"), "\(told.story)")
        #expect(!told.output.contains("SSOT-0022"), "\(told.story)")
        let partial = await Program.run(["policy", "check", "dev", "."], in: wrong.path)
        #expect(partial.status == 65 && partial.output.contains("reconcile policy validate"), "\(partial.story)")

        let empty = try Self.directory(nil)
        let none = await Program.run(["policy", "validate", "."], in: empty.path)
        #expect(none.status == 65 && none.error.contains("RUN-0015"), "\(none.story)")
    }

    @Test("validate tells what is due by a day, and pointing at the page of its code")
    func due() async throws {
        let directory = try Self.directory(nil)
        try directory.write("environments: {}\n", to: "ssot/environments.yaml")
        try directory.write(
            "secrets: {a: {approved_stores: [os_keychain], expiry_date: 2026-06-30}}\n",
            to: "ssot/secrets/registry.yaml")
        let before = await Program.run(["validate", ".", "--now", "2026-06-30"], in: directory.path)
        #expect(before.status == 0 && !before.output.contains("SSOT-0104"), "\(before.story)")
        let after = await Program.run(["validate", ".", "--now", "2026-07-01"], in: directory.path)
        #expect(after.status == 0 && after.output.contains("warning[SSOT-0104]"), "\(after.story)")
        #expect(after.output.contains("reconcile explain SSOT-0104"), "\(after.story)")
        let strict = await Program.run(["validate", ".", "--now", "2026-07-01", "--strict"], in: directory.path)
        #expect(strict.status == 65, "\(strict.story)")
        // Each counts once, and as what it is called.
        #expect(strict.output.contains("error[SSOT-0104]") && !strict.output.contains("warning["), "\(strict.story)")
        #expect(strict.output.contains(", 0 warnings"), "\(strict.story)")
    }
}
