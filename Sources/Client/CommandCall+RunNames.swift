import Basics
import Formats

/// How people name a run: `latest`, its id, the beginning of it, or the digits at its end that the console shows.
extension CommandCall {
    /// Among so many of the latest runs a part of an id is looked for.
    private static let searchedRuns = 1_000

    /// The id of the run that is meant, or `latest`.
    ///
    /// - Throws: `ClientFault` where no run, or more than one, is called so.
    func runID(_ given: String, _ connection: ServiceConnection) async throws -> String {
        let part = given.lowercased()
        let isPart = (4..<36).contains(part.utf8.count) && part.utf8.allSatisfy { Self.idBytes.contains($0) }
        // Whatever else it is: the service knows best what a run can be called.
        guard isPart else { return given }
        let runs = try await rows(.runs, connection, limit: Self.searchedRuns).rows.compactMap { $0["id"]?.stringValue }
        let meant = runs.filter { $0.hasPrefix(part) || part.utf8.count >= 8 && $0.hasSuffix(part) }
        if meant.count == 1, let only = meant.first { return only }
        guard !meant.isEmpty else {
            throw ClientFault(
                "CLI-0012", .notFound,
                "no run of the latest \(Self.searchedRuns) has an id that begins with \(given), or ends with it",
                hint: "See all: odooops runs list --all")
        }
        let shown = meant.prefix(5).joined(separator: ", ") + (meant.count > 5 ? " and others" : "")
        throw ClientFault(
            "CLI-0012", .usage, "\(meant.count) runs are meant by \(given): \(shown)", hint: "Name one of them.")
    }

    private static let idBytes = Set("0123456789abcdef-".utf8)
}
