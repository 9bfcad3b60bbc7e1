extension Paths {
    static let vercel = "ssot/vercel/projects.yaml"
    static let protection = "ssot/github/branch-protection.yaml"
    static let organization = "ssot/github/org-policy.yaml"
    static let repositories = "ssot/github/org_repos.yaml"
    static let channels = "ssot/slack/channels.yaml"
    static let slack = "ssot/integrations/slack/apps.yaml"
    static let mapping = "ssot/mappings/plane_github.yaml"
    static let monitoring = "ssot/infra/digitalocean/monitoring.yaml"
    static let provider = "ssot/providers/digitalocean/provider.yaml"
    static let pack = "ssot/advisor/rulepacks/a.yaml"
    static let rubric = "ssot/advisor/rubrics/a.yaml"
    static let mustHave = "ssot/oca/must_have_base.yaml"
}

extension FaultCase {
    static let platforms: [FaultCase] =
        vercel + documents + supabase + gitHub + collaboration + modules + monitoring + advisor

    static let vercelKinds = [
        "kind vercel.domain", "kind vercel.production", "kind vercel.project", "kind vercel.variable",
    ]

    private static let vercel: [FaultCase] = [
        FaultCase(
            "a project without a name", Paths.vercel, "projects: [{framework: nextjs}]\n", ["error SSOT-0005 1:12"],
            ["kind vercel.project"]),
        FaultCase(
            "a project whose framework is a list", Paths.vercel, "projects: [{name: a, framework: []}]\n",
            ["error SSOT-0004 1:33"], ["resource vercel.project/a"]),
        FaultCase(
            "no projects at all", Paths.vercel, "project: [{name: a}]\n", ["error SSOT-0005 1:1"], vercelKinds),
        FaultCase(
            "two projects of one name", Paths.vercel, "projects: [{name: a}, {name: a}]\n", ["error SSOT-0010 1:23"],
            ["resource vercel.project/a"]),
        FaultCase(
            "two projects in one directory", Paths.vercel,
            "projects: [{name: a, root_directory: apps/a}, {name: b, root_directory: apps/a}]\n",
            ["warning SSOT-0205 1:73"], []),
        FaultCase(
            "a project outside of the apps", Paths.vercel,
            "monorepo: {apps_root: apps}\nprojects: [{name: a, root_directory: web/a}]\n",
            ["warning SSOT-0204 2:38"], []),
        FaultCase(
            "projects that keep to no rule", Paths.vercel,
            """
            monorepo: {turborepo: true}
            policy: {include_files_outside_root_required: true, ignored_build_required: true, env_values_never_in_repo: true}
            projects:
              - {name: a, uses_packages: true, turborepo: false, env: {}, ignored_build: null}
            """,
            ["warning SSOT-0204 4:5", "warning SSOT-0204 4:5", "warning SSOT-0204 4:5", "warning SSOT-0204 4:47"], []),
        FaultCase(
            "a platform allowed here and not there", Paths.vercel,
            "policy: {app_platform_disallowed: false}\nprojects: []\n", ["warning SSOT-0201 1:35"], [],
            others: [Paths.policy: "allowed_surfaces: {app_platform: {allowed: false}}\n"]),
        FaultCase(
            "a reference of a project that is empty", Paths.convergence,
            "environments: {prod: {required: {functions: [f]}}}\n", ["error SSOT-0200 1:36"],
            ["resource supabase.function/f"],
            others: ["ssot/platform/surfaces.yaml": "surfaces: {supabase: {project_ref: \"\"}}\n"]),
        FaultCase(
            "two references of one project", Paths.convergence,
            "environments: {prod: {required: {functions: [f]}}}\n", ["warning SSOT-0201 1:20"], [],
            others: [
                "ssot/platform/surfaces.yaml": "surfaces: {supabase: {project_ref: a}}\n",
                "ssot/auth/oidc_clients.yaml": "idp: {project_ref: b}\n",
            ]),
        FaultCase(
            "a list of functions that is none", Paths.convergence,
            "environments: {prod: {required: {functions: f}}}\n", ["error SSOT-0004 1:45"],
            ["kind ops.convergence_check", "kind supabase.function"]),
        FaultCase(
            "features that contradict", "ssot/supabase/feature_adoption.yaml",
            "features: [{id: a, adoption: adopt}, {id: a, adoption: avoid}, {id: b, adoption: adopted}]\n",
            ["warning SSOT-0204 1:30", "warning SSOT-0010 1:43", "error SSOT-0008 1:82"], []),
    ]

