import Basics
import DesiredState
import TestKit
import Testing

/// How often the environments of a tier are backed up.
@Suite struct BackupPolicyTests {
    @Test(
        arguments: [
            ("6h", "0 */6 * * *"), ("24h", "0 0 * * *"), ("1d", "0 0 * * *"), ("60m", "0 * * * *"),
            ("30m", "*/30 * * * *"),
            ("7d", "0 0 * * 0"), ("1w", "0 0 * * 0"), ("3600s", "0 * * * *"), ("15 3 * * mon", "15 3 * * mon"),
            ("never", nil),
        ] as [(String, String?)])
    func aTimeThatFitsEvenlyIsASchedule(_ text: String, _ cron: String?) throws {
        let schedule = try #require(BackupSchedule(parsing: text))
        #expect(schedule.cron == cron)
        #expect((schedule == .never) == (cron == nil))
        if let cron { #expect((try? Cron(parsing: cron)) != nil) }
    }

    @Test(arguments: [
        "", "7h", "5h", "36h", "2d", "90s", "7m", "0h", "daily", "6", "* * * *", "61 * * * *", "never ever",
    ])
    func anythingElseIsNone(_ text: String) { #expect(BackupSchedule(parsing: text) == nil) }

    private static let environments = """
        tiers: {dev: {backup_schedule: "5 5 * * *"}}
        environments:
          live: {tier: production}
          mirror: {tier: prod, backup_schedule: "0 1 * * *"}
          archive: {tier: production, backup_schedule: never}
          try: {tier: staging}
          lab: {tier: dev}
        """
    private static let policies = """
        branch_mappings:
          - {pattern: "release/*", tier: staging}
          - {pattern: "feature/*", tier: dev}
        backups:
          production: 6h
          stage: 24h
        """

    @Test func whatIsWrittenOfATierCountsWhereTheEnvironmentSaysNothing() throws {
        let state = read(
            [Paths.policies: Self.policies, Paths.environments: Self.environments],
            branches: branches("release/1", "feature/a"))
        #expect(state.faults == [])
        let found = Dictionary(
            uniqueKeysWithValues: state.environments.map {
                ($0.slug.prefix(9).description, "\($0.backupSchedule ?? "-") \($0.backupRule?.line ?? 0)")
            })
        #expect(
            found == [
                "live": "0 */6 * * * 5", "mirror": "0 1 * * * 0", "archive": "- 0", "try": "0 0 * * * 6",
                "release-1": "0 0 * * * 6", "lab": "- 0", "feature-a": "5 5 * * * 0",
            ], "\(found)")
        #expect(state.policy.backups[.production]?.text == "6h")
        // What .odooops.yaml says counts most.
        let over = read([
            Paths.policies: Self.policies, Paths.environments: Self.environments,
            ".odooops.yaml": "environments: {live: {backup_schedule: 12h}, production: {backup_schedule: never}}",
        ])
        #expect(over.environment("live")?.backupSchedule == "0 */12 * * *")
        #expect(over.environment("mirror")?.backupSchedule == nil)
    }

    @Test(.enabled(if: SchemaCheck.isAvailable)) func theSchemasTakeThemAndRefuseOthers() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-backups")
        let texts = [
            ("policies.v1", Self.policies), ("environments.v1", Self.environments),
            ("policies.v1", "backups: {production: daily}\n"), ("policies.v1", "backups: {qa: 6h}\n"),
        ]
        for (number, text) in texts.enumerated() { try directory.write(text.1, to: "\(number).yaml") }
        let result = SchemaCheck.run(
            texts.enumerated().map { ($0.element.0, directory.path("\($0.offset).yaml")) })
        let refused = texts.indices.filter { result.output.contains("\(directory.path("\($0).yaml"))::") }
        #expect(refused == [2, 3], "\(result.output)")
    }
}
