import Basics
import Client
import Glibc
import HTTPClient

/// The people's client.
///
/// Everything happens in `ClientProgram`; this only hands over what a process has.
@main
enum Main {
    static func main() async {
        StandardStreams.occupyClosed()
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessEnvironment.variables()
        let surroundings = Surroundings(
            environment: environment,
            output: { ResultOutput.write($0) }, isUnread: { ResultOutput.isUnread },
            errorOutput: { StandardStreams.error($0) },
            isTerminal: { StandardStreams.isTerminal($0) },
            columns: { environment["COLUMNS"].flatMap(Int.init) ?? StandardStreams.columns(1) },
            readLine: { $0 ? StandardInput.secretLine() : StandardInput.line() },
            transport: CurlTransport(CurlOptions(connectTimeout: .seconds(5))), time: SystemTime(),
            newKey: {
                var source = SystemRandomNumberGenerator()
                let (a, b): (UInt64, UInt64) = (source.next(), source.next())
                return "odooops-" + String(a, radix: 16) + String(b, radix: 16)
            },
            operate: { await operate($0, environment) })
        let program = ClientProgram(arguments: Array(CommandLine.arguments.dropFirst()), surroundings: surroundings)
        ResultOutput.end(await program.run().rawValue)
    }

    /// Runs `reconcile` from the directory of this program.
    private static func operate(_ arguments: [String], _ environment: [String: String]) async -> ChildOutcome? {
        var link = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &link, link.count - 1)
        let own = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let path = String(own[..<slash]) + "/reconcile"
        guard FileSystem.exists(path) else { return nil }
        return await ChildProcess.run(
            path, arguments, environment: environment, outputLimit: 64 << 20, deadline: .seconds(300))
    }
}