    private static let gitHub: [FaultCase] = [
        FaultCase(
            "a rule without a value", Paths.protection,
            "repo: o/r\nbranches: {main: {require_pull_request: {notes: x}, allow_bypass: {desired: false}}}\n",
            ["error SSOT-0005 2:41"], ["resource github.branch_protection/o/r/main"]),
        FaultCase(
            "a branch twice", Paths.protection, "repo: o/r\nbranches:\n  main: {a: true}\n  main: {a: false}\n",
            ["error FMT-0003 4:3"],
            ["resource github.branch_protection/o/r/main"]),
        FaultCase(
            "a protection of no repository", Paths.protection, "branches: {main: {a: true}}\n",
            ["error SSOT-0005 1:1"], ["kind github.branch_protection"]),
        FaultCase(
            "a template that says nothing", "ssot/github/projects/templates/a.yaml", "{}\n",
            ["error SSOT-0003 1:1"], ["kind github.label"]),
        FaultCase(
            "a template without labels", "ssot/github/projects/templates/a.yaml", "labels: []\n", [], []),
        FaultCase(
            "a merge method that GitHub doesn't know", Paths.protection,
            "repo: o/r\nbranches: {main: {allowed_merge_methods: {desired: [Squash, fast-forward]}}}\n",
            ["error SSOT-0008 2:61"], ["resource github.branch_protection/o/r/main"]),
        FaultCase(
            "no merge method at all", Paths.protection,
            "repo: o/r\nbranches: {main: {allowed_merge_methods: []}}\n",
            ["error SSOT-0004 2:42"], ["resource github.branch_protection/o/r/main"]),
        FaultCase(
            "branches that git refuses", Paths.protection,
            "repo: o/r\nbranches: {\"release/*\": {a: true}, \"a b\": {a: true}, x..y: {a: true}, v1.lock: {a: true}, ok/1.0: {a: true}}\n",
            ["error SSOT-0011 2:12", "error SSOT-0011 2:36", "error SSOT-0011 2:54", "error SSOT-0011 2:71"],
            [
                "resource github.branch_protection/o/r/a b", "resource github.branch_protection/o/r/release/*",
                "resource github.branch_protection/o/r/v1.lock", "resource github.branch_protection/o/r/x..y",
            ]),
        FaultCase(
            "a ruleset for a branch that git refuses", Paths.protection,
            "repo: o/r\nbranches: {}\nrulesets: {a: {target: branch, enforcement: active, "
                + "conditions: {ref_name: {include: [\"refs/heads/[^x]*\", \"refs/heads/x..y\"]}}}}\n",
            ["error SSOT-0020 3:107"], ["resource github.ruleset/o/r/a"]),
        FaultCase(
            "a ruleset for no name", Paths.protection,
            "repo: o/r\nbranches: {}\nrulesets: {a: {target: tag, enforcement: active, conditions: {ref_name: {}}}}\n",
            ["error SSOT-0005 3:73"], ["resource github.ruleset/o/r/a"]),
        FaultCase(
            "a ruleset with a rule and an actor that are none", Paths.protection,
            """
            repo: o/r
            branches: {}
            rulesets:
              a: {target: branch, enforcement: active, rules: [{type: deletoin}], bypass_actors: [{actor_type: DeployKey}]}
            """, ["error SSOT-0008 4:59", "error SSOT-0005 4:87"], ["resource github.ruleset/o/r/a"]),
        FaultCase(
            "known drift that is over", Paths.protection,
            """
            repo: o/r
            branches: {main: {a: {desired: true}}}
            known_drift: [{field: branches.main.a, current_value: true, desired_value: true}]
            """, ["warning SSOT-0202 3:55"], []),
        FaultCase(
            "known drift of nothing", Paths.protection,
            """
            repo: o/r
            branches: {main: {allow: {desired: true}}}
            known_drift: [{field: branches.main.alow, current_value: false, desired_value: true}]
            """, ["warning SSOT-0203 3:23"], []),
        FaultCase(
            "known drift of another wish", Paths.organization,
            """
            org: o
            actions: {a: {desired: read}}
            known_drift: [{field: actions.a, current_value: write, desired_value: none}]
            """, ["warning SSOT-0201 3:71"], []),
        FaultCase(
            "known drift without values", Paths.organization,
            "org: o\nactions: {a: {desired: read}}\nknown_drift: [{field: actions.a}]\n",
            ["warning SSOT-0005 3:15"], []),
        FaultCase(
            "one setting of many that is broken", Paths.organization,
            "org: o\nactions: {a: {desire: read}, b: {desired: true}}\n", ["error SSOT-0005 2:14"],
            ["resource github.org_setting/actions.a"]),
        FaultCase(
            "a setting whose name was lost", Paths.organization,
            "org: o\nactions:\n  a:\n    desired: true\n    desired: false\n", ["error FMT-0003 5:5"],
            ["kind github.org_setting", "resource github.org_setting/actions.a"]),
        FaultCase(
            "two policies that disagree", "ssot/github/enterprise-cloud.yaml",
            "enterprise: {plan: cloud}\npolicy: {security: {a: false}}\n",
            ["warning SSOT-0201 1:20", "warning SSOT-0201 2:24"], [],
            others: [
                Paths.organization: "org: o\nsecurity: {a: {desired: true}}\n",
                "ssot/integrations/platform_inventory.yaml": "github: {plan: free}\n",
            ]),
        FaultCase(
            "a rename that leads nowhere", Paths.repositories,
            "org: o\nrepos: [{name: web}]\npending_renames: [{from: a, to: wb}]\n", ["warning SSOT-0031 3:33"], []),
        FaultCase(
            "a webhook with its secret written into it", Paths.repositories,
            "org: o\nrepos: [{name: a, webhooks: [{url: 'https://x.example.com/h', events: [push], secret: aX9kQ2mP}]}]\n",
            ["error SSOT-0004 2:79"], ["resource github.webhook/o/a/https://x.example.com/h"]),
        FaultCase(
            "a webhook whose secret is no reference", Paths.repositories,
            "org: o\nrepos: [{name: a, webhooks: [{url: 'https://x.example.com/h', events: [push], secret_from: X}]}]\n",
            ["error SSOT-0004 2:92"], ["resource github.webhook/o/a/https://x.example.com/h"]),
        FaultCase(
            "a webhook that anybody can read", Paths.repositories,
            "org: o\nrepos: [{name: a, webhooks: [{url: 'http://x.example.com/h', events: [push]}]}]\n",
            ["error SSOT-0052 2:36"], ["resource github.webhook/o/a/http://x.example.com/h"]),
        FaultCase(
            "a webhook for no event, and one for none that there is", Paths.repositories,
            """
            org: o
            repos: [{name: a, webhooks: [{url: https://x.example.com/h, events: []}, {url: https://y.example.com, events: [Push]}]}]
            """,
            ["error SSOT-0005 2:69", "error SSOT-0008 2:112"],
            [
                "resource github.webhook/o/a/https://x.example.com/h",
                "resource github.webhook/o/a/https://y.example.com",
            ]),
        FaultCase(
            "a webhook without an address", Paths.repositories,
            "org: o\nrepos: [{name: a, webhooks: [{events: [push]}]}]\n", ["error SSOT-0005 2:30"],
            ["kind github.webhook"]),
        FaultCase(
            "webhooks that are none", Paths.repositories, "org: o\nrepos: [{name: a, webhooks: no}]\n",
            ["error SSOT-0004 2:29"],
            ["kind github.label", "kind github.webhook", "resource github.repository/o/a"]),
        FaultCase(
            "labels that are none, of no color, and without a name", Paths.repositories,
            "org: o\nrepos: [{name: a, labels: no}, {name: b, labels: [{name: x, color: red}]}, {name: c, labels: [{color: \"d73a4a\"}]}]\n",
            ["error SSOT-0004 2:27", "error SSOT-0004 2:68", "error SSOT-0005 2:95"],
            [
                "kind github.label", "kind github.webhook", "resource github.label/o/b/x",
                "resource github.repository/o/a",
            ]),
        FaultCase(
            "one label wanted in two ways", Paths.repositories,
            "org: o\nrepos: [{name: a, labels: [{name: x, color: \"d73a4a\"}, x, {name: X, color: \"000000\"}]}]\n",
            ["error SSOT-0010 2:59"], ["resource github.label/o/a/X", "resource github.label/o/a/x"]),
        FaultCase(
            "labels where nobody makes them", Paths.repositories, "org: o\nlabels: [bug]\nrepos: [{name: a}]\n",
            ["warning SSOT-0006 2:1"], []),
        FaultCase(
            "a repository twice", Paths.repositories, "org: o\nrepos: [{name: a}, {name: a}]\n",
            ["error SSOT-0010 2:20"], ["resource github.repository/o/a"]),
        FaultCase(
            "an app with a wrong permission", "ssot/github/apps.yaml",
            "apps: [{id: a, permissions: {contents: reed}}]\n", ["error SSOT-0008 1:40"], ["resource github.app/a"]),
        FaultCase(
            "a manifest that wants more", "ssot/github/app-manifest.yaml",
            "name: a\npermissions: {contents: write, issues: read}\n",
            ["warning SSOT-0201 2:25", "warning SSOT-0201 2:40"], [],
            others: ["ssot/github/apps/a.yaml": "app: {name: a, permissions: {contents: read}}\n"]),
    ]

