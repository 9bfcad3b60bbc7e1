import Basics
import Diff
import Reconciler
import Store

/// Reads the arguments, finds the command, prints what went wrong, and gives the exit status.
struct Program {
    private let arguments: [String]
    private let environment: [String: String]
    private let signals: SignalRouter

    init(arguments: [String], environment: [String: String], signals: SignalRouter) {
        self.arguments = arguments
        self.environment = environment
        self.signals = signals
    }

    func run() async -> ExitStatus {
        let parsed: ParsedArguments
        do throws(ArgumentFault) {
            parsed = try CommandList.table.parse(arguments)
        } catch {
            let paint = Paint(isOn: StandardStreams.isTerminal(2))
            StandardStreams.error(paint.red("error") + ": \(error.message)\n")
            if let hint = error.hint { StandardStreams.error("  \(hint)\n") }
            return .usage
        }
        if parsed.wantsHelp {
            StandardStreams.output(CommandList.table.help(parsed.command))
            return .done
        }
        let terminal = Terminal(parsed, environment: environment)
        do {
            return try await dispatch(
                CommandContext(parsed, environment: environment, terminal: terminal, signals: signals))
        } catch let fault as any Fault {
            terminal.fault(fault)
            return Self.status(of: fault)
        } catch {
            StandardStreams.error("error: \(error)\n")
            return .failed
        }
    }

    private func dispatch(_ context: CommandContext) async throws -> ExitStatus {
        switch context.arguments.command.name {
        case "":
            if context.arguments.has("version") {
                StandardStreams.output("reconcile \(CommandList.version)\n")
                return .done
            }
            return try await PassCommand(context).run()
        case "apply": return try await ApplyCommand(context).run()
        case "run": return try await ServeCommand(context).run()
        case "validate": return try await ValidateCommand(context).run()
        case "drift": return try await DriftCommand(context).run()
        case "runs": return try await RunsCommand(context).run()
        case "show": return try await ShowCommand(context).run()
        case "explain": return try await ExplainCommand(context).run()
        case "env list": return try await EnvironmentListCommand(context).run()
        case "env extend", "env pin", "env unpin", "env suspend", "env resume":
            return try await EnvironmentChangeCommand(context).run()
        case "doctor": return try await DoctorCommand(context).run()
        case "migrate": return try await MigrateCommand(context).run()
        case "simulate": return try await SimulateCommand(context).run()
        case "help": return try help(context.arguments.positionals)
        case let name: throw ArgumentFault("there is no command \(name)", hint: "Run: reconcile --help")
        }
    }

    private func help(_ words: [String]) throws(ArgumentFault) -> ExitStatus {
        let name = words.joined(separator: " ")
        guard let command = CommandList.table.commands.first(where: { $0.name == name && !$0.isHidden }) else {
            _ = try CommandList.table.parse(words)
            throw ArgumentFault("there is no command \(name)", hint: "Run: reconcile --help")
        }
        StandardStreams.output(CommandList.table.help(command))
        return .done
    }

    /// Which exit status a fault leads to.
    static func status(of fault: any Fault) -> ExitStatus {
        switch fault {
        case is ArgumentFault: .usage
        case is ConfigurationFault: .configuration
        case is PlanFault: .refused
        case is InvalidDesiredState: .invalid
        default: .failed
        }
    }
}

/// What every command is given.
struct CommandContext: Sendable {
    let arguments: ParsedArguments
    let environment: [String: String]
    let terminal: Terminal
    let signals: SignalRouter

    init(
        _ arguments: ParsedArguments, environment: [String: String], terminal: Terminal, signals: SignalRouter
    ) {
        self.arguments = arguments
        self.environment = environment
        self.terminal = terminal
        self.signals = signals
    }

    /// The configuration, from file, environment and flags.
    ///
    /// - Throws: `ConfigurationFault`.
    func configuration() throws(ConfigurationFault) -> Configuration {
        var flags = ConfigurationFlags()
        flags.file = arguments.value("config")
        flags.ssot = arguments.value("ssot")
        flags.ref = arguments.value("ref")
        flags.roots = arguments.all("root")
        flags.store = arguments.value("store")
        flags.logLevel = arguments.value("log-level")
        flags.logFormat = arguments.value("log-format")
        flags.listen = arguments.value("listen")
        flags.interval = arguments.value("interval")
        flags.record = arguments.value("record")
        var reader = ConfigurationReader(environment: environment, workingDirectory: FileSystem.currentDirectory)
        return try reader.read(flags)
    }

    /// The instant of `--now`; nil when it was not given.
    ///
    /// - Throws: `ArgumentFault` when it is no instant.
    func now() throws(ArgumentFault) -> Timestamp? {
        guard let text = arguments.value("now") else { return nil }
        guard let instant = Timestamp(text) ?? Timestamp(date: text) else {
            throw ArgumentFault("--now can't be \(text)", hint: "Write an instant such as 2026-12-24T00:00:00Z.")
        }
        return instant
    }
}

/// The desired state has errors: exit status 65.
struct InvalidDesiredState: Fault {
    let code = "RUN-0001"
    let message: String
    let place: String? = nil
    let hint: String? = "Run: reconcile validate"
    let disposition = Disposition.waitForNewCommit
}
