extension FaultCase {
    private static func policies(_ name: String, _ text: String, _ faults: [String], _ scopes: [String]) -> FaultCase {
        FaultCase(
            name, Paths.policies, text, faults, scopes,
            others: [
                Paths.environments: "environments:\n  lab: {tier: dev}\n  live: {tier: production, branch: main}\n"
            ])
    }

    static let policies: [FaultCase] = [
        policies(
            "a pattern that is a regular expression",
            """
            branch_mappings:
              - {pattern: "^main$", tier: production}
              - {pattern: "feature/*", tier: dev}
            """, ["error SSOT-0020 2:15"], ["environments"]),
        policies(
            "an unknown tier in a mapping",
            """
            branch_mappings:
              - {pattern: "feature/*", tier: stagging}
            """, ["error SSOT-0022 2:34"], ["environments"]),
        policies(
            "a mapping without a pattern",
            """
            branch_mappings:
              - {tier: dev}
            """, ["error SSOT-0005 2:5"], ["environments"]),
        policies(
            "a mapping that can never match",
            """
            branch_mappings:
              - {pattern: "feature/*", tier: dev}
              - {pattern: "feature/crm-*", tier: preview}
            """, ["warning SSOT-0021 3:5"], []),
        policies(
            "the section of mappings misspelt",
            """
            branch_mapping:
              - {pattern: "feature/*", tier: dev}
            """, ["warning SSOT-0006 1:1"], ["environments"]),
        policies("mappings that are no list", "branch_mappings: none\n", ["error SSOT-0004 1:18"], ["environments"]),
        policies(
            "production without a name",
            """
            branch_mappings:
              - {pattern: "main", tier: production}
              - {pattern: "release/1", tier: staging}
            """, ["warning SSOT-0030 3:5"], []),
        policies(
            "a branch whose tier is another than that of its environment",
            """
            branch_mappings:
              - {pattern: "main", tier: staging}
            """, ["warning SSOT-0033 3:3"], []),
        policies(
            "a key that is not known",
            """
            branch_mappings: []
            colour: blue
            """, ["warning SSOT-0006 2:1"], []),
        policies("0d", "ttl_policies: {dev_named: 0d}\n", ["error SSOT-0023 1:27"], ["environment lab"]),
        policies("-1d", "ttl_policies: {dev_named: -1d}\n", ["error SSOT-0023 1:27"], ["environment lab"]),
        policies("1w2x", "ttl_policies: {dev_named: 1w2x}\n", ["error SSOT-0023 1:27"], ["environment lab"]),
        policies(
            "a bare number as duration", "ttl_policies: {dev_named: 7}\n", ["error SSOT-0023 1:27"], ["environment lab"]
        ),
        policies("a class misspelt", "ttl_policies: {dev_name: 7d}\n", ["warning SSOT-0006 1:16"], ["environment lab"]),
        policies("a month that is a minute", "ttl_policies: {dev_named: 1m}\n", ["warning SSOT-0028 1:27"], []),
        policies("an hour", "ttl_policies: {dev_named: 60m}\n", [], []),
        policies("production that should expire", "ttl_policies: {production: 90d}\n", ["warning SSOT-0024 1:28"], []),
        policies(
            "memory with a wrong unit", "resource_quotas: {dev: {memory: 9Gigs}}\n", ["error SSOT-0025 1:33"],
            ["environment lab"]),
        policies(
            "workers as a text", "resource_quotas: {dev: {workers: two}}\n", ["error SSOT-0004 1:34"],
            ["environment lab"]),
        policies(
            "a quota for an unknown tier", "resource_quotas: {qa: {workers: 2}}\n", ["error SSOT-0022 1:19"],
            ["environment lab", "environment live"]),
        policies(
            "one tier under two names", "resource_quotas: {dev: {workers: 2}, develop: {workers: 3}}\n",
            ["error SSOT-0010 1:38"], ["environment lab"]),
        policies(
            "a time between backups that doesn't fit into a day", "backups: {production: 7h}\n",
            ["error SSOT-0040 1:23"], ["environment live"]),
        policies(
            "backups as a number", "backups: {staging: never, dev: 6}\n", ["error SSOT-0040 1:32"], ["environment lab"]),
        policies(
            "backups of an unknown tier", "backups: {qa: 6h}\n", ["error SSOT-0022 1:11"],
            ["environment lab", "environment live"]),
        policies(
            "the section of backups misspelt", "backup: {production: 6h}\n", ["warning SSOT-0006 1:1"],
            ["environment lab", "environment live"]),
        policies("an unknown gate", "health_gates: {production: [{type: test}]}\n", ["warning SSOT-0026 1:36"], []),
        policies(
            "a gate without type", "health_gates: {production: [{command: x}]}\n", ["error SSOT-0005 1:29"],
            ["environment live"]),
        policies("yes for true", "github_integration: {comment_on_pr: yes}\n", ["error SSOT-0004 1:37"], []),
        policies(
            "a section twice",
            """
            ttl_policies: {dev_named: 7d}
            ttl_policies: {dev_named: never}
            """, ["error FMT-0003 2:1"], ["environment lab", "environment live"]),
        policies(
            "a window of an unknown kind", "sync_windows: [{kind: alow, schedule: \"0 1 * * *\", duration: 1h}]\n",
            ["error SSOT-0008 1:23"], []),
        policies(
            "a window that begins at no time", "sync_windows: [{kind: deny, schedule: daily, duration: 1h}]\n",
            ["error SSOT-0040 1:39"], []),
        policies(
            "a window without an end", "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: never}]\n",
            ["error SSOT-0023 1:62"], []),
        policies(
            "a window without a duration", "sync_windows: [{kind: deny, schedule: \"0 1 * * *\"}]\n",
            ["error SSOT-0005 1:16"], []),
        policies(
            "a distance for a time zone",
            "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, time_zone: \"+01:00\"}]\n",
            ["error SSOT-0027 1:77"], []),
        policies(
            "a window for an unknown tier",
            "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, tiers: [qa]}]\n",
            ["error SSOT-0022 1:74"], []),
        policies(
            "a window for no tier", "sync_windows: [{kind: deny, schedule: \"0 1 * * *\", duration: 1h, tiers: []}]\n",
            ["error SSOT-0004 1:73"], []),
        policies(
            "a freeze of an unknown tier", "freeze: {qa: {until: 2026-12-24, reason: x}}\n", ["error SSOT-0022 1:10"],
            []),
        policies(
            "a freeze until no day", "freeze: {production: {until: christmas, reason: x}}\n", ["error SSOT-0108 1:30"],
            []),
        policies(
            "a freeze without a reason", "freeze: {production: {until: 2026-12-24}}\n", ["error SSOT-0005 1:22"], []),
        policies(
            "a life from an unknown day on", "ttl_policies: {dev_named: {ttl: 7d, from: birth}}\n",
            ["error SSOT-0008 1:43"], ["environment lab"]),
        policies(
            "a life without a time", "ttl_policies: {dev_named: {from: created}}\n", ["error SSOT-0005 1:27"],
            ["environment lab"]),
        policies("a grace of nothing", "prune: {grace: 0h}\n", ["error SSOT-0023 1:16"], []),
        policies("an approval for ever", "approvals: {valid_for: never}\n", ["error SSOT-0023 1:24"], []),
        policies(
            "a list at the top", "- a\n", ["error SSOT-0004 1:1"],
            ["environments", "environment lab", "environment live"]),
        policies("nothing", "# later\n", ["error SSOT-0003 1:1", "warning FMT-0009 1:1"], ["environments"]),
        policies("broken YAML", "branch_mappings: [\n", ["error FMT-0002 2:1"], ["environments"]),
    ]
}