    private static let collaboration: [FaultCase] = [
        FaultCase(
            "two apps with one command", Paths.slack, "slack_apps: {a: {command: /x}, b: {command: /x}}\n",
            ["warning SSOT-0205 1:45"], []),
        FaultCase(
            "an app with scopes that are none", Paths.slack, "slack_apps: {a: {scopes: {bot: chat}}, b: {}}\n",
            ["error SSOT-0004 1:32"], ["resource slack.app/a"]),
        FaultCase(
            "a channel with a blank in its name", Paths.channels, "channels: [ops alerts, \"#dev\"]\n",
            ["error SSOT-0011 1:12"], ["kind slack.channel"]),
        FaultCase(
            "a channel that is a number", Paths.channels, "channels: [7, dev]\n", ["error SSOT-0004 1:12"],
            ["kind slack.channel"]),
        FaultCase(
            "a channel without name", Paths.channels, "channels: {ops: {member: true}}\n", ["error SSOT-0005 1:17"],
            ["kind slack.channel"]),
        FaultCase(
            "channels as a text", Paths.channels, "allowed_channels: ops\n", ["error SSOT-0004 1:19"],
            ["kind slack.channel"]),
        FaultCase(
            "a channel that is wanted two ways", Paths.channels,
            "channels: [{name: ops, member: true}, {name: dev}]\nallowed_channels: [\"#Ops\", dev]\n",
            ["error SSOT-0010 2:20"], ["resource slack.channel/ops"]),
        FaultCase(
            "an installation without scopes", "ssot/integrations/slack_agent.install.yaml", "app: {name: a}\n",
            ["error SSOT-0005 1:1"], ["resource slack.app/a"]),
        FaultCase(
            "a mapping without the id of a project", Paths.mapping,
            "mappings: [{repo_full_name: o/r, plane_project_id: \"\"}]\n", ["error SSOT-0200 1:52"],
            ["resource plane.github_mapping/o/r"]),
        FaultCase(
            "a mapping to a state that is none", Paths.mapping,
            "mappings: [{repo_full_name: o/r, plane_project_id: x, label_to_state_map: {done: Don}}]\n",
            ["warning SSOT-0031 1:82"], [], others: ["ssot/plane/taxonomy/states.yaml": "states: [Done]\n"]),
        FaultCase(
            "a taxonomy that lists a label twice", "ssot/plane/taxonomy/labels.yaml", "labels: [a, a]\n",
            ["warning SSOT-0010 1:13"], []),
        FaultCase(
            "a taxonomy that is none", "ssot/plane/taxonomy/states.yaml", "states: Done\n", ["error SSOT-0004 1:9"],
            ["kind plane.state"]),
        FaultCase(
            "references of two forms", "ssot/sources/plane/work_items.yaml",
            """
            source: {kind: plane, cadence: {refresh: 15 min}}
            ingest: {target_table: t, upsert_key: [k], ref_format: "p:{id}", field_map: {k: "p:{issue.id}"}}
            """, ["error SSOT-0023 1:42", "warning SSOT-0201 2:56"], []),
        FaultCase(
            "a key that no field fills", "ssot/sources/github/work_items.yaml",
            "source: {kind: g}\ningest: {target_table: t, upsert_key: [k], ref_format: r, field_map: {l: x}}\n",
            ["warning SSOT-0031 2:40"], []),
    ]

