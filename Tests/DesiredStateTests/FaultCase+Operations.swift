extension Paths {
    static let registry = "ssot/secrets/registry.yaml"
    static let secretsInventory = "ssot/secrets/inventory.yaml"
    static let mail = "ssot/odoo/mail.yaml"
    static let mailgun = "ssot/integrations/mailgun.yaml"
    static let domains = "ssot/domains/example.com.yaml"
    static let subdomains = "ssot/dns/subdomain-registry.yaml"
    static let schedules = "ssot/maintenance/schedules.yaml"
    static let failureModes = "ssot/errors/failure_modes.yaml"
    static let contract = "ssot/runtime/release_contract.yaml"
    static let vulnerabilities = "ssot/security/vuln_policy.yaml"
    static let hygiene = "ssot/policy/branch_hygiene.yaml"
}

extension FaultCase {
    static let secrets: [FaultCase] = [
        FaultCase(
            "a secret twice", Paths.registry,
            """
            secrets:
              a: {purpose: p, approved_stores: [github_actions], github_secret_name: A, consumers: ["github_actions:A"]}
              a: {purpose: q, approved_stores: [os_keychain], consumers: ["scripts:a"]}
            """, ["error FMT-0003 3:3"],
            ["resource secrets.presence/github_actions/A", "resource secrets.presence/os_keychain/a"]),
        FaultCase(
            "a store misspelt", Paths.registry,
            "secrets: {a: {approved_stores: [gihub_actions, os_keychain]}}\n", ["error SSOT-0101 1:33"],
            ["resource secrets.presence/os_keychain/a"]),
        FaultCase(
            "a store that is new", Paths.registry, "secrets: {a: {approved_stores: [azure_key_vault]}}\n",
            ["warning SSOT-0101 1:33"], []),
        FaultCase(
            "stores as a text", Paths.registry, "secrets: {a: {approved_stores: os_keychain}}\n",
            ["error SSOT-0004 1:32"], ["kind secrets.presence"]),
        FaultCase(
            "approved and prohibited", Paths.registry,
            """
            secrets:
              a: {approved_stores: [vercel_env], vercel_env_name: A, prohibited_consumers: [vercel_env]}
            """, ["warning SSOT-0102 2:25"], ["resource secrets.presence/vercel_env/A"]),
        FaultCase(
            "two policies for one id", Paths.registry,
            """
            secrets:
              a: {approved_stores: [vercel_env, os_keychain], vercel_env_name: A, rotation_policy: Quarterly}
            v2_entries:
              a: {storage: [{kind: vercel_env, name: A}], rotation: {cadence: 90d}}
            """, ["warning SSOT-0100 4:3"], ["resource secrets.presence/os_keychain/a"]),
        FaultCase(
            "one id twice without a difference", Paths.registry,
            """
            secrets:
              a: {approved_stores: [vercel_env], rotation_policy: Annually or on offboarding}
            v2_entries:
              a: {storage: [{kind: vercel_env, name: A_KEY}], rotation: {cadence: 365d}}
            """, [], []),
        FaultCase(
            "one of two entries broken", Paths.registry,
            """
            secrets:
              a: {approved_stores: [vercel_env], vercel_env_name: A}
            v2_entries:
              a: {storage: [{kind: vercel_env}]}
            """, ["error SSOT-0005 4:17"], ["kind secrets.presence", "resource secrets.presence/vercel_env/A"]),
        FaultCase(
            "two ids with one name", Paths.registry,
            """
            secrets:
              a: {approved_stores: [vercel_env], vercel_env_name: KEY}
              b: {approved_stores: [vercel_env], vercel_env_name: KEY}
            """, ["note SSOT-0107 3:25"], []),
        FaultCase(
            "the oldest form", Paths.registry,
            """
            secrets:
              - {name: A_KEY, store: supabase_vault, rotation: manual}
              - {name: a_key, store: os_keychain}
              - {name: B_KEY}
            """, ["error SSOT-0010 3:12", "error SSOT-0005 4:5"],
            [
                "kind secrets.presence", "resource secrets.presence/os_keychain/a_key",
                "resource secrets.presence/supabase_vault/A_KEY",
            ]),
        FaultCase(
            "a registry without sections", Paths.registry, "secret: {}\n",
            ["error SSOT-0005 1:1", "warning SSOT-0006 1:1"], ["kind secrets.presence"]),
        FaultCase(
            "an expectation that is none", Paths.registry,
            "secrets: {a: {approved_stores: [os_keychain], status: {desired: presnt}}}\n", ["warning SSOT-0008 1:65"],
            ["resource secrets.presence/os_keychain/a"]),
        FaultCase(
            "an expiry that is no day", Paths.registry,
            "secrets: {a: {approved_stores: [os_keychain], expiry_date: soon}}\n", ["warning SSOT-0108 1:60"], []),
        FaultCase(
            "stale, to be replaced, strayed and absent", Paths.secretsInventory,
            """
            inventory:
              a:
                status: {value: stale, evidence: []}
                rotation: {rotate_now: "true", interval: never}
                storage_verified: {github_actions: true, os_keychain: false, vercel_env: unknown}
            """,
            [
                "warning SSOT-0105 2:3", "warning SSOT-0106 2:3", "warning SSOT-0103 3:21", "warning SSOT-0104 4:28",
            ], [], others: [Paths.registry: "secrets: {a: {approved_stores: [os_keychain]}}\n"]),
        FaultCase(
            "an answer that is none", Paths.secretsInventory,
            "inventory: {a: {status: {value: fine}, storage_verified: {vercel_env: maybe}}}\n",
            ["warning SSOT-0008 1:33", "warning SSOT-0008 1:71"], []),
    ]

