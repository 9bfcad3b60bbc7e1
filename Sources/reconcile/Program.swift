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
            if SecretsSyncCommand.wantsEnvelope(arguments) {
                Terminal(color: "never", environment: environment).json(SecretsSyncCommand.envelope(error))
                return .usage
            }
            // What can't be read as a whole may still say how it wants to be answered.
            let color = arguments.firstIndex(of: "--color").map { arguments.dropFirst($0 + 1).first ?? "" }
            Terminal(color: color ?? "auto", environment: environment).fault(error)
            return .usage
        }
        let terminal = Terminal(parsed, environment: environment)
        if parsed.wantsHelp { return HelpCommand.print(parsed.command, terminal) }
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
            if context.arguments.has("version") { return HelpCommand.printVersion(context.terminal) }
            return try await PassCommand(context).run()
        case "apply": return try await ApplyCommand(context).run()
        case "approve": return try await ApproveCommand(context).run()
        case "approvals": return try await ApprovalsCommand(context).run()
        case "revoke": return try await RevokeCommand(context).run()
        case "audit": return try await AuditCommand(context).list()
        case "audit verify": return try await AuditCommand(context).verify()
        case "retention": return try await RetentionCommand(context).run()
        case "store backup": return try await StoreCommand(context).backup()
        case "store restore": return try await StoreCommand(context).restore()
        case "run": return try await ServeCommand(context).run()
        case "validate": return try await ValidateCommand(context).run()
        case "policy validate": return try await PolicyValidateCommand(context).run()
        case "policy check": return try await PolicyCheckCommand(context).run()
        case "integrations": return try await IntegrationsCommand(context).run()
        case "gates": return try await GatesCommand(context).run()
        case "drift": return try await DriftCommand(context).run()
        case "drift ack": return try await DriftMarkCommand(context, .acknowledged).run()
        case "drift mute": return try await DriftMarkCommand(context, .muted).run()
        case "drift unmute": return try await DriftUnmarkCommand(context).run()
        case "findings": return try await FindingsCommand(context).run()
        case "runs": return try await RunsCommand(context).run()
        case "show": return try await ShowCommand(context).run()
        case "explain": return try await ExplainCommand(context).run()
        case "env list": return try await EnvironmentListCommand(context).run()
        case "env extend", "env pin", "env unpin", "env suspend", "env resume":
            return try await EnvironmentChangeCommand(context).run()
        case "access user add": return try await AccessCommand(context).addUser()
        case "access user list": return try await AccessCommand(context).listUsers()
        case "access user revoke": return try await AccessCommand(context).revokeUser()
        case "access key add": return try await AccessCommand(context).addKey()
        case "access key list": return try await AccessCommand(context).listKeys()
        case "access key revoke": return try await AccessCommand(context).revokeKey()
        case "sweep": return try await SweepCommand(context).run()
        case "secrets sync": return try await SecretsSyncCommand(context).run()
        case "schedules list": return try await SchedulesCommand(context).list()
        case "schedules show": return try await SchedulesCommand(context).show()
        case "schedules run": return try await SchedulesCommand(context).run()
        case "schedules enable": return try await SchedulesCommand(context).enable()
        case "notices list": return try await NoticesCommand(context).list()
        case "notices dead": return try await NoticesCommand(context).list(states: [.dead])
        case "notices show": return try await NoticesCommand(context).show()
        case "notices retry": return try await NoticesCommand(context).retry()
        case "notices test": return try await NoticesCommand(context).test()
        case "secrets status": return try await SecretsStatusCommand(context).run()
        case "hooks list": return try await HooksCommand(context).list()
        case "hooks show": return try await HooksCommand(context).show()
        case "hooks retry": return try await HooksCommand(context).retry()
        case "doctor": return try await DoctorCommand(context).run()
        case "migrate": return try await MigrateCommand(context).run()
        case "simulate": return try await SimulateCommand(context).run()
        case "help": return try HelpCommand.run(context)
        case "man": return HelpCommand.printManual()
        case "completion": return try HelpCommand.printCompletion(context.arguments.positionals.first ?? "")
        case let name: throw ArgumentFault("there is no command \(name)", hint: "Run: reconcile --help")
        }
    }

    /// Which exit status a fault leads to.
    static func status(of fault: any Fault) -> ExitStatus {
        switch fault {
        case is ArgumentFault: .usage
        case is ConfigurationFault: .configuration
        case is TargetFault, is RequestFault: .usage
        case is PlanFault, is Refusal: .refused
        case is InvalidDesiredState, is NoPolicies: .invalid
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
        flags.roots = arguments.all("root")
        for key in ConfigurationReader.keys {
            guard let flag = key.flag, flag != "root", let value = arguments.value(flag) else { continue }
            flags.values[flag] = value
        }
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
