import Basics

/// Every command of `reconcile`, as data.
enum CommandList {
    static let version = "0.1.0"

    static let table = CommandTable(
        program: "reconcile", commands: commands, common: common,
        values: [
            "FILE": .files, "PATH": .files, "DIR": .files, "PLAN.json": .files,
            "TIER": .words(["production", "staging", "dev", "preview"]), "SHELL": .words(["bash", "zsh"]),
            "ROLE": .words(["viewer", "developer", "admin", "owner"]),
        ])

    private static let common: [OptionSpec] = [
        OptionSpec("config", "FILE", "Configuration file; default: reconciler.yaml in this directory."),
        OptionSpec("ssot", "URL|PATH", "The repository that holds the SSOT."),
        OptionSpec("ref", "REF", "Branch, tag or commit id of it; default: its HEAD."),
        OptionSpec("root", "DIR", "SSOT root, repeat in order of precedence.", repeats: true),
        OptionSpec("store", "DSN", "sqlite:PATH or a postgres:// URI."),
        OptionSpec("json", nil, "Print one JSON document."),
        OptionSpec("color", "WHEN", "Colours; NO_COLOR is honoured.", choices: ["auto", "always", "never"]),
        OptionSpec("quiet", nil, "Print nothing but faults."),
        OptionSpec(
            "log-level", "LEVEL", "How much is logged to standard error.",
            choices: ["debug", "info", "warning", "error"]),
        OptionSpec("log-format", "FORMAT", "How log lines are written.", choices: ["text", "json"]),
        OptionSpec("record", "FILE", "Append every exchange with a provider to FILE, credentials removed."),
    ]

    private static let now = OptionSpec("now", "RFC3339", "As of that instant.")
    private static let target = OptionSpec(
        "target", "KEY", "Only this resource or environment, with what it depends on; repeatable.", repeats: true)
    private static let actor = OptionSpec(
        "actor", "NAME", "Who asks, for the audit log; default: the user of this process.")

    private static let role = OptionSpec(
        "role", "ROLE", "viewer, developer, admin or owner, and @ENVIRONMENT where it holds only there; repeatable.",
        repeats: true)

    private static let terms = [
        OptionSpec("reason", "TEXT", "Why, for whoever finds it."),
        OptionSpec("until", "TIME", "When that ends by itself: 7d, 2026-12-24 or an instant; default: not."),
    ]