    static let mail: [FaultCase] = [
        FaultCase(
            "mail below a key of its own", Paths.mail,
            "mail: {production: {smtp_server: mx.example.com, smtp_port: 587}}\n",
            ["warning SSOT-0005 1:1"], ["kind mail.transport"]),
        FaultCase(
            "port 25", Paths.mail, "production: {smtp_server: mx.example.com, smtp_port: 25}\n",
            ["error SSOT-0121 1:54"], ["resource mail.transport/production"]),
        FaultCase(
            "mail that is not caught", Paths.mail,
            """
            staging:
              {provider: smtp, smtp_server: mx.example.com, smtp_port: 587, policy: {enforce_catcher_routing: true}}
            """, ["error SSOT-0122 2:14"], ["resource mail.transport/staging"]),
        FaultCase(
            "the credential of production", Paths.mail,
            """
            production: {smtp_server: mx.example.com, smtp_port: 587, smtp_password_secret: s}
            dev: {smtp_server: mx.example.com, smtp_port: 587, smtp_password_secret: s}
            """, ["error SSOT-0122 2:74"],
            ["resource mail.transport/dev", "resource mail.transport/preview", "resource mail.transport/staging"]),
        FaultCase(
            "another port elsewhere", "ssot/integrations/mailgun.yaml",
            "mailgun: {smtp: {host: MX.example.com, ports: {production: 587, staging_dev: 2525}}}\n",
            ["warning SSOT-0120 1:60"], ["resource mail.transport/production"],
            others: [
                Paths.mail:
                    "production: {smtp_server: mx.example.com, smtp_port: 2525, smtp_password_secret: s}\n"
            ]),
        FaultCase(
            "mail from a domain that Mailgun doesn't have", Paths.mailgun, "mailgun: {domain: mg.example.com}\n",
            ["warning SSOT-0120 1:72"], [],
            others: [
                Paths.mail:
                    "production: {smtp_server: smtp.mailgun.org, smtp_port: 587, smtp_user: no-reply@example.com}\n"
            ]),
        FaultCase(
            "a domain that is none", Paths.mailgun, "mailgun: {domain: mail}\n", ["error SSOT-0011 1:19"],
            ["kind mailgun.domain", "kind mailgun.webhook", "resource mailgun.domain/mail"]),
        FaultCase(
            "a state of DNS that is none", Paths.mailgun, "mailgun: {domain: mg.example.com, dns: {sending: good}}\n",
            ["error SSOT-0008 1:50"], ["kind mailgun.webhook", "resource mailgun.domain/mg.example.com"]),
        FaultCase(
            "a webhook for an event that is none", Paths.mailgun,
            "mailgun: {domain: mg.example.com, webhook: {url: \"https://a.example/\", events: [bounced]}}\n",
            ["error SSOT-0008 1:81"], ["kind mailgun.webhook"]),
        FaultCase(
            "a webhook to an address that isn't secured", Paths.mailgun,
            "mailgun: {domain: mg.example.com, webhook: {url: \"http://a.example/\", events: [opened]}}\n",
            ["error SSOT-0052 1:50"], ["kind mailgun.webhook"]),
        FaultCase(
            "a webhook to a function that nothing requires", Paths.mailgun,
            "mailgun: {domain: mg.example.com, webhook: {endpoint_ref: \"platform:f\", events: [opened]}}\n",
            ["note SSOT-0123 1:44"], []),
        FaultCase(
            "Mailgun as a list", Paths.mailgun, "mailgun: []\n", ["error SSOT-0004 1:10"],
            [
                "kind mailgun.domain", "kind mailgun.webhook",
            ]),
        FaultCase(
            "another host elsewhere", "ssot/runtime/prod_settings.yaml",
            "email: {provider: other, config: {smtp_host: mx.example.org, smtp_port: 587}}\n",
            ["warning SSOT-0120 1:46"], ["resource mail.transport/production"],
            others: [
                Paths.mail: "production: {smtp_server: mx.example.com, smtp_port: 587, smtp_password_secret: s}\n"
            ]),
        FaultCase(
            "a port that is none", Paths.mail, "production: {smtp_server: mx.example.com, smtp_port: smtp}\n",
            ["error SSOT-0004 1:54"], ["resource mail.transport/production"]),
        FaultCase(
            "mail as a list", Paths.mail, "[]\n", ["error SSOT-0004 1:1"], ["kind mail.transport"]),
    ]

