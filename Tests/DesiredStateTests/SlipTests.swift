import Basics
import DesiredState
import Testing

/// A slip in a document takes nothing away: what it hides is unknown, and a rule that it hides still forbids.
@Suite struct SlipTests {
    private static let cluster = "name: db, engine: pg, version: 16, region: r, size: s, num_nodes: 1"
    private static let droplet = "name: web, region: r, image: i, size: s"

    // MARK: A key without a value

    /// Where a key lost its value, and what is unknown for that.
    struct Lost: CustomTestStringConvertible, Sendable {
        let file: String
        /// With `%` for the value.
        let text: String
        /// What stands there if nothing is meant.
        let nothing: String
        let place: String
        let scopes: [String]

        init(_ file: String, _ text: String, _ nothing: String, _ place: String, _ scopes: [String]) {
            (self.file, self.text, self.nothing, self.place, self.scopes) = (file, text, nothing, place, scopes)
        }

        var testDescription: String { text }
    }

    private static let lost = [
        Lost(
            Paths.inventory, "domains:\n  - name: example.com\n    records: %\nspaces: []\n", "[]", "3:5",
            ["kind digitalocean.record", "resource digitalocean.domain/example.com"]),
        Lost(
            Paths.inventory, "droplets: [{\(droplet), tags: %}]\nspaces: []\n", "[]", "1:54",
            ["kind digitalocean.tag", "resource digitalocean.droplet/web"]),
        Lost(
            Paths.inventory, "databases: [{\(cluster), dbs: %}]\nspaces: []\n", "[]", "1:83",
            ["kind digitalocean.database", "resource digitalocean.database_cluster/db"]),
        Lost(
            Paths.inventory, "databases: [{\(cluster), users: %}]\nspaces: []\n", "null", "1:83",
            ["kind digitalocean.database_user", "resource digitalocean.database_cluster/db"]),
        Lost(
            Paths.inventory, "databases: [{\(cluster), trusted_sources: %}]\nspaces: []\n", "[]", "1:83",
            [
                "kind digitalocean.database_firewall", "resource digitalocean.database_cluster/db",
                "resource digitalocean.database_firewall/db",
            ]),
        Lost(
            Paths.inventory, "firewalls: %\nspaces: []\n", "~", "1:1",
            ["kind digitalocean.firewall", "kind digitalocean.tag"]),
        Lost(
            Paths.environments, "environments:\n  a: {tier: dev, domain: %}\n", "null", "2:18",
            ["environment a"]),
        Lost(
            Paths.environments, "environments:\n  a: {tier: dev, database: %}\ntiers: {}\n", "~", "2:18",
            [
                "environment a", "kind digitalocean.database", "kind digitalocean.database_user",
                "kind postgres.database", "kind postgres.role",
            ]),
        Lost(
            Paths.convergence, "environments: %\nsecurity_settings: []\n", "{}", "1:1",
            ["environments", "kind docker.image", "kind ops.convergence_check", "kind supabase.function"]),
        Lost(
            Paths.convergence, "environments:\n  production: %\nsecurity_settings: []\n", "{}", "",
            ["kind ops.convergence_check", "kind supabase.function"]),
        Lost(
            Paths.monitoring,
            "alert_policies:\n  a:\n    droplet_name: d\n    cpu_utilization:\n      crit: %\n      notes: n\n", "null",
            "5:7", ["resource digitalocean.alert_policy/d/cpu_utilization/crit"]),
        Lost(
            Paths.policy, "allowed_surfaces: {droplets: {allowed: true, required_tags: %}}\nexceptions: []\n", "[]",
            "1:46", ["kind digitalocean.droplet"]),
        Lost(
            Paths.policy, "allowed_surfaces: %\nexceptions: []\n", "{}", "1:1",
            [
                "kind digitalocean.database_cluster", "kind digitalocean.droplet", "kind digitalocean.volume",
                "kind spaces.bucket",
            ]),
    ]

