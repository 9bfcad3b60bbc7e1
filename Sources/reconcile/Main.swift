import Basics
import Git
import Glibc

/// The operator's program.
///
/// Everything happens in `Program`; this only hands over arguments and exit status.
@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == GitFetchHelper.subcommand {
            exit(GitFetchHelper.run(arguments: Array(arguments.dropFirst())))
        }
        signal(SIGPIPE, SIG_IGN)
        let program = Program(
            arguments: arguments, environment: ProcessEnvironment.variables(), signals: SignalRouter())
        exit(await program.run().rawValue)
    }
}
