public import Basics
import Formats

/// Every command of `odooops`, as data.
public enum ClientCommands {
    public static let version = "0.1.0"

    public static let table = CommandTable(
        program: "odooops", commands: start + reading + deciding + own + later, common: common,
        values: [
            "FILE": .files, "PATH": .files, "api PATH": .words([]), "SHELL": .words(["bash", "zsh"]),
            "TIER": .words(["production", "staging", "dev", "preview"]),
            "METHOD": .words(["GET", "POST", "PUT", "PATCH", "DELETE"]),
            "ROLE": .words(["viewer", "developer", "admin", "owner"]),
            "--context": contexts, "context use NAME": contexts, "context remove NAME": contexts,
            "TARGET": environments, "ENVIRONMENT": environments, "--environment": environments,
        ])

    /// The names of the services that this client knows, which hold nothing that a shell would read otherwise.
    private static let contexts = CompletionValues.printed(
        #"odooops context list --json 2>/dev/null | sed -n 's/.*"name": *"\([^"]*\)".*/\1/p'"#)

    /// The environments of the service that the line so far asks, which is nobody's business but that of who typed it.
    private static let environments = CompletionValues.printed(
        #"odooops completion environments "${given[@]}" 2>/dev/null </dev/null"#)

    private static let common: [OptionSpec] = [
        OptionSpec("context", "NAME", "The service to ask, one of odooops context list."),
        OptionSpec("url", "URL", "The service to ask, by its address; default: \(ServiceAddress.standard)."),
        OptionSpec("token-file", "FILE", "A file that holds a token or a key; - reads standard input."),
        OptionSpec("json", nil, "Print one JSON document."),
        OptionSpec("color", "WHEN", "Colours; NO_COLOR is honoured.", choices: ["auto", "always", "never"]),
        OptionSpec("quiet", nil, "Print nothing but faults."),
        OptionSpec("timeout", "TIME", "How long one answer may take; default 30s."),
        OptionSpec("allow-http", nil, "Send a credential without encryption to another machine."),
        OptionSpec("idempotency-key", "KEY", "Send a write again under the key of the first time."),
    ]

    /// Words that people say for the same command.
    private static let aliases: [(String, String)] = [
        ("env get", "env show"), ("env ls", "env list"), ("env info", "env show"), ("audit logs", "audit list"),
        ("alerts ls", "alerts list"), ("findings", "alerts list"), ("runs get", "runs show"),
        ("reconcile now", "reconcile"), ("reconcile-now", "reconcile"), ("hooks", "webhooks"),
        ("drift acknowledge", "drift ack"), ("auth keys", "keys list"), ("preview ls", "preview list"),
        ("environments", "env"), ("--version", "version"),
    ]

    /// The words as the table knows them: other names for a command, and a resource alone, which is listed.
    static func canonical(_ arguments: [String]) -> [String] {
        var words = leading(arguments)
        for (alias, name) in aliases {
            let parts = alias.split(separator: " ").map(String.init)
            if Array(words.prefix(parts.count)) == parts {
                words.replaceSubrange(0..<parts.count, with: name.split(separator: " ").map(String.init))
                break
            }
        }
        guard let first = words.first, !words.contains("--help"), !words.contains("-h") else { return words }
        let isAction = words.dropFirst().first.map { !$0.hasPrefix("-") } ?? false
        let knowsList = table.commands.contains { $0.name == "\(first) list" }
        if !isAction, knowsList, !table.commands.contains(where: { $0.name == first }) { words.insert("list", at: 1) }
        return words
    }

    /// Options that stand before the command go behind it: `--url URL gates` is `gates --url URL`.
    private static func leading(_ arguments: [String]) -> [String] {
        var count = 0
        while count < arguments.count, arguments[count].hasPrefix("--"), arguments[count] != "--" {
            let option = common.first { "--\($0.name)" == arguments[count] }
            // The one command that is written like an option.
            if arguments[count] == "--version" { break }
            guard option != nil || arguments[count].contains("=") else { return arguments }
            count += option?.placeholder == nil ? 1 : 2
        }
        guard count > 0, count < arguments.count, !arguments.contains("--") else { return arguments }
        return Array(arguments[count...] + arguments[..<count])
    }

    static func help(_ command: CommandSpec, _ screen: Screen) -> ClientExit {
        if screen.isJSON {
            screen.json(table.document(of: command))
        } else {
            screen.raw(table.help(command, width: screen.width))
        }
        return .done
    }

    /// The manual page.
    public static var manual: String {
        let statuses = ClientExit.allCases.map { (term: String($0.rawValue), meaning: $0.meaning) }
        return table.manual(
            ManualText(
                synopsis: "resource action target", summary: "ask and order an OdooOps service",
                description: """
                    odooops speaks to the API of reconcile run: it lists environments, runs, plans and differences, gives
                    environments time, lets waiting changes pass, and asks for a pass.

                    Results go to standard output, everything else to standard error.
                    """,
                sections: [
                    ("Exit status", statuses),
                    (
                        "Environment",
                        [
                            ("ODOOOPS_URL", "Address of the service, where neither --url nor --context says one."),
                            ("ODOOOPS_CONTEXT", "Name of a context, as --context."),
                            ("ODOOOPS_TOKEN", "A token or a key; it goes to whichever service is asked."),
                            ("NO_COLOR", "Not empty: no colours."),
                        ]
                    ),
                    (
                        "Files",
                        [
                            ("$XDG_CONFIG_HOME/odooops/config.yaml", "The contexts."),
                            (
                                "$XDG_CONFIG_HOME/odooops/credentials.json",
                                "What auth login has kept, readable by its owner alone; each entry is sent to the service that gave it and to no other."
                            ),
                        ]
                    ),
                ], seeAlso: "reconcile(1), docs/odooops.md"), version: version)
    }

    // MARK: What options share

    static let limit = OptionSpec("limit", "N", "How many; default 50.")
    static let all = OptionSpec("all", nil, "All of them, however many.")
    static let since = OptionSpec("since", "TIME", "Only then or later: 24h, 2026-12-24 or an instant.")
    static let until = OptionSpec("until", "TIME", "Only before.")
    static let confirm = OptionSpec("confirm", nil, "Don't ask whether it is meant.")
    private static let roles = OptionSpec(
        "role", "ROLE", "viewer, developer, admin or owner, with @ENVIRONMENT where it holds only there; repeatable.",
        repeats: true)
    private static let newPassword = OptionSpec(
        "password-file", "FILE", "The password, alone on one line; - reads standard input.")
    static let environmentOption = OptionSpec("environment", "NAME", "Only of this environment.")
    static let reason = OptionSpec("reason", "TEXT", "Why, for the audit log.")
    static let waitFor = OptionSpec("wait-for", "TIME", "How long to wait at the most, altogether; default 10m.")
    static let tierOption = OptionSpec(
        "tier", "TIER", "Only of this tier: production, staging, dev, preview or an alias.")

    private static let start: [CommandSpec] = [
        CommandSpec(
            "", "Asks and orders an OdooOps service: odooops RESOURCE ACTION TARGET.",
            discussion: """
                Exit status: 0 done, 1 it failed, 4 refused or not confirmed, 5 nothing waits, 64 wrong usage, 66 nothing
                has that name, 69 nobody answers or no service can do it yet, 75 try again in a moment, 77 no login or
                not allowed, 78 wrong configuration.
                """,
            examples: [
                ("odooops context add work --url https://odooops.example", "Say once where the service is."),
                ("odooops auth login --user ada", "Log in; what proves it is kept for that service alone."),
                ("odooops status", "How the service fares, and what waits for a person."),
                ("odooops env list --tier prod", "The environments of a tier."),
                ("odooops reconcile --wait", "Ask for a pass and watch it."),
            ]),
        CommandSpec(
            "status", "Shows how the service fares, what differs, and what waits for a person.",
            options: [OptionSpec("all", nil, "With the environments and what stands open.")],
            examples: [("odooops status --all", "")]),
    ]

    private static let own: [CommandSpec] = [
        CommandSpec(
            "auth login", "Proves who you are, and keeps the proof for this service.",
            discussion: """
                With a name and a password, or with a key: --key-file. A password is asked for on a terminal, or read from
                --password-file; neither is ever an argument, which others could see.
                """,
            options: [
                OptionSpec("user", "NAME", "Who you are; default: asked for."),
                OptionSpec("password-file", "FILE", "A file that holds the password; - reads standard input."),
                OptionSpec("key-file", "FILE", "Keep this key in place of a login; - reads standard input."),
            ],
            examples: [("odooops auth login --user ada", ""), ("odooops auth login --key-file - <key", "")]),
        CommandSpec("auth logout", "Ends the login at this service, and forgets what was kept of it."),
        CommandSpec("auth whoami", "Shows who the service takes you for, and what you may."),
        CommandSpec(
            "auth token", "Prints the token that is kept, for other programs.",
            examples: [("ODOOOPS_TOKEN=$(odooops auth token) make report", "")]),
        CommandSpec("keys list", "Lists the keys of programs, without the keys themselves."),
        CommandSpec(
            "keys add", "Makes a key for a program; it is shown this once.", positionals: ["NAME"],
            options: [
                roles,
                OptionSpec("scope", "SCOPE", "Only for that, such as read or reconcile; repeatable.", repeats: true),
                OptionSpec("days", "N", "How many days it lasts; default: for ever."),
            ],
            examples: [("odooops keys add ci --role developer@staging --scope reconcile --days 90", "")]),
        CommandSpec("users list", "Lists who can log in."),
        CommandSpec(
            "users add", "Gives a person access.",
            discussion: "Without a password they come by the issuer of tokens alone. Passwords are never shown.",
            positionals: ["NAME"], options: [roles, newPassword],
            examples: [("odooops users add ada --role developer@staging --password-file -", "")]),
        CommandSpec(
            "users change", "Gives a person other roles, or another password.",
            discussion: "Roles replace all earlier ones; a new password ends the sessions and tokens of the old one.",
            positionals: ["NAME"], options: [roles, newPassword],
            examples: [("odooops users change ada --role admin", "")]),
        CommandSpec(
            "users revoke", "Takes a person's access away, and ends their sessions and tokens.", positionals: ["NAME"],
            options: [confirm]),
        CommandSpec("keys revoke", "Takes a key back.", positionals: ["NAME"], options: [confirm]),
        CommandSpec(
            "context list", "Lists the services that this client knows."),
        CommandSpec("context use", "Asks that service from now on.", positionals: ["NAME"]),
        CommandSpec(
            "context add", "Names a service; the first one is asked from then on.", positionals: ["NAME"],
            examples: [("odooops context add work --url https://odooops.example", "")]),
        CommandSpec("context remove", "Forgets a service and the login at it.", positionals: ["NAME"]),
        CommandSpec(
            "api", "Sends a request to the API and prints what it answers.",
            discussion: "PATH is what stands after /api/v1; the answer is printed as JSON, without its envelope.",
            positionals: ["METHOD", "PATH"],
            options: [
                OptionSpec("data", "JSON", "The body; @FILE reads a file, - standard input."),
                OptionSpec("envelope", nil, "Print meta and errors as well."),
            ],
            examples: [
                ("odooops api GET '/runs?phase=failed&limit=5'", ""),
                ("odooops api POST /reconcile --data '{\"reason\": \"after the outage\"}'", ""),
            ]),
        CommandSpec(
            "completion", "Prints what completes commands in a shell.",
            discussion: """
                SHELL is bash or zsh. What it prints asks odooops completion environments for names: that prints those of the
                service, or nothing where it doesn't answer within a second.
                """,
            positionals: ["SHELL"],
            examples: [
                ("source <(odooops completion bash)", "In this shell; in ~/.bashrc for all."),
                ("odooops completion zsh >~/.zfunc/_odooops", "With ~/.zfunc in fpath."),
            ]),
        CommandSpec("man", "Prints the manual page.", examples: [("odooops man | man -l -", "")]),
        CommandSpec("help", "Prints the help of a command.", positionals: ["[COMMAND]", "[ACTION]"]),
        CommandSpec(
            "version", "Prints the version of this client, and with --all that of the service's API.",
            options: [
                OptionSpec("all", nil, "Ask the service for its version as well.")
            ]),
    ]
}
