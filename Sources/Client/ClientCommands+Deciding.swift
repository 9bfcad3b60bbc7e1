import Basics

extension ClientCommands {
    private static let untilWhen = OptionSpec(
        "until", "TIME", "When that ends by itself: 7d, 2026-12-24 or an instant; default: not.")
    private static let forTime = OptionSpec("for", "TIME", "How long it holds, 1m to 30d.")
    private static let wait = OptionSpec("wait", nil, "Wait until it is done, and show how far it is.")

    /// Commands that change something.
    static let deciding: [CommandSpec] = [
        CommandSpec(
            "env extend", "Gives an environment more days.", positionals: ["TARGET"],
            options: [OptionSpec("days", "N", "How many days, 1 to 365; required."), reason],
            examples: [("odooops env extend feature/crm --days=7", "")]),
        CommandSpec(
            "env pin", "Keeps an environment until it is unpinned, or for a time.", positionals: ["TARGET"],
            options: [reason, untilWhen],
            examples: [("odooops env pin demo --until 2026-12-24 --reason \"shown to the customer\"", "")]),
        CommandSpec("env unpin", "Lets an environment expire again.", positionals: ["TARGET"]),
        CommandSpec(
            "env suspend", "Leaves an environment alone: nothing of it is changed or deleted.", positionals: ["TARGET"],
            options: [reason, untilWhen]),
        CommandSpec("env resume", "Reconciles a suspended environment again.", positionals: ["TARGET"]),
        CommandSpec(
            "drift ack", "Says that a difference is known: it raises no alarm until it is another one.",
            positionals: ["KEY"],
            options: [OptionSpec("reason", "TEXT", "Why it may stay; required."), forTime],
            examples: [("odooops drift ack digitalocean.droplet/erp --reason \"resized for the audit\"", "")]),
        CommandSpec(
            "drift mute", "Quiets a resource for a while, whatever differs of it.", positionals: ["KEY"],
            options: [OptionSpec("reason", "TEXT", "Why; required."), forTime],
            examples: [("odooops drift mute digitalocean.droplet/erp --for 4h --reason maintenance", "")]),
        CommandSpec("drift unmute", "Takes back an acknowledgement or a mute.", positionals: ["KEY"]),
        CommandSpec(
            "approve", "Lets the next pass do what waits in the plan of a run.",
            discussion: """
                An approval holds for exactly the changes of that plan, and once. It has to be confirmed: by the name of
                the first on a terminal, or by --confirm, which for the run `latest` wants the keys. What the plan itself
                rests on (source.…), and what documents let go of and goes by itself after its grace, is approved by its
                key alone.
                """,
            positionals: ["RUN"],
            options: [
                OptionSpec(
                    "key", "KEY", "Only this change; repeatable; default: all that wait, but for source.….",
                    repeats: true),
                reason,
                forTime, confirm,
            ],
            examples: [("odooops approve latest --key digitalocean.droplet/old --reason \"moved\"", "")]),
        CommandSpec("revoke", "Takes back the approvals of a change that has not run yet.", positionals: ["KEY"]),
        CommandSpec(
            "reconcile", "Asks for a pass as soon as the present one has ended.", options: [reason, wait, waitFor],
            examples: [
                ("odooops reconcile --wait", "Exit status: 0 it did all, 1 it failed, 4 it waits for an approval.")
            ]),
        CommandSpec(
            "sweep", "Has what has ended deleted now, by a pass that begins at once.",
            discussion: """
                With --dry-run: what would go when, what holds it, and what keeps the rest. Without it, what goes has to be
                confirmed: by its name on a terminal, or by --confirm; where that has changed meanwhile, nothing is done.
                """,
            options: [OptionSpec("dry-run", nil, "Only show it; nothing is done."), reason, confirm],
            examples: [("odooops sweep --dry-run", "What goes, and what keeps the rest.")]),
        CommandSpec(
            "schedules run", "Has a schedule run once now, whatever the clock says.", positionals: ["ID"],
            examples: [("odooops schedules run backup/production", "")]),
        CommandSpec(
            "schedules enable", "Lets a schedule run by itself again that was disabled.", positionals: ["ID"]),
        CommandSpec(
            "notices retry", "Has a message sent again that was given up or waits.", positionals: ["ID"]),
        CommandSpec(
            "webhooks retry", "Has a delivery worked on again that is dead or waits.", positionals: ["ID"]),
    ]

    /// Commands that are known by name, and what to do until a service can do them.
    static let later: [CommandSpec] = absences.map { absence in
        CommandSpec(
            absence.name, "\(absence.summary) No service can do that yet.",
            discussion: "Meanwhile: \(absence.instead)\nExit status: 69.",
            positionals: absence.positionals, options: absence.options.map { OptionSpec($0.0, $0.1, $0.2) })
    }