    private static let modules: [FaultCase] = [
        FaultCase(
            "a module that has to be there and is on no list", Paths.mustHave,
            "modules: [{technical_name: m, repo: webb}]\n", ["warning SSOT-0210 1:11"], [],
            others: ["ssot/odoo/oca_repos.yaml": "repos: [{name: web, status: ok}]\n"]),
        FaultCase(
            "a module of a repository that is blocked", Paths.mustHave,
            "modules: [{technical_name: m, repo: web}]\n", ["warning SSOT-0211 1:11"], [],
            others: ["ssot/odoo/oca_repos.yaml": "repos: [{name: web, status: blocked}]\n"]),
        FaultCase(
            "a module that Odoo does not see", "ssot/odoo/install_sets/a.yaml",
            "targets: {databases: [prod]}\nmodule_tiers: {own: [m]}\n", ["warning SSOT-0212 2:22"], [],
            others: ["ssot/odoo/orphan_addons_allowlist.yaml": "modules: [{name: m}]\n"]),
        FaultCase(
            "an install set for no tier and with an order of others", "ssot/odoo/install_sets/a.yaml",
            """
            targets: {databases: [prood]}
            module_tiers: {own: [m]}
            policy: {install_order: [core]}
            """, ["error SSOT-0022 1:23", "warning SSOT-0031 2:16", "warning SSOT-0031 3:26"], []),
        FaultCase(
            "waves that repeat", "ssot/odoo/install_manifest.yaml",
            """
            db: odoo_prod
            waves:
              - {wave: 1, modules: [{name: a, status: pending}]}
              - {wave: 1, modules: [{name: a, status: pending}, {name: b, status: unsure}]}
            """, ["warning SSOT-0010 4:12", "warning SSOT-0010 4:25", "error SSOT-0008 4:71"],
            ["kind odoo.module_entry"]),
    ]