    @Test(arguments: lost) func aKeyWithoutAValueHidesWhatItSays(_ lost: Lost) {
        func state(_ value: String) -> DesiredState {
            read([lost.file: lost.text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: value)]
            )
        }
        let empty = state("")
        let told = lost.place.isEmpty ? "error SSOT-0004" : "warning SSOT-0015 \(lost.file):\(lost.place)"
        #expect(empty.faults.contains { $0.hasPrefix(told) }, "\(empty.faults)")
        #expect(empty.scopes == lost.scopes)
        // And the hint keeps its promise.
        let nothing = state(lost.nothing)
        #expect(!nothing.faults.contains { $0.contains("SSOT-0015") }, "\(nothing.faults)")
        #expect(Set(nothing.scopes).isDisjoint(with: lost.scopes))
    }

    @Test func aLostEndIsToldOnce() {
        let state = read([Paths.inventory: "droplets: []\nspaces:\n"])
        #expect(state.faults == ["warning SSOT-0015 \(Paths.inventory):2:1"])
        #expect(state.scopes == ["kind spaces.bucket"])
        #expect(state.keptScopes.contains("kind digitalocean.droplet"))
    }

    @Test func aLimitThatLostItsValueAllowsNothing() {
        func policy(_ text: String) -> Policy { read([Paths.policies: text + "\ndescription: d\n"]).policy }
        #expect(policy("limits: {max_deletes: }").maximumDeletes == 0)
        #expect(policy("limits:").maximumDeletes == 0)
        #expect(policy("limits: {}").maximumDeletes == 10)
        // Whoever tells of it names the line.
        #expect(policy("limits: {max_deletes: }").unreadableLimit?.source?.line == 1)
        #expect(read([Paths.policies: "limits: {{\n"]).policy.unreadableLimit?.source != nil, "no document")
        #expect(policy("prune: {grace: soon, guarded_grace: 24h}").prune.unreadable?.source?.column == 16)
        #expect(policy("limits: {}").unreadableLimit == nil && policy("prune: {}").prune.unreadable == nil)
        #expect(policy("approvals: {longest: }").approvals.longest == .hours(1))
        #expect(policy("approvals: {longest: 7d, valid_for: x}").approvals.validFor == .hours(1))
        #expect(policy("approvals:").approvals.longest == .hours(1))
        #expect(policy("approvals: {}").approvals.longest == .days(30))
        #expect(policy("prune: {grace: }").prune.unreadable != nil)
        #expect(policy("sync_windows:").unreadableWindows.count == 1)
    }

    @Test func aTimeToLiveThatLostItsValueIsBroken() {
        let text = "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\nttl_policies: {dev_ephemeral: %}\n"
        func state(_ value: String) -> DesiredState {
            let files = [
                Paths.policies: text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: value)
            ]
            return read(files, branches: branches("main", "feature/a"))
        }
        #expect(state("").scopes.contains("environment feature-a"), "\(state("").scopes)")
        #expect(!state("never").scopes.contains("environment feature-a"))
    }

    // MARK: What slid out of its place

    /// Whose name is near to that of a section may be that section, too.
    @Test(arguments: [
        ("payroll", ["error SSOT-0006"], []),
        ("runtime", ["error SSOT-0006", "warning SSOT-0006"], ["kind docker.image"]),
    ]) func anEnvironmentThatSlidOutIsStillWanted(_ name: String, _ faults: [String], _ more: [String]) {
        let state = read(
            [
                Paths.policies: "branch_mappings: [{pattern: \"feature/*\", tier: dev}]",
                Paths.environments: """
                environments:
                  staging: {tier: staging}
                \(name):
                  tier: dev
                  branch: feature/payroll
                """,
            ], branches: branches("main", "feature/payroll"))
        #expect(state.faults == faults.map { "\($0) \(Paths.environments):3:1" })
        // Nothing goes, and its branch is left to it.
        #expect(state.scopes == ["environments", "environment \(name)"] + more)
        #expect(state.keptScopes == ["environment feature-payroll"])
        // Its branch gets no second one.
        #expect(state.environments.map(\.slug) == ["staging"])
    }

    @Test(arguments: [
        (
            Paths.inventory,
            "domains:\n  - name: example.com\nrecords:\n  - {type: A, name: a, data: 192.0.2.1}\n",
            "kind digitalocean.record"
        ),
        (Paths.inventory, "databases: [{\(cluster), schemata: [odoo]}]\n", "kind digitalocean.database"),
        (Paths.inventory, "machines: [{\(droplet)}]\n", "kind digitalocean.droplet"),
        (Paths.convergence, "environments: {}\nproduction: {required: {gates: [g]}}\n", "kind supabase.function"),
        (Paths.policies, "windows: [{kind: deny}]\n", "environments"),
        (Paths.policy, "allowed_surfaces: {}\nrules: {droplets: {allowed: false}}\n", "kind digitalocean.droplet"),
    ]) func nothingGoesWhileASectionHasNoPlace(_ file: String, _ text: String, _ kept: String) {
        let state = read([file: text], branches: branches("main"))
        #expect(state.keptScopes.contains(kept) || state.scopes.contains(kept), "\(state.scopes) \(state.keptScopes)")
        #expect(state.faults.contains { $0.contains(" SSOT-0006 \(file)") }, "\(state.faults)")
    }

    /// Those of a person, and plain values, raise no alarm.
    @Test(arguments: [
        "x-records: [{type: A}]\n", "_machines: {a: b}\n", "notes: [a, b]\n", "colour: blue\n", "machines: []\n",
    ]) func aKeyOfAPersonHidesNothing(_ text: String) {
        let state = read([Paths.inventory: "droplets: []\n" + text])
        #expect(state.unknown.isEmpty, "\(state.unknown)")
        #expect(!state.diagnostics.contains { $0.severity == .error })
    }

    @Test func aListOfFunctionsUnderAnotherNameIsNotGone() {
        let text = "environments: {production: {required: {edge_functions: [a]}}}\n"
        let state = read([Paths.convergence: text])
        #expect(state.scopes.contains("kind ops.convergence_check"), "\(state.scopes)")
        #expect(state.scopes.contains("kind supabase.function"))
        #expect(read([Paths.policies: "windows: [{kind: deny}]\n"]).policy.maximumDeletes == 0)
    }

    // MARK: Monitoring

    @Test(arguments: [
        ("cpu_utilization", "critical", "Did you mean `crit`?"), ("cpu_utilization", "warning", "Did you mean `warn`?"),
        ("cpu_utilization", "urgent", "Write `warn or crit`"), ("cpu_usage", "crit", "Write disk_utilization"),
    ]) func aLevelOrMetricThatNobodyKnowsIsTold(_ metric: String, _ level: String, _ hint: String) {
        let state = read([
            Paths.monitoring: """
            alert_policies:
              a:
                droplet_name: d
                \(metric):
                  \(level): {threshold_pct: 90, duration_min: 5}
            """
        ])
        let found = state.diagnostics.filter { $0.code == "SSOT-0006" }
        #expect(found.count == 1 && found[0].hint?.hasPrefix(hint) == true, "\(state.diagnostics)")
        #expect(state.covers(ResourceKey(.alertPolicy, "d/cpu_utilization/crit"), of: nil), "\(state.scopes)")
    }

    @Test func alertsBesideTheOthersAreStillWanted() {
        let state = read([Paths.monitoring: "alert_policies: {}\nweb:\n  droplet_name: web\n"])
        #expect(state.scopes == ["kind digitalocean.alert_policy"])
        let free = read([
            Paths.monitoring: """
            alert_policies:
              a:
                droplet_name: d
                cpu_utilization:
                  crit: {threshold_pct: 90, duration_min: 5}
                  x-later: {threshold_pct: 95}
            monitoring_standard: {agent: do-agent}
            """
        ])
        #expect(free.scopes == [] && !free.diagnostics.contains { $0.code == "SSOT-0006" }, "\(free.faults)")
    }

    // MARK: Rules

    @Test(arguments: [
        ("{droplets: {allowed: true, regions_allowed: []}}", "error SSOT-0014", ["kind digitalocean.droplet"]),
        (
            "{virtual_machines: {allowed: false}, volumes: {allowed: true}, managed_databases: {allowed: true}, "
                + "spaces_object_storage: {allowed: true}}", "error SSOT-0008", ["kind digitalocean.droplet"]
        ),
        (
            "{kubernetes: {allowed: false}, droplets: {allowed: true}, volumes: {allowed: true}, "
                + "managed_databases: {allowed: true}, spaces_object_storage: {allowed: true}}", "warning SSOT-0008", []
        ),
        ("{app_platform: {allowed: false}, x-kubernetes: {allowed: false}}", "", []),
    ]) func aRuleThatIsNotReadForbids(_ surfaces: String, _ fault: String, _ scopes: [String]) {
        let state = read([Paths.policy: "allowed_surfaces: \(surfaces)\n"])
        let faults = state.faults.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(faults == (fault.isEmpty ? [] : [fault]), "\(state.diagnostics)")
        #expect(state.scopes == scopes)
    }

    @Test func anExceptionHoldsFromItsApprovalOn() throws {
        func policy(_ approved: String, _ expiry: String) -> DesiredState {
            read([
                Paths.policy: """
                allowed_surfaces: {droplets: {allowed: true}}
                exceptions:
                  - {surface: droplets, reason: r, approved_by: a, approved_date: \(approved), expiry_date: \(expiry)}
                """
            ])
        }
        let state = policy("2026-05-20", "2026-06-30")
        #expect(state.faults == [])
        for (instant, holds) in [
            ("2026-05-19T23:59:59Z", false), ("2026-05-20T00:00:00Z", true), ("2026-06-30T23:59:59Z", true),
            ("2026-07-01T00:00:00Z", false),
        ] {
            let now = try #require(Timestamp(instant))
            #expect((state.policy.exception(for: "droplets", at: now) != nil) == holds, "\(instant)")
            #expect(state.policy.exceptions(of: "droplets", at: now).map(\.isInForce) == [holds], "\(instant)")
        }
        let turned = policy("2027-01-20", "2026-12-31")
        #expect(turned.faults == ["warning SSOT-0050 \(Paths.policy):3:67"])
        let now = try #require(Timestamp("2026-06-01T00:00:00Z"))
        #expect(turned.policy.exception(for: "droplets", at: now) == nil)
    }

    // MARK: Settings of GitHub

    @Test(arguments: [
        ("require_code_owner_reviews: {desired: yes}", false),
        ("require_code_owner_reviews: {desired: \"true\"}", false),
        ("lock_branch: off", false), ("require_code_owner_reviews: {desired: 1}", false),
        ("require_pull_request: {desired: true, required_approving_review_count: \"1\"}", false),
        ("require_pull_request: {desired: true, required_approving_review_count: 7}", false),
        ("require_status_checks: {desired: true, strict: yes}", false),
        ("require_status_checks: {desired: true, required_checks: ci}", false), ("a_new_one: {desired: Yes}", false),
        ("a_new_one: {desired: selected}", true), ("allowed_merge_methods: [squash]", true),
        ("require_pull_request: {desired: true, required_approving_review_count: 2, notes: yes}", true),
    ]) func aSettingOfABranchHasItsType(_ setting: String, _ isRight: Bool) {
        let state = read([Paths.protection: "repo: o/r\nbranches:\n  main:\n    \(setting)\n"])
        #expect(state.faults.contains { $0.hasPrefix("error SSOT-0004") } != isRight, "\(state.faults)")
        #expect((state.resource("github.branch_protection/o/r/main") != nil) == isRight)
        #expect(state.scopes == (isRight ? [] : ["resource github.branch_protection/o/r/main"]))
    }

    @Test(arguments: [
        ("two_factor_requirement: {desired: yes}", false), ("two_factor_requirement: {desired: \"true\"}", false),
        ("two_factor_requirement: {desired: true}", true), ("default_repository_permission: {desired: read}", true),
        ("web_commit_signoff: {desired: on}", false),
    ]) func aSettingOfTheOrganisationHasItsType(_ setting: String, _ isRight: Bool) {
        let state = read(["ssot/github/org-policy.yaml": "org: o\norganization:\n  \(setting)\n"])
        #expect(state.faults.contains { $0.hasPrefix("error SSOT-0004") } != isRight, "\(state.faults)")
        #expect(state.scopes.isEmpty == isRight)
    }

    // MARK: Branch hygiene

    private static let hygiene = "retention: {default_days: 14}\nauto_delete_prefixes: [bot/]\n"

    @Test(arguments: [
        ("protected_exact: [main]\n", []), ("protected_exact: [main]\nprotected_prefixes: []\nreport: {a: b}\n", []),
        ("", ["error SSOT-0005"]), ("protected_exat: [main]\n", ["error SSOT-0005", "warning SSOT-0006"]),
        ("stays: [main]\n", ["error SSOT-0005", "warning SSOT-0006"]),
        ("protected_exact:\nexcluded_branches: []\n", ["error SSOT-0005"]),
        ("protected_exact: [main]\nprotected_prefixes:\ndry_run_default: true\n", ["warning SSOT-0015"]),
        ("protected_exact: [main]\nstays: [release/]\n", ["warning SSOT-0006"]),
        ("protected_exact: []\nprotected_prefixes: []\n", ["error SSOT-0204"]),
    ]) func branchHygieneCountsOnlyAsAWhole(_ text: String, _ faults: [String]) {
        let state = read([Paths.hygiene: Self.hygiene + text])
        let found = state.faults.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(found == faults, "\(state.diagnostics)")
        #expect((state.branchHygiene != nil) == faults.isEmpty)
    }

    // MARK: Schemas

    @Test(
        arguments: [
            ("some text", "SSOT-0013"), ("ssto.odoo.oca_lock.v1", "SSOT-0013"), ("[a]", "SSOT-0004"),
            ("7", "SSOT-0004"),
            ("ssot.odoo.oca_lock.v1", nil),
        ] as [(String, String?)]) func anotherSchemaIsTold(_ schema: String, _ code: String?)
    {
        let state = read(["ssot/odoo/oca_lock.yaml": "schema: \(schema)\nrepositories: {}\n"])
        #expect(
            state.diagnostics.filter { ["SSOT-0013", "SSOT-0004"].contains($0.code) && $0.mark?.line == 1 }.map(\.code)
                == (code.map { [$0] } ?? []), "\(state.diagnostics)")
    }
}
