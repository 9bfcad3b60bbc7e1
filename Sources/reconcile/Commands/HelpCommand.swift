import Basics
import Formats
import Reconciler

/// `reconcile help`, `--help` and `--version`.
enum HelpCommand {
    /// Prints the help of the command, or of the group of commands, that the words name.
    ///
    /// - Throws: `ArgumentFault` when they name none.
    static func run(_ context: CommandContext) throws(ArgumentFault) -> ExitStatus {
        print(try CommandList.table.find(context.arguments.positionals), context.terminal)
    }

    static func print(_ command: CommandSpec, _ terminal: Terminal) -> ExitStatus {
        let table = CommandList.table
        guard terminal.isJSON else {
            terminal.raw(table.help(command, width: terminal.fittingWidth))
            return .done
        }
        terminal.json(table.document(of: command))
        return .done
    }

    /// The manual page.
    static func printManual() -> ExitStatus {
        let text = ManualText(
            synopsis: "command", summary: "bring a platform to what git says",
            description: """
                It reads the desired state from a git repository, compares it with what the providers hold, says what
                differs and which file and line disagrees, and mends it in small recorded steps.

                Results go to standard output, everything else to standard error.
                """,
            sections: [
                ("Exit status", ExitStatus.allCases.map { (term: String($0.rawValue), meaning: $0.meaning) }),
                (
                    "Files",
                    [
                        ("reconciler.yaml", "The configuration, where --config names no other; docs/configuration.md."),
                        ("/etc/odooops/reconciler.yaml", "That of the service."),
                        ("/etc/odooops/environment", "Credentials of the service as NAME=value, for root alone."),
                        ("/var/lib/odooops", "Store and evidence of the service."),
                    ]
                ),
            ], seeAlso: "odooops(1), /usr/share/doc/odooops")
        ResultOutput.write(CommandList.table.manual(text, version: CommandList.version))
        return .done
    }

    /// What completes words in a shell.
    ///
    /// - Throws: `ArgumentFault` where it is not known.
    static func printCompletion(_ shell: String) throws(ArgumentFault) -> ExitStatus {
        ResultOutput.write(try CommandList.table.completion(for: shell))
        return .done
    }

    static func printVersion(_ terminal: Terminal) -> ExitStatus {
        if terminal.isJSON {
            terminal.json(["program": "reconcile", "version": .string(CommandList.version)])
        } else {
            terminal.raw("reconcile \(CommandList.version)\n")
        }
        return .done
    }
}
