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
        StandardStreams.occupyClosed()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == GitFetchHelper.subcommand {
            ProcessEnvironment.end(GitFetchHelper.run(arguments: Array(arguments.dropFirst())))
        }
        // A look at 10,000 resources peaks at 70 MiB with two heaps and at 82 with as many as it likes, no slower.
        ProcessEnvironment.limitHeaps(2, largest: 65_536)
        signal(SIGPIPE, SIG_IGN)
        let signals = SignalRouter()
        Task.detached {
            let program = Program(
                arguments: arguments, environment: ProcessEnvironment.variables(), signals: signals)
            ResultOutput.end(await program.run().rawValue)
        }
        while true { pause() }
    }
}