    private static let monitoring: [FaultCase] = [
        FaultCase(
            "a window that the provider doesn't know", Paths.monitoring,
            "alert_policies: {a: {droplet_name: d, cpu_utilization: {warn: {threshold_pct: 80, duration_min: 15}}}}\n",
            ["error SSOT-0014 1:97"], ["resource digitalocean.alert_policy/d/cpu_utilization/warn"]),
        FaultCase(
            "a threshold beyond all", Paths.monitoring,
            "alert_policies: {a: {droplet_name: d, cpu_utilization: {warn: {threshold_pct: 800, duration_min: 5}}}}\n",
            ["error SSOT-0014 1:79"], ["resource digitalocean.alert_policy/d/cpu_utilization/warn"]),
        FaultCase(
            "a warning that comes late", Paths.monitoring,
            """
            alert_policies:
              a:
                droplet_name: d
                cpu_utilization:
                  warn: {threshold_pct: 90, duration_min: 5}
                  crit: {threshold_pct: 80, duration_min: 5}
            """, ["warning SSOT-0232 5:29"], []),
        FaultCase(
            "a metric misspelt", Paths.monitoring,
            "alert_policies: {a: {droplet_name: d, cpu_utilisation: {}}}\n", ["warning SSOT-0006 1:39"],
            ["kind digitalocean.alert_policy"]),
        FaultCase(
            "a droplet that the inventory doesn't have", Paths.monitoring,
            "alert_policies: {a: {droplet_name: d2, cpu_utilization: {}}}\n", ["warning SSOT-0231 1:36"], [],
            others: [Paths.inventory: "droplets: [{name: d1, region: sgp1, size: s, image: i}]\n"]),
        FaultCase(
            "a rule pack that disagrees", Paths.monitoring,
            "alert_policies: {a: {droplet_name: d, cpu_utilization: {warn: {threshold_pct: 80, duration_min: 5}}}}\n",
            ["warning SSOT-0230 4:28", "warning SSOT-0230 5:21", "warning SSOT-0230 5:22"], [],
            others: [
                Paths.pack: """
                id: a
                pillar: p
                rules: []
                thresholds: {cpu_warn_pct: 85}
                monitored_droplets: [e]
                """
            ]),
        FaultCase(
            "backups that the policy forbids", Paths.inventory,
            "droplets: [{name: d, region: sgp1, size: s, image: i, backups: true}]\n", ["warning SSOT-0204 1:64"], [],
            others: [Paths.policy: "backups: {droplet_backups: {allowed: false}}\n"]),
        FaultCase(
            "a retention as a text", Paths.policy, "backups: {snapshots: {retention: {weekly: two, monthly: 2}}}\n",
            ["error SSOT-0004 1:43"], []),
        FaultCase(
            "a provider that contradicts itself", Paths.provider,
            """
            provider:
              id: digitalocean
              api:
                base_url: https://api.example.com/v2
                rate_limit: many
                retry_policy: {retry_on: [429, 1000], no_retry_on: [429]}
            capabilities: [{id: droplets, status: active, api_endpoint: /v2/droplets, baseline_allowed: false}]
            ingestion: {schedule: hourly}
            """,
            [
                "warning SSOT-0233 4:15", "error SSOT-0025 5:17", "warning SSOT-0204 6:31", "error SSOT-0014 6:36",
                "warning SSOT-0201 7:16", "error SSOT-0040 8:23",
            ], [], others: [Paths.policy: "allowed_surfaces: {droplets: {allowed: true}}\n"]),
    ]