    /// What no service of today can do.
    struct Absence {
        let name: String
        let summary: String
        let positionals: [String]
        let options: [(String, String?, String)]
        let lacks: String
        let instead: String
    }

    static let absences: [Absence] = [
        Absence(
            name: "env create", summary: "Makes an environment.", positionals: ["[BRANCH]"],
            options: [("tier", "TIER", "Its tier.")],
            lacks: "the service makes environments from git alone, and takes no order to make one",
            instead:
                "push the branch, and .odooops/policies.yaml says which environment it gets: odooops policy check dev"),
        Absence(
            name: "env update", summary: "Changes an environment.", positionals: ["[TARGET]"],
            options: [("workers", "N", "How many workers.")],
            lacks: "the service takes what an environment has from git alone",
            instead: "change it in the SSOT and commit, then: odooops reconcile --wait"),
        Absence(
            name: "env destroy", summary: "Deletes an environment.", positionals: ["[TARGET]"],
            options: [("confirm", nil, "Don't ask whether it is meant.")],
            lacks:
                "the service deletes an environment when its time has ended or git wants it no more, and takes no order to delete one at once",
            instead: "delete its branch, or let it end: odooops env unpin TARGET; see when: odooops env explain TARGET"),
        Absence(
            name: "env snapshot", summary: "Keeps an environment as it is.", positionals: ["[TARGET]"],
            options: [("share", nil, "Let others see it.")], lacks: "the service takes no snapshots",
            instead: "keep the environment itself: odooops env pin TARGET --reason TEXT"),
        Absence(
            name: "deploy", summary: "Brings a commit to an environment.", positionals: ["[TARGET]"],
            options: [("sha", "COMMIT", "The commit."), ("wait", nil, "Wait until it runs.")],
            lacks: "the service has no deployments of the application yet",
            instead: "commit what is wanted to the SSOT, then: odooops reconcile --wait"),
        Absence(
            name: "rollback", summary: "Goes back to what ran before.", positionals: ["[TARGET]"], options: [],
            lacks: "the service has no deployments of the application yet",
            instead: "revert the commit in the SSOT, then: odooops reconcile --wait"),
        Absence(
            name: "promote", summary: "Brings what runs in one environment to another.",
            positionals: ["[FROM]", "[TO]"],
            options: [("confirm", nil, "Don't ask whether it is meant.")],
            lacks: "the service has no deployments of the application yet",
            instead: "merge the branch of the one into that of the other, then: odooops reconcile --wait"),
        Absence(
            name: "build list", summary: "Lists builds.", positionals: [], options: [],
            lacks: "the service builds no images yet",
            instead: "see the builds of your code host"),
        Absence(
            name: "db clone", summary: "Copies a database.", positionals: ["[FROM]"],
            options: [("to", "TARGET", "Where to."), ("anonymize", nil, "Without what names people.")],
            lacks: "the service copies no databases yet", instead: "copy it by pg_dump and pg_restore"),
        Absence(
            name: "db backup", summary: "Makes a backup.", positionals: ["[TARGET]"],
            options: [("description", "TEXT", "What for.")], lacks: "the service makes no backups yet",
            instead: "see which backups the provider makes: odooops db backups; or take one by pg_dump"),
        Absence(
            name: "db restore", summary: "Brings a backup back.", positionals: ["[TARGET]"],
            options: [("backup", "ID", "Which one."), ("to", "TARGET", "Where to.")],
            lacks: "the service restores no backups yet", instead: "restore it at the provider, or by pg_restore"),
        Absence(
            name: "db migrate", summary: "Brings a database up to date.", positionals: ["[TARGET]"],
            options: [("dry-run", nil, "Only show it.")], lacks: "the service migrates no application's database yet",
            instead: "run the update of the modules in the environment itself"),
        Absence(
            name: "preview create", summary: "Makes the environment of a pull request.", positionals: [],
            options: [("pr", "N", "Its number.")],
            lacks: "the service makes environments from git alone, and takes no order to make one",
            instead:
                "push to the pull request's branch: its mapping in .odooops/policies.yaml makes it; see: odooops preview list"
        ),
        Absence(
            name: "test run", summary: "Runs tests.", positionals: ["[SUITE]"], options: [("env", "TARGET", "Where.")],
            lacks: "the service runs no tests of the application yet", instead: "run them where the code is built"),
        Absence(
            name: "test results", summary: "Shows what tests gave.", positionals: [],
            options: [("env", "TARGET", "Where.")],
            lacks: "the service runs no tests of the application yet", instead: "see the checks of your code host"),
    ]
}
