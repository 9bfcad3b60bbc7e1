import Basics

extension ClientCommands {
    private static let policiesRead =
        "PATH is a work tree; without it the repository is read that ODOOOPS_SSOT or reconciler.yaml names."

    /// Commands that only look.
    static let reading: [CommandSpec] = [
        CommandSpec(
            "env list", "Lists the environments.",
            options: [
                tierOption,
                OptionSpec(
                    "status", "STATUS", "Only in this status.",
                    choices: ["active", "expiring", "expired", "gone", "unknown", "suspended"]),
                OptionSpec("branch", "BRANCH", "Only of this branch."), limit, all,
            ],
            examples: [("odooops env list --tier=prod", ""), ("odooops env list --json | jq -r '.[].name'", "")]),
        CommandSpec(
            "env show", "Shows one environment.",
            discussion: "TARGET is its name, its branch, or a tier that has only one: feature/crm, production.",
            positionals: ["TARGET"], examples: [("odooops env show feature/crm", "")]),
        CommandSpec(
            "env explain", "Says why an environment stands as it does: what keeps it, what ends it, what differs.",
            positionals: ["TARGET"], examples: [("odooops env explain production", "")]),
        CommandSpec("preview list", "Lists the environments of pull requests.", options: [limit, all]),
        CommandSpec(
            "deployment list", "Lists what the latest runs changed for environments, newest first.",
            discussion: """
                TARGET is an environment by its name, branch or tier. Deployments of the application itself the service
                doesn't make; what is older than the latest 500 runs stands in odooops runs list.
                """,
            positionals: ["[TARGET]"], options: [limit, all],
            examples: [("odooops deployment list production --limit=10", "")]),
        CommandSpec("deployment get", "Shows what one run changed for an environment.", positionals: ["ID"]),
        CommandSpec(
            "db backups", "Lists when backups are due, and which snapshots and backups providers hold.",
            discussion: """
                TARGET is an environment by its name, branch or tier: its schedule, the backups of the cluster that its
                database lies in, and the snapshots of its droplet. Making and restoring a backup is the provider's.
                """,
            positionals: ["[TARGET]"], options: [limit, all], examples: [("odooops db backups production", "")]),
        CommandSpec(
            "explain",
            "Says why a resource or environment stands so: who wants it, what blocks it, what comes next.",
            discussion:
                "KEY is a resource's key, the name or branch of an environment, such as pr-7, ops.integration/ID, or a code.",
            positionals: ["KEY"],
            examples: [("odooops explain digitalocean.droplet/erp", ""), ("odooops explain pr-7", "")]),
        CommandSpec(
            "drift list", "Lists what differs from git: since when, by which cause, and who knows of it.",
            options: [
                OptionSpec(
                    "cause", "CAUSE", "Only of this cause.",
                    choices: [
                        "unapplied_commit", "external_change", "provider_normalization", "expired", "expected",
                        "finding",
                    ]),
                environmentOption,
                OptionSpec("known", "YES", "Only what people know, or what they don't.", choices: ["true", "false"]),
                limit, all,
            ],
            examples: [("odooops drift list --cause external_change", "What somebody changed by hand.")]),
        CommandSpec(
            "drift show", "Shows what differs in one resource: is and should be, since when, why, and what to do.",
            positionals: ["KEY"], examples: [("odooops drift show digitalocean.record/shop.example/A/erp", "")]),
        CommandSpec(
            "alerts list", "Lists what is not as it has to be: differences and failed checks, with since when.",
            discussion:
                "In the API these are the findings: GET /findings. What people are told of is odooops notices list.",
            options: [
                OptionSpec(
                    "severity", "SEVERITY", "critical: escalated; warning: open.", choices: ["critical", "warning"]),
                OptionSpec("status", "STATUS", "Only so.", choices: ["open", "acknowledged", "escalated", "resolved"]),
                environmentOption, OptionSpec("kind", "KIND", "Only of this kind."), limit, all,
            ],
            examples: [("odooops alerts list --severity=critical", "What has been open for too long.")]),
        CommandSpec(
            "notices list", "Lists what people should be told, oldest first.",
            discussion:
                "In the API these are the alerts: GET /alerts. What is not as it has to be is odooops alerts list.",
            options: [environmentOption, limit, all]),
        CommandSpec(
            "notices dead", "Lists messages to channels that were given up: only a person brings them back.",
            discussion: "In the API these are the notices that are dead: GET /notices?state=dead.",
            options: [limit, all]),
        CommandSpec("gates list", "Shows the policy gates as the last pass saw them."),
        CommandSpec(
            "advisor list",
            "Shows the rules of the advisor by pillar, and what came of each by what the last pass saw.",
            discussion: """
                What a rule asks is a text for people. It is unknown where what is observed can't tell, or where the service
                doesn't know the rule; why says what is missing.
                """,
            options: [
                OptionSpec("pillar", "PILLAR", "Only of this pillar, such as reliability."),
                OptionSpec(
                    "verdict", "VERDICT", "Only what came to this.", choices: ["pass", "fail", "unknown"]),
            ], examples: [("odooops advisor list --verdict fail", "What isn't kept.")]),
        CommandSpec(
            "integrations list", "Lists the catalogue of integrations, those that everybody may have first.",
            options: [
                OptionSpec(
                    "baseline", "YES", "Only those that everybody may have, or the others.",
                    choices: ["true", "false"]),
                OptionSpec(
                    "status", "STATUS", "Only in this status.",
                    choices: ["active", "inactive", "setup_required", "error"]),
            ],
            examples: [("odooops integrations list --status setup_required", "What still lacks its secrets.")]),
        CommandSpec(
            "modules list", "Lists Odoo's modules that are wanted, installed or both, and how each stands.",
            discussion: """
                What documents want and allow, held against what Odoo has installed. Nothing installs or removes a module:
                that is done by people, in the environment itself.
                """,
            options: [
                environmentOption,
                OptionSpec(
                    "standing", "STANDING", "Only those that stand so.",
                    choices: ["pending", "missing", "not_allowed", "extra", "installed"]),
                limit, all,
            ],
            examples: [
                ("odooops modules list --environment production --standing missing", "What is wanted and not there."),
                ("odooops modules list --standing not_allowed --all", "What is there and no document allows."),
            ]),
        CommandSpec(
            "modules summary", "Shows for each environment how its modules stand, and what came of looking.",
            options: [environmentOption, limit, all], examples: [("odooops modules summary", "")]),
        CommandSpec("providers list", "Lists the providers, and whether the service can speak to them."),
        CommandSpec(
            "inventory list", "Lists what we own at providers.",
            options: [
                OptionSpec("kind", "KIND", "Only of this kind, such as digitalocean.droplet."), environmentOption,
                limit,
                all,
            ]),
        CommandSpec("schedules list", "Lists what is due by the clock: how each stands, and why one doesn't run."),
        CommandSpec("schedules upcoming", "Lists what happens next by itself, soonest first."),
        CommandSpec(
            "runs list", "Lists the runs, newest first.",
            options: [
                OptionSpec(
                    "phase", "PHASE", "Only in this phase.",
                    choices: [
                        "pending", "planning", "planned", "awaiting_approval", "applying", "succeeded", "failed",
                        "canceled",
                    ]),
                since, until, limit, all,
            ],
            examples: [("odooops runs list --phase failed --since 7d", "")]),
        CommandSpec(
            "runs show", "Shows one run with its steps.",
            discussion: """
                RUN is latest, a run's id, the beginning of one that no other run shares, or the last eight digits, as the
                console shows them; so it is for every command that takes a RUN.
                """,
            positionals: ["RUN"], examples: [("odooops runs show latest", ""), ("odooops runs show 7c1b9e11", "")]),
        CommandSpec(
            "runs events", "Shows the story of a run, line by line.", positionals: ["RUN"], options: [limit, all]),
        CommandSpec("runs evidence", "Shows what was kept of a run as evidence.", positionals: ["RUN"]),
        CommandSpec(
            "runs watch", "Follows a run until it ends.", positionals: ["RUN"], options: [waitFor],
            examples: [
                ("odooops runs watch latest", "Exit status: 0 it did all, 1 it failed, 4 it waits for an approval.")
            ]),
        CommandSpec(
            "plan list", "Lists the plans of passes, newest first, and how each stands with whose yes it needs.",
            options: [
                OptionSpec(
                    "approval", "STATE",
                    "Only so: the latest plan waits for a yes or has all, a later pass made its own, or none is needed.",
                    choices: ["waiting", "approved", "superseded", "unneeded"]),
                limit, all,
            ],
            examples: [("odooops plan list --approval waiting", "What waits for a person, if anything does.")]),
        CommandSpec(
            "plan show", "Shows the plan of a run.", positionals: ["RUN"], examples: [("odooops plan show latest", "")]),
        CommandSpec("approvals list", "Lists what people allowed, newest first.", options: [limit, all]),
        CommandSpec(
            "audit list", "Lists who changed what by hand, newest first.",
            options: [
                OptionSpec("user", "NAME", "Only by this one."),
                OptionSpec("action", "ACTION", "Only this, such as env.extend."),
                OptionSpec("target", "NAME", "Only of this."), since, until, limit, all,
            ],
            examples: [("odooops audit list --user=ada --since=24h", "")]),
        CommandSpec("audit verify", "Proves that nobody changed, removed or added a line of the audit log."),
        CommandSpec(
            "logs", "Shows what was done and told: everywhere, of one environment, or in one run.",
            discussion: """
                TARGET is an environment by its name, branch or tier, a run's id, or latest. What stands here is what the
                service did and was told; logs of an environment's containers aren't collected yet.
                """,
            positionals: ["[TARGET]"],
            options: [
                OptionSpec("follow", nil, "Go on showing what comes, until stopped."),
                OptionSpec("type", "TYPE", "Only lines of this type, such as step or warning."),
                OptionSpec(
                    "service", "PART", "Only what this part tells.",
                    choices: ["reconciler", "audit", "notices", "hooks"]),
                OptionSpec("level", "LEVEL", "Only of this level.", choices: ["info", "warning", "error"]),
                since, until, limit, all,
            ],
            examples: [
                ("odooops logs production --follow", ""), ("odooops logs feature/crm --level error --since 7d", ""),
                ("odooops logs latest --type warning", ""),
            ]),
        CommandSpec(
            "metrics", "Shows the figures of the service now or over time, or the steps made for an environment.",
            positionals: ["[ENVIRONMENT]"],
            options: [
                OptionSpec(
                    "metric", "NAME",
                    "Only figures whose name begins so; of an environment: steps; over time: runs, run_duration_ms, drift or deliveries."
                ),
                OptionSpec("range", "TIME", "How far back, of an environment.", choices: ["1h", "24h", "7d", "30d"]),
                OptionSpec("since", "TIME", "What became of a figure since then: 24h, 2026-12-24 or an instant."),
                OptionSpec("until", "TIME", "Until when; default now."),
                OptionSpec("step", "TIME", "How long each step of that time is, such as 5m, 1h or 1d."),
            ],
            examples: [
                ("odooops metrics production --range=7d", ""),
                ("odooops metrics --metric runs --since 7d --step 6h", ""),
                ("odooops metrics --metric drift --since 30d --json | jq .series", ""),
                ("odooops metrics --metric reconciler_drift", ""),
            ]),
        CommandSpec(
            "webhooks list", "Lists what providers' hooks sent, newest first.",
            options: [
                OptionSpec(
                    "provider", "NAME", "Only of this provider.",
                    choices: ["github", "vercel", "mailgun", "slack", "plane"]),
                OptionSpec(
                    "state", "STATE", "Only in this state.",
                    choices: ["received", "processed", "ignored", "failed", "dead"]),
                limit, all,
            ]),
        CommandSpec("webhooks show", "Shows one delivery with its body, secrets removed.", positionals: ["ID"]),
        CommandSpec(
            "policy validate", "Checks the policies of a work tree, by the operator's program beside this one.",
            positionals: ["[PATH]"], examples: [("odooops policy validate .", "")]),
        CommandSpec(
            "policy check", "Shows what applies to a tier, by the operator's program beside this one.",
            discussion: policiesRead,
            positionals: ["TIER", "[PATH]"], examples: [("odooops policy check staging", "")]),
        CommandSpec(
            "policy list", "Shows what applies to each tier, likewise.", discussion: policiesRead,
            positionals: ["[PATH]"]),
    ]
}
