internal import Basics
internal import Git2Shim
import Glibc

/// The network part of a fetch, as the hidden subcommand `git-fetch-helper` of our own program.
public enum GitFetchHelper {
    /// The subcommand's name.
    public static let subcommand = "git-fetch-helper"

    /// Reads one request from standard input, fetches, and writes the answer to standard output.
    ///
    /// - Parameter arguments: what follows the subcommand; none are expected, so that nothing secret is ever in them.
    /// - Returns: the exit status: 0 when an answer was written, a refusal among them; 64 for a wrong call.
    public static func run(arguments: [String]) -> Int32 {
        guard arguments.isEmpty, isatty(0) == 0, let request = readRequest(),
            let address = try? GitAddress(request.url, currentDirectory: "/")
        else {
            StandardStreams.error("\(subcommand) is run by the program itself and reads its request from a pipe\n")
            return 64
        }
        // The parent kills this process at its deadline; this is for a parent that is no more.
        let seconds = max(1, request.deadline.components.seconds)
        git2_bound_lifetime(UInt32(clamping: seconds.addingReportingOverflow(5).partialValue))
        let result: Result<GitFetchReport, GitFault>
        do throws(GitFault) {
            result = .success(try FetchJob(request, address) { StandardStreams.output(FetchAnswer.line($0)) }.run())
        } catch {
            result = .failure(error)
        }
        return StandardStreams.output(FetchAnswer.lines(result)) ? 0 : 74
    }

    private static func readRequest() -> FetchRequest? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < 32 << 20 {
            let count = read(0, &chunk, chunk.count)
            if count > 0 {
                bytes.append(contentsOf: chunk[0..<count])
            } else if count == 0 {
                return FetchRequest(bytes)
            } else if errno != EINTR {
                return nil
            }
        }
        return nil
    }
}