    static let names: [FaultCase] = [
        FaultCase(
            "a name that is prohibited", Paths.convergence,
            "environments: {prod: {required: {dns: [app.vercel.app]}}}\n", ["warning SSOT-0130 1:40"], [],
            others: [Paths.domains: "apex: example.com\nprohibited_domains: [\"*.vercel.app\"]\n"]),
        FaultCase(
            "an alias of a prohibited name", Paths.domains,
            """
            apex: example.com
            prohibited_domains: [old.example.net]
            canonical_subdomains: [{host: a, resolves_to: old.example.net.}]
            """, ["warning SSOT-0130 3:24"], []),
        FaultCase(
            "planned and deprecated names", Paths.domains,
            """
            apex: example.com
            canonical_subdomains:
              - {host: a, resolves_to: tbd, status: planned}
              - {host: b, resolves_to: 203.0.113.7, status: deprecated}
            """, ["note SSOT-0133 3:5", "note SSOT-0133 4:5"], []),
        FaultCase(
            "an active name that points nowhere", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{host: a, dns_type: A, resolves_to: TBD}]\n",
            ["warning SSOT-0135 2:24"], ["resource dns.record/example.com/A/a"]),
        FaultCase(
            "an address that is none", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{host: a, dns_type: A, resolves_to: 203.0.113}]\n",
            ["error SSOT-0052 2:24"], ["resource dns.record/example.com/A/a"]),
        FaultCase(
            "an alias that is no whole name", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{host: a, resolves_to: vercel-cname}]\n",
            ["error SSOT-0052 2:24"], ["resource dns.record/example.com/CNAME/a"]),
        FaultCase(
            "a state that is none", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{host: a, resolves_to: 203.0.113.7, status: activ}]\n",
            ["warning SSOT-0008 2:68"], ["resource dns.record/example.com/A/a"]),
        FaultCase(
            "a document without apex", Paths.domains, "canonical_subdomains: []\n", ["error SSOT-0005 1:1"],
            ["kind dns.record"]),
        FaultCase(
            "a name without host", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{resolves_to: 203.0.113.7}]\n", ["error SSOT-0005 2:24"],
            ["kind dns.record"]),
        FaultCase(
            "a domain document that is broken", Paths.domains, "apex: [\n", ["error FMT-0002 2:1"],
            ["kind dns.record"]),
        FaultCase(
            "two documents that differ", Paths.subdomains,
            """
            domain: example.com
            subdomains:
              - name: a
                type: CNAME
                target: b.example.org
                provider_claim: {provider: other, status: claimed, claimed_at: 2026-03-01, claim_ref: r}
            """, ["warning SSOT-0131 2:24"],
            ["resource dns.record/example.com/A/a", "resource dns.record/example.com/CNAME/a"],
            others: [
                Paths.domains: "apex: example.com\ncanonical_subdomains: [{host: a, resolves_to: 203.0.113.7}]\n"
            ]),
        FaultCase(
            "claims that are none", Paths.subdomains,
            """
            domain: example.com
            origin_ip: 203.0.113.7
            subdomains:
              - {name: a, type: A}
              - {name: b, type: A, lifecycle: planned}
              - {name: c, type: A, provider_claim: {provider: me, status: claimed, claimed_at: "1 May", claim_ref: " "}}
            """, ["warning SSOT-0132 4:5", "note SSOT-0133 5:5", "warning SSOT-0132 6:40"], []),
        FaultCase(
            "a name twice", Paths.domains,
            """
            apex: example.com
            canonical_subdomains:
              - {host: a, resolves_to: 203.0.113.7}
              - {host: a.example.com, resolves_to: 203.0.113.7}
            """, ["warning SSOT-0131 4:5"], ["resource dns.record/example.com/A/a"]),
        FaultCase(
            "the inventory says another", Paths.domains,
            "apex: example.com\ncanonical_subdomains: [{host: a, resolves_to: 203.0.113.7}]\n",
            ["warning SSOT-0131 2:24"], ["resource dns.record/example.com/A/a"],
            others: [
                Paths.inventory:
                    "domains: [{name: example.com, records: [{type: A, name: a, data: 203.0.113.8}]}]\n"
            ]),
    ]

    static let chores: [FaultCase] = [
        FaultCase(
            "a cron that is none", Paths.schedules,
            "chores: [{id: a, runner: ci, cron: \"0 25 * * *\"}, {id: b, runner: ci, cron: \"0 2 * * *\"}]\n",
            ["error SSOT-0040 1:36"], ["resource ops.schedule/a"]),
        FaultCase(
            "a cadence that differs", Paths.schedules,
            "chores: [{id: a, runner: ci, cadence: daily, cron: \"0 2 * * 1\"}]\n", ["warning SSOT-0140 1:52"], []),
        FaultCase(
            "a chore that is a text is told once", Paths.schedules, "chores: [nightly]\n", ["error SSOT-0004 1:10"],
            ["kind ops.schedule"]),
        FaultCase(
            "a cadence that is misspelt", Paths.schedules,
            "chores: [{id: a, runner: ci, cadence: dialy, cron: \"0 2 * * 1\"}]\n", ["warning SSOT-0008 1:39"], []),
        FaultCase(
            "cadences for people", Paths.schedules,
            "chores: [{id: a, runner: ci, cadence: biweekly, cron: \"0 2 1,15 * *\"}, "
                + "{id: b, runner: ci, cadence: weekday, cron: \"0 2 * * 1-5\"}]\n", [], []),
        FaultCase(
            "a chore twice", Paths.schedules,
            "chores: [{id: a, runner: ci, cron: \"0 2 * * 1\"}, {id: a, runner: ci, cron: \"0 3 * * 1\"}]\n",
            ["error SSOT-0010 1:55"], ["resource ops.schedule/a"]),
        FaultCase(
            "a chore without id", Paths.schedules, "chores: [{runner: ci, cron: \"0 2 * * 1\"}]\n",
            ["error SSOT-0005 1:10"], ["kind ops.schedule"]),
        FaultCase(
            "a chore without runner", Paths.schedules, "chores: [{id: a, cron: \"0 2 * * 1\"}]\n",
            ["error SSOT-0005 1:10"], ["resource ops.schedule/a"]),
        FaultCase("no chores", Paths.schedules, "chore: []\n", ["error SSOT-0005 1:1"], ["kind ops.schedule"]),
    ]

    static let contracts: [FaultCase] = [
        FaultCase(
            "a code that is none", Paths.failureModes,
            "failure_modes: [{code: dns.missing, category: dns, severity: low}]\n", ["error SSOT-0150 1:24"], []),
        FaultCase(
            "a code twice", Paths.failureModes,
            """
            failure_modes:
              - {code: DNS.A, category: dns, severity: low}
              - {code: DNS.A, category: dns, severity: high}
            """, ["error SSOT-0010 3:12"], []),
        FaultCase(
            "a code of another category", Paths.failureModes,
            "failure_modes: [{code: DNS.A, category: ci, severity: low}]\n", ["warning SSOT-0151 1:41"], []),
        FaultCase(
            "a finding that convergence doesn't know", Paths.failureModes,
            "failure_modes: [{code: DNS.A, category: dns, severity: low, convergence_finding: {kind: dns_old}}]\n",
            ["warning SSOT-0080 1:24"], [], others: [Paths.convergence: "finding_kinds: [dns_planned]\n"]),
        FaultCase(
            "a contract with a hole", Paths.contract, "required_fields: [{field: tag}, {type: string}]\n",
            ["error SSOT-0005 1:33"], []),
        FaultCase(
            "a threshold as a text", Paths.vulnerabilities, "thresholds: {dependabot: {critical: none}}\n",
            ["error SSOT-0004 1:37"], []),
        FaultCase(
            "an exception without end", Paths.vulnerabilities,
            """
            thresholds: {dependabot: {critical: 0}}
            exceptions: [{id: E, scope: dependabot, severity: critical, tracking_issue: t, rationale: r}]
            """, ["warning SSOT-0050 2:14"], []),
        FaultCase(
            "an exception for nothing", Paths.vulnerabilities,
            """
            thresholds: {dependabot: {critical: 0}}
            exceptions:
              - {id: E, scope: dependabot, severity: hgh, expires_on: 2026-04-30, tracking_issue: t, rationale: r}
            """, ["warning SSOT-0050 3:42"], []),
        FaultCase(
            "days as a text", Paths.hygiene, "protected_exact: [main]\nretention: {default_days: two weeks}\n",
            ["error SSOT-0004 2:27"], []),
        FaultCase(
            "removable and protected", Paths.hygiene,
            """
            retention: {default_days: 14}
            auto_delete_prefixes: [bot/]
            protected_exact: [main]
            protected_prefixes: [bot/release/]
            """, ["warning SSOT-0170 2:24"], []),
    ]
}
