extension FaultCase {
    static let catalogues: [FaultCase] = [
        FaultCase(
            "a file that is not there", Paths.index,
            """
            integrations:
              - {id: chat, file: ssot/integrations/chat.yaml, status: active}
            """, ["warning SSOT-0060 2:22"], []),
        FaultCase(
            "index and file disagree", Paths.index,
            """
            integrations:
              - {id: chat, file: ssot/integrations/chat.yaml, status: active}
            """, ["warning SSOT-0061 2:59"], [],
            others: ["ssot/integrations/chat.yaml": "name: chat\nstatus: planned\n"]),
        FaultCase(
            "a file that is not listed", Paths.index, "integrations: []\n", ["note SSOT-0062 1:1"], [],
            others: ["ssot/integrations/chat.yaml": "name: chat\n"]),
        FaultCase(
            "a listed file that is broken", Paths.index,
            """
            integrations:
              - {id: chat, file: ssot/integrations/chat.yaml, status: active}
            """, ["error FMT-0002 2:1"], ["resource ops.integration/chat"],
            others: ["ssot/integrations/chat.yaml": "name: [\n"]),
        FaultCase(
            "a row without id", Paths.index,
            """
            integrations:
              - {file: ssot/integrations/chat.yaml, status: active}
            """, ["error SSOT-0005 2:5", "warning SSOT-0301 2:12"], ["kind ops.integration"]),
        FaultCase(
            "a count that is wrong", "ssot/odoo/orphan_addons_allowlist.yaml",
            """
            notes: [All 3 entries below are old.]
            modules: [{name: a}, {name: b}]
            """, ["warning SSOT-0070 1:9"], []),
        FaultCase(
            "a lock on a branch", "ssot/odoo/oca_lock.yaml", "repos: [{name: web, source: x, ref: \"19.0\"}]\n",
            ["error SSOT-0071 1:37"], ["resource odoo.module_entry/odoo/oca_lock/web"]),
        FaultCase(
            "a module twice", "ssot/oca/must_have_base.yaml",
            """
            modules: [{technical_name: a}, {technical_name: a}]
            """, ["warning SSOT-0010 1:32"], []),
        FaultCase(
            "a list that is none", "ssot/odoo/oca_repos.yaml", "repos: none\n", ["error SSOT-0004 1:8"],
            ["kind odoo.module_entry"]),
        FaultCase(
            "a finding of no declared kind", Paths.convergence,
            """
            finding_kinds: [gate_failed]
            environments: {prod: {required: {dns: [example.com], gates: [g]}}}
            """, ["warning SSOT-0080 2:40"], []),
        FaultCase(
            "an environment whose name says no tier", Paths.convergence,
            "environments: {blue: {deploy_target: main}}\n",
            ["error SSOT-0022 1:16"], ["environment blue"]),
        FaultCase(
            "a threshold as a text", Paths.convergence,
            """
            environments: {prod: {thresholds: {max_commits_behind: few}}}
            """, ["error SSOT-0004 1:56"], ["kind ops.convergence_check"]),
        FaultCase(
            "a surface without answer", Paths.policy, "allowed_surfaces: {droplets: {max_count: 3}}\n",
            ["error SSOT-0005 1:30"], ["kind digitalocean.droplet"]),
        FaultCase(
            "a surface misspelt", Paths.policy, "allowed_surfaces: {droplet: {allowed: true}}\n",
            ["warning SSOT-0008 1:20"], ["kind digitalocean.droplet"]),
        FaultCase(
            "an exception without end", Paths.policy, "exceptions: [{surface: droplets, reason: r}]\n",
            ["warning SSOT-0050 1:14"], []),
        FaultCase(
            "an exception with a wrong day", Paths.policy,
            "exceptions: [{surface: droplets, reason: r, approved_by: m, expiry_date: 2026-02-30}]\n",
            ["warning SSOT-0050 1:74"], []),
        FaultCase(
            "an exception that nobody approved", Paths.policy,
            "exceptions: [{surface: droplets, reason: r, expiry_date: 2030-01-01}]\n", ["warning SSOT-0050 1:14"], []),
        FaultCase(
            "an exception with an empty approval", Paths.policy,
            "exceptions: [{surface: droplets, reason: r, approved_by: ' ', expiry_date: 2030-01-01}]\n",
            ["warning SSOT-0050 1:58"], []),
        FaultCase(
            "an exception approved on no day", Paths.policy,
            "exceptions: [{surface: volumes, reason: r, approved_by: m, approved_date: soon, expiry_date: 2030-01-01}]\n",
            ["warning SSOT-0050 1:75"], []),
        FaultCase(
            "an exception for a surface misspelt", Paths.policy,
            "exceptions: [{surface: dropets, reason: r, approved_by: m, expiry_date: 2030-01-01}]\n",
            ["warning SSOT-0050 1:24"], []),
        FaultCase(
            "an exception for a surface of the document", Paths.policy,
            "allowed_surfaces: {app_platform: {allowed: false}}\n"
                + "exceptions: [{surface: app_platform, reason: r, approved_by: m, expiry_date: 2030-01-01}]\n", [], []),
        FaultCase(
            "a policy that is broken", Paths.policy, "allowed_surfaces: [\n", ["error FMT-0002 2:1"],
            [
                "kind digitalocean.database_cluster", "kind digitalocean.droplet", "kind digitalocean.volume",
                "kind spaces.bucket",
            ]),
    ]