    private static let commands: [CommandSpec] = [
        CommandSpec(
            "", "Brings the world to what git says: one pass of fetch, observe, plan and apply.",
            discussion: """
                Exit status: 0 done, 1 something failed, 2 changes are pending and 3 only drift was found (both with
                --detailed-exitcode), 4 refused by a guard, a policy or for want of an approval, 64 wrong usage,
                65 no readable desired state, 78 wrong configuration.
                """,
            options: [
                OptionSpec("dry-run", nil, "Only show what would be done."),
                OptionSpec("out", "PLAN.json", "With --dry-run: save the plan for reconcile apply."),
                OptionSpec("detailed-exitcode", nil, "With --dry-run: 2 for pending changes, 3 for drift alone."),
                target, now,
                OptionSpec("version", nil, "Print the version."),
            ],
            examples: [
                ("reconcile --dry-run --ssot .", "What would change, and which file and line wants it."),
                ("reconcile --dry-run --out plan.json", "Save the plan; review it; then: reconcile apply plan.json"),
                ("reconcile --dry-run --now 2026-12-24T00:00:00Z", "What will have expired by Christmas."),
            ]),
        CommandSpec(
            "apply", "Applies exactly a saved plan, or refuses it when something moved.",
            positionals: ["PLAN.json"],
            options: [
                OptionSpec(
                    "approve", "KEY|all", "Approve a change that needs it; repeatable.", repeats: true), actor,
            ],
            examples: [
                ("reconcile apply plan.json", "Runs what the plan shows and nothing else."),
                ("reconcile apply plan.json --approve digitalocean.droplet/old", "Also what waits for a person."),
            ]),
        CommandSpec(
            "approve", "Approves what a run's plan left waiting for a person; the next pass does it.",
            discussion: """
                An approval holds for exactly the changes of that plan, and once: when anything about a change has moved
                since, it doesn't count, and the pass says so. What the plan itself rests on (source.…) is approved by its
                key alone; so is what documents let go of and goes by itself after its grace, and whatever waits in the run
                `latest`.
                """,
            positionals: ["RUN"],
            options: [
                OptionSpec("key", "KEY", "Only this; repeatable; default: all that wait but source.….", repeats: true),
                OptionSpec("for", "TIME", "How long it holds, 1m to 30d; default 24h."),
                OptionSpec("reason", "TEXT", "Why, for the audit log."), actor,
            ],
            examples: [("reconcile approve 0198c0de --reason \"moved\"", "All that waits in that run.")]),
        CommandSpec(
            "approvals", "Lists the approvals: what stands, what ran, what expired.",
            options: [OptionSpec("limit", "N", "How many; default 20.")]),
        CommandSpec(
            "revoke", "Takes back the approvals of a change that has not run yet.", positionals: ["KEY"],
            options: [actor]),
        CommandSpec(
            "run", "Runs the service: a pass on every interval, on SIGHUP and on POST /hooks/reconcile.",
            options: [
                OptionSpec("listen", "HOST:PORT", "Where it answers; default 127.0.0.1:8080."),
                OptionSpec("interval", "TIME", "Between two passes; default 60s."),
            ],
            examples: [("reconcile run --interval 5m", "Also answers /healthz, /readyz and /metrics.")]),
        CommandSpec(
            "validate", "Checks the desired state alone: no provider, no store.", positionals: ["[PATH]"],
            options: [
                OptionSpec("strict", nil, "Warnings count as errors, and so does a gate that fails."),
                OptionSpec("sarif", nil, "Print the diagnostics as one SARIF 2.1.0 log, for code hosts."),
                OptionSpec(
                    "list", nil,
                    "List every document below the roots: managed, consulted, not managed, shadowed, unreadable."),
                now,
            ],
            examples: [
                ("reconcile validate .", "Checks the work tree in this directory."),
                ("reconcile validate . --sarif > validate.sarif", "For a code host to annotate a pull request."),
            ]),
        CommandSpec(
            "policy validate", "Checks the documents that rule what others may want: policies, limits, exceptions.",
            discussion: """
                Exit status: 0 they can be read, 65 one has an error or there is none, 64 wrong usage. The rest of the
                desired state is read for what they refer to, and what is wrong elsewhere is not told.
                """,
            positionals: ["[PATH]"],
            options: [OptionSpec("strict", nil, "Warnings count as errors."), now],
            examples: [("reconcile policy validate .", "The policies of the work tree in this directory.")]),
        CommandSpec(
            "policy check", "Shows what applies to a tier: branches, quotas, times, gates, backups, limits.",
            discussion: "TIER is production, staging, dev or preview, or an alias: prod, stage, develop, development.",
            positionals: ["TIER", "[PATH]"], options: [now],
            examples: [("reconcile policy check staging .", "What a branch gets that a mapping leads to staging.")]),
        CommandSpec(
            "integrations", "Lists the integrations: status, category, secrets they need, hosts they call.",
            positionals: ["[PATH]"],
            examples: [("reconcile integrations .", "Those of the work tree in this directory.")]),
        CommandSpec(
            "gates", "Evaluates the policy gates: each passes, fails or is unknown, and says why.",
            discussion: """
                Exit status: 0 all pass, 4 one fails, 1 none fails but one is unknown. What a gate has no input for is
                unknown and doesn't pass; one of something that no document speaks of or requires is not asked. With
                one --gate: 0 it passes, 1 it is violated, 2 an input is missing or can't be read. The environment is
                asked for DEPLOY_ENV and SUPABASE_STORAGE_BUCKET.
                """,
            positionals: ["[PATH]"],
            options: [
                OptionSpec(
                    "gate", "NAME", "Only this gate, whatever the documents speak of; repeatable.", repeats: true),
                OptionSpec(
                    "dns-records", "FILE",
                    "The records at Cloudflare, as its API answered; without it they are unknown."),
                OptionSpec("sarif", nil, "Print what was found as one SARIF 2.1.0 log, for code hosts."), now,
            ],
            examples: [("reconcile gates . --gate secrets_registry", "One gate over the work tree in this directory.")]),
        CommandSpec("drift", "Shows what differs from git: since when, by which cause, and who knows of it."),
        CommandSpec(
            "drift ack", "Says that a difference is known: it raises no alarm until it is another one.",
            discussion: """
                The plan mends it all the same where it may; only the alarm ends: --detailed-exitcode, escalation and
                notices leave it out. It holds for exactly this difference, and no longer when an attribute moves.
                """,
            positionals: ["KEY"],
            options: [
                OptionSpec("reason", "TEXT", "Why it may stay; required."),
                OptionSpec("for", "TIME", "At most so long, 1m to 30d; default: as long as it stays the same."), actor,
            ],
            examples: [
                ("reconcile drift ack digitalocean.droplet/erp --reason \"resized for the audit\"", "Until it moves.")
            ]),
        CommandSpec(
            "drift mute", "Quiets a resource for a while, whatever differs of it.",
            positionals: ["KEY"],
            options: [
                OptionSpec("reason", "TEXT", "Why; required."),
                OptionSpec("for", "TIME", "How long, 1m to 30d; default 24h."), actor,
            ],
            examples: [("reconcile drift mute digitalocean.droplet/erp --for 4h --reason maintenance", "")]),
        CommandSpec(
            "drift unmute", "Takes back an acknowledgement or a mute.", positionals: ["KEY"], options: [actor]),
        CommandSpec(
            "findings", "Lists what is not as it has to be: differences and failed checks, with since when.",
            discussion: """
                The rows of ops.convergence_findings: opened when seen, escalated after escalate_after_hours of the
                environment, resolved when looked for and not found any more.
                """,
            options: [OptionSpec("all", nil, "Also those that are resolved.")]),
        CommandSpec(
            "runs", "Lists the last runs.",
            options: [OptionSpec("limit", "N", "How many; default 20.")]),
        CommandSpec(
            "show", "Shows one run: plan, steps and evidence.", positionals: ["RUN"],
            options: [
                OptionSpec(
                    "verify", nil, "Digest every byte of its evidence again and walk the chain to the first run.")
            ],
            examples: [("reconcile show latest --verify", "Proves that nobody changed a byte.")]),
        CommandSpec(
            "explain",
            "Says why a resource or environment stands so: who wants it, what blocks it, what comes next.",
            discussion: "KEY is a resource's key, or the name or branch of an environment, such as pr-7.",
            positionals: ["KEY"],
            examples: [
                ("reconcile explain digitalocean.droplet/odoo-staging", ""),
                ("reconcile explain payroll", "Its state, and the first thing in the way of what it owns."),
            ]),
        CommandSpec(
            "env list", "Lists the environments with age, time left and cost.", options: [now]),
        CommandSpec(
            "env extend", "Gives an environment more time.", positionals: ["NAME"],
            options: [OptionSpec("days", "N", "How many days, 1 to 365; required."), actor],
            examples: [("reconcile env extend feature-crm --days 7", "")]),
        CommandSpec(
            "env pin",
            "Keeps an environment until it is unpinned, or for a time; also one that nothing wants any more.",
            positionals: ["NAME"], options: terms + [actor],
            examples: [("reconcile env pin demo --until 2026-12-24 --reason \"shown to the customer\"", "")]),
        CommandSpec("env unpin", "Lets an environment expire again.", positionals: ["NAME"], options: [actor]),
        CommandSpec(
            "env suspend", "Leaves an environment alone: nothing of it is changed or deleted.", positionals: ["NAME"],
            options: terms + [actor]),
        CommandSpec("env resume", "Reconciles a suspended environment again.", positionals: ["NAME"], options: [actor]),
        CommandSpec(
            "sweep", "Deletes what has ended, and nothing else; each pass does it too.",
            discussion: """
                With --dry-run: what would go when, what holds it, what keeps the rest, and which deletions fail since when.
                A deletion that fails holds up nothing but what waits for it; the next pass tries it again.
                """,
            options: [OptionSpec("dry-run", nil, "Only show it; nothing is written."), now],
            examples: [("reconcile sweep --dry-run --now 2026-12-24T00:00:00Z", "What will have gone by Christmas.")]),
        CommandSpec(
            "access user add", "Gives a person access, another password, or other roles.",
            discussion: """
                Roles are viewer, developer, admin and owner; developer@staging holds only at that environment. Roles that
                are given replace all earlier ones. Without a password the person comes by an issuer of tokens.
                """, positionals: ["NAME"],
            options: [
                role,
                OptionSpec("password-file", "FILE", "The password, alone on one line; - reads standard input."), actor,
            ],
            examples: [("reconcile access user add ada --role owner --password-file -", "The first owner.")]),
        CommandSpec("access user list", "Lists who has access."),
        CommandSpec(
            "access user revoke", "Takes a person's access away and ends their sessions and tokens.",
            positionals: ["NAME"],
            options: [actor]),
        CommandSpec(
            "access key add", "Makes a key for a program, shown this once.", positionals: ["NAME"],
            options: [
                role,
                OptionSpec("scope", "SCOPE", "Only this of what the role may; repeatable.", repeats: true),
                OptionSpec("days", "N", "How many days it counts, 1 to 3650; default: until it is revoked."), actor,
            ],
            examples: [("reconcile access key add ci --role developer@staging --scope reconcile --scope read", "")]),
        CommandSpec("access key list", "Lists the keys of programs, without the keys themselves."),
        CommandSpec("access key revoke", "Takes a key back.", positionals: ["NAME"], options: [actor]),
        CommandSpec(
            "audit", "Lists what people changed by hand: when, what, who.",
            options: [OptionSpec("limit", "N", "How many; default 20.")]),
        CommandSpec(
            "audit verify", "Proves that nobody changed, removed or added a line of the audit log.",
            discussion: """
                Each line is linked to the one before by SHA-256. Keep the printed head somewhere else: given later by
                --head, it shows even that the whole log was not emptied or its chain written anew.
                """,
            options: [OptionSpec("head", "DIGEST", "A head that was kept elsewhere: the log has to go on from it.")],
            examples: [("reconcile audit verify --head sha256:5c0f…", "Against what the last backup printed.")]),
        CommandSpec(
            "retention",
            "Cuts what is older than its time; both chains can be verified afterwards. The service does it daily.",
            discussion: """
                The audit log, the chain of evidence, runs and steps, and what is over (findings, differences, approvals,
                notices, messages, pull requests) are kept 90 days, plans, observations, exchanges and events 30
                (retention.audit, retention.artifacts). A chain that isn't whole is not cut.
                """,
            options: [OptionSpec("dry-run", nil, "Only count; nothing is deleted.")],
            examples: [("reconcile retention --dry-run", "What the next cut takes.")]),
        CommandSpec(
            "store backup", "Copies the embedded store into a new file while the service runs, and verifies the copy.",
            discussion: """
                FILE may be a place in object storage, spaces://REGION/BUCKET/KEY, for the access key of providers.spaces.
                Nothing there is replaced or deleted: how long copies stay says the lifecycle of the bucket.
                """,
            positionals: ["FILE"], options: [OptionSpec("evidence", nil, "Send the evidence too, each file once.")],
            examples: [
                ("reconcile store backup /backup/ops-monday.sqlite", ""),
                ("reconcile store backup spaces://sgp1/backups/ops/monday.sqlite --evidence", "To a bucket."),
            ]),
        CommandSpec(
            "store restore", "Puts a copy in the store's place, and takes away from it what may be out of date.",
            discussion: """
                Approvals are taken back, marks removed, leases, sessions and tokens ended; environments about to end are
                kept for three days, and schedules go on from now. Who has access as of the copy is named.
                Without FILE only that is done: after a pg_restore. FILE may be a place in object storage,
                spaces://REGION/BUCKET/KEY.
                """,
            positionals: ["[FILE]"],
            options: [actor, OptionSpec("evidence", nil, "Bring the files of evidence that are missing here too.")],
            examples: [("reconcile store restore /backup/ops-monday.sqlite", "Stop the service before.")]),
        CommandSpec(
            "secrets sync", "Brings secrets to the functions of a Supabase project, those alone whose value differs.",
            discussion: """
                Values are compared by their SHA-256; none is read or printed. Each attempt is written to
                ops.secret_sync_runs. With --json: {"ok": true, "pushed": [], "skipped": []}, or {"ok": false, "error"}.
                """,
            options: [
                OptionSpec(
                    "secret", "NAME=REF", "The secret, and where its value is: env:VARIABLE or file:PATH; repeatable.",
                    repeats: true),
                OptionSpec("project", "REF", "Reference of the project; default: providers.supabase.project."), actor,
            ],
            examples: [("reconcile secrets sync --secret SLACK_BOT_TOKEN=env:SLACK_BOT_TOKEN", "Set it if it differs.")]
        ),
        CommandSpec(
            "secrets status", "Shows which secrets are in their stores, who set them last, and when to replace them.",
            discussion: """
                Names only: no value is asked for. Looks into the stores in which the registry, functions, projects and
                servers want secrets. Exit status with --check: 4 where one is missing or to be replaced.
                """,
            options: [
                OptionSpec("check", nil, "Exit status 4 where one is missing or to be replaced."),
                now,
            ],
            examples: [("reconcile secrets status --now 2026-12-24T00:00:00Z", "What is to be replaced by Christmas.")]),
        CommandSpec(
            "hooks list", "Lists the deliveries of providers' hooks: what came, and what became of it.",
            options: [
                OptionSpec(
                    "state", "STATE", "Only in this state; repeatable.",
                    choices: ["received", "processed", "ignored", "failed", "dead"], repeats: true),
                OptionSpec(
                    "provider", "NAME", "Only of this provider.",
                    choices: ["github", "vercel", "mailgun", "slack", "plane"]),
                OptionSpec("limit", "N", "How many; default 20."),
            ],
            examples: [("reconcile hooks list --state dead", "What nobody will work on any more.")]),
        CommandSpec(
            "hooks show", "Shows one delivery with its body, secrets removed.",
            discussion: "ID is that of the delivery here or at the provider, or the first characters of it, or latest.",
            positionals: ["ID"]),
        CommandSpec(
            "hooks retry", "Has a delivery worked on again that is dead, waits, or was of no use.",
            positionals: ["ID"], options: [actor],
            examples: [("reconcile hooks retry 0199a1b2", "Once what was in its way is mended.")]),
        CommandSpec(
            "schedules list",
            "Lists what is due by the clock: chores and backups, how each stands, and when it is next due."),
        CommandSpec(
            "schedules show", "Shows one schedule: when, by whom, why not, and what became of its last times.",
            positionals: ["ID"], options: [OptionSpec("limit", "N", "How many times; default 10.")]),
        CommandSpec(
            "schedules run", "Has a schedule run once now, beside its times.", positionals: ["ID"], options: [actor],
            examples: [("reconcile schedules run backup/production", "A backup before something risky.")]),
        CommandSpec(
            "schedules enable", "Lets a schedule run again that was disabled because its runs ran out of time.",
            positionals: ["ID"], options: [actor]),
        CommandSpec(
            "notices list", "Lists the messages to people: what was sent where, what waits, what is dead.",
            options: [
                OptionSpec(
                    "state", "STATE", "Only in this state; repeatable.",
                    choices: ["collecting", "waiting", "sent", "dead"], repeats: true),
                OptionSpec("channel", "NAME", "Only of this channel."),
                OptionSpec("limit", "N", "How many; default 20."),
            ]),
        CommandSpec(
            "notices dead", "Lists the messages that are given up.",
            options: [
                OptionSpec("channel", "NAME", "Only of this channel."),
                OptionSpec("limit", "N", "How many; default 20."),
            ]),
        CommandSpec(
            "notices show", "Shows one message with its notices.",
            discussion: "ID is that of the message, or the first characters of it, or latest.", positionals: ["ID"]),
        CommandSpec(
            "notices retry", "Has a message sent again that is dead or waits; all: every dead one.",
            positionals: ["ID"], options: [actor],
            examples: [("reconcile notices retry all", "Once the receiver is back.")]),
        CommandSpec(
            "notices test", "Sends one message to a channel from here, to see whether it arrives.",
            discussion: "Exit status: 0 the receiver took it, 1 it didn't.", positionals: ["CHANNEL"],
            options: [actor], examples: [("reconcile notices test ops", "")]),
        CommandSpec("doctor", "Checks configuration, store, repository and providers; each fault with its remedy."),
        CommandSpec(
            "migrate", "Brings the ops schema of the store up to date.",
            options: [
                OptionSpec(
                    "accept-loss", "TABLE", "Make a missing table again, empty: its rows are lost; repeatable.",
                    repeats: true),
                actor,
            ]),
        CommandSpec(
            "simulate", "Serves the provider simulator: every provider on one port.",
            options: [
                OptionSpec("listen", "HOST:PORT", "Where it answers; default 127.0.0.1:8090."),
                OptionSpec("state", "FILE", "Keep its world in this file; default: only in memory."),
                OptionSpec("seed", "N", "Seed of everything random; default 1."),
                OptionSpec("faults", "RATE", "Share of requests that go wrong, 0 to 1; default 0."),
                OptionSpec("droplets", "N", "Begin with that many droplets."),
                OptionSpec("load", "RUN|FILE", "Begin with what a run saw, or with its observed.jsonl."),
                OptionSpec("latency", "TIME", "Time added to every answer, such as 20ms."),
                OptionSpec("unlimited", nil, "No rate limits: no provider refuses for one, or says that it will."),
                OptionSpec("port-file", "FILE", "Write the port here once it answers; for --listen HOST:0."),
            ],
            examples: [
                (
                    "reconcile simulate --listen 127.0.0.1:8090",
                    "Then: eval \"$(curl -sS http://127.0.0.1:8090/_simulator/environment)\"; reconcile …"
                )
            ]),
        CommandSpec("help", "Prints the help of a command.", positionals: ["[COMMAND]", "[SUBCOMMAND]", "[ACTION]"]),
        // For whoever packages the program.
        CommandSpec("man", "Prints the manual page.", isHidden: true),
        CommandSpec(
            "completion", "Prints what completes commands in a shell.", positionals: ["SHELL"], isHidden: true),
    ]
}
