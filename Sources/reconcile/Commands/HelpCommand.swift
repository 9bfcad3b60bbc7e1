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
        terminal.json(table.document(of: command))
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
}