    static let files: [FaultCase] = [
        FaultCase("a file of nobody that is broken", "ssot/qa/notes.yaml", "a: [\n", ["warning FMT-0002 2:1"], []),
        FaultCase("JSON that is broken", "ssot/edge/report.json", "{\n  \"a\": tru\n}", ["warning FMT-0101 2:8"], []),
        FaultCase(
            "the same document under two roots", "ssot/environments.yaml", "environments: {}\n", ["note SSOT-0009 1:1"],
            [],
            others: ["infra/ssot/environments.yaml": "environments: {lab: {tier: dev}}\n"]),
        FaultCase(
            "a document whose name has a slip", "ssot/enviroments.yaml", "environments: {lab: {tier: dev}}\n",
            ["warning SSOT-0049 1:1"], []),
        FaultCase(
            "a document whose folder has a slip", "ssot/maintenence/Convergence.yml", "a: 1\n", [], []),
        FaultCase(
            "a document whose folder alone has a slip", "ssot/maintenence/convergence.yml", "a: 1\n",
            ["warning SSOT-0049 1:1"], []),
        FaultCase(
            "a name that is near to that of a document which is there", "ssot/environment.yaml", "a: 1\n", [], [],
            others: ["ssot/environments.yaml": "environments: {}\n"]),
        FaultCase(
            "a document at another path", "ssot/odoo/environments.yaml",
            "schema: ssot.environments.v1\nenvironments: {lab: {tier: dev}}\n",
            ["note SSOT-0012 1:1"], []),
        FaultCase(
            "a document of a newer version", "ssot/environments.yaml",
            "schema: ssot.environments.v2\nenvironments: {lab: {tier: dev}}\n",
            ["error SSOT-0017 1:9"], ["environments", "kind docker.image"]),
        FaultCase(
            "a document of a newer version at another path", "ssot/notes/mail.yaml", "schema: ssot.odoo.mail.v9\n",
            ["error SSOT-0017 1:9"], ["kind mail.transport"]),
        FaultCase(
            "a version that is read beside a newer one", "ssot/notes/env.yaml",
            "schema: ssot.environments.v2\nenvironments: {lab: {tier: dev}}\n", [], [],
            others: ["ssot/environments.yaml": "environments: {}\n"]),
        FaultCase(
            "a document with another one's schema", "ssot/environments.yaml",
            "schema: ssot.odoo.mail.v1\nenvironments: {lab: {tier: dev}}\n",
            ["warning SSOT-0013 1:9"], []),
        FaultCase("no root", "docs/readme.md", "hello\n", ["error SSOT-0001 -"], ["everything"]),
    ]
}