    private static let advisor: [FaultCase] = [
        FaultCase(
            "two rules of one id", Paths.pack,
            """
            id: a
            pillar: p
            rules:
              - {id: r, severity: low, title: t, check: c}
              - {id: r, severity: low, title: t, check: c}
            """, ["warning SSOT-0220 5:10"], []),
        FaultCase(
            "a rule of no known severity", Paths.pack,
            "id: a\npillar: p\nrules: [{id: r, severity: hihg, title: t, check: c}]\n", ["error SSOT-0008 3:27"], []),
        FaultCase(
            "a rule with a workbook that is not there", Paths.pack,
            "id: a\npillar: p\nrules: [{id: r, severity: low, title: t, check: c, remediation_workbook: w}]\n",
            ["warning SSOT-0031 3:74"], []),
        FaultCase(
            "a rubric that doesn't add up", Paths.rubric,
            """
            id: a
            pillar: p
            dimensions: [{id: d, title: t, max_score: 3}]
            scoring:
              max: 6
              maturity_bands: [{label: low, range: [0, 1]}, {label: high, range: [3, 5]}]
            """,
            ["warning SSOT-0221 5:8", "warning SSOT-0221 5:8", "warning SSOT-0221 6:49"], []),
        FaultCase(
            "steps that skip a number", "ssot/advisor/workbooks/a.yaml",
            "id: a\npillar: p\nsteps: [{step_no: 1}, {step_no: 3}]\n", ["warning SSOT-0221 3:33"], []),
    ]
}
