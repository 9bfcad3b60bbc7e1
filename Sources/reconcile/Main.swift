import Basics
import Git
import Glibc

/// The operator's program.
///
/// Everything happens in `Program`; this only hands over arguments and exit status.
@main
enum Main {
    /// Not asynchronous: signals have to be blocked in the first thread, before any other inherits its mask.
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == GitFetchHelper.subcommand {
            exit(GitFetchHelper.run(arguments: Array(arguments.dropFirst())))
        }
        signal(SIGPIPE, SIG_IGN)
        let signals = SignalRouter()
        Task.detached {
            let program = Program(
                arguments: arguments, environment: ProcessEnvironment.variables(), signals: signals)
            exit(await program.run().rawValue)
        }
        while true { pause() }
    }
}
