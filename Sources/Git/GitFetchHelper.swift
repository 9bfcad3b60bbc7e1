/// The network part of a fetch, as the hidden subcommand `git-fetch-helper` of our own program.
public enum GitFetchHelper {
    /// The subcommand's name.
    public static let subcommand = "git-fetch-helper"

    /// Reads one request from standard input, fetches, and writes the answer to standard output.
    ///
    /// - Parameter arguments: what follows the subcommand; none are expected, so that nothing secret is ever in them.
    /// - Returns: the exit status: 0 when an answer was written, a refusal among them.
    public static func run(arguments: [String]) -> Int32 { 64 }
}
