import Basics

/// The people's client: reads arguments, speaks to the service, prints, and says how it went.
public struct ClientProgram: Sendable {
    private let arguments: [String]
    private let surroundings: Surroundings

    public init(arguments: [String], surroundings: Surroundings) {
        self.arguments = arguments
        self.surroundings = surroundings
    }

    /// Carries out what the arguments say, from reading them to the last line.
    public func run() async -> ClientExit {
        let words = ClientCommands.canonical(arguments)
        let parsed: ParsedArguments
        do throws(ArgumentFault) {
            parsed = try ClientCommands.table.parse(words)
        } catch {
            // What can't be read as a whole may still say how it wants to be answered.
            let color = arguments.firstIndex(of: "--color").map { arguments.dropFirst($0 + 1).first ?? "" }
            Screen(surroundings, isJSON: words.contains("--json"), isQuiet: false, color: color ?? "auto").fault(error)
            return .usage
        }
        let screen = Screen(
            surroundings, isJSON: parsed.has("json"), isQuiet: parsed.has("quiet"),
            color: parsed.value("color") ?? "auto")
        if parsed.wantsHelp { return ClientCommands.help(parsed.command, screen) }
        let call = CommandCall(parsed, screen, surroundings)
        do {
            return try await call.run()
        } catch let fault as any Fault {
            screen.progress("")
            screen.fault(fault)
            switch fault {
            case let fault as ClientFault: return fault.exit
            case is ArgumentFault: return .usage
            default: return .failed
            }
        } catch {
            screen.progress("")
            surroundings.errorOutput("error: \(error)\n")
            return .failed
        }
    }
}
