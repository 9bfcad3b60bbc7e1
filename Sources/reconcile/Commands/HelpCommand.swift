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
            StandardStreams.output(table.help(command))
            return .done
        }
        terminal.json(
            .object([
                "command": .string(command.name), "summary": .string(command.summary),
                "usage": .string(table.usage(command)),
                "options": .list(command.options.map(value)), "common_options": .list(table.common.map(value)),
                "commands": .list(
                    table.commands(in: command).map {
                        .object(["command": .string($0.name), "summary": .string($0.summary)])
                    }),
            ]))
        return .done
    }

    static func printVersion(_ terminal: Terminal) -> ExitStatus {
        if terminal.isJSON {
            terminal.json(["program": "reconcile", "version": .string(CommandList.version)])
        } else {
            StandardStreams.output("reconcile \(CommandList.version)\n")
        }
        return .done
    }

    private static func value(_ option: OptionSpec) -> Value {
        .object([
            "name": .string("--\(option.name)"), "value": .text(option.placeholder), "help": .string(option.help),
            "choices": .strings(option.choices), "repeats": .bool(option.repeats),
        ])
    }
}
