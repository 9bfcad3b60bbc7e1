import DesiredState
import Drivers
import Store

/// What the one check of a commit says where several open pull requests show it; pure.
///
/// Branches are protected by it: a pull request without a preview must not speak for a commit of which another one has one.
struct SharedChecks: Sendable {
    /// By commit: what stands there, whichever of its pull requests says it.
    private let checks: [String: CommitCheck]

    /// - Parameters:
    ///   - rows: all that are known, sorted by number.
    ///   - reports: what is to be said of each of them that can be spoken of now.
    ///   - holders: the numbers of those that have a preview, or may have one.
    ///   - elsewhere: the numbers of those of which another service speaks.
    init(_ rows: [PullRequestRow], _ reports: [Int64: PreviewReport], holders: Set<Int64>, elsewhere: Set<Int64>) {
        var checks: [String: CommitCheck] = [:]
        for (commit, rows) in Dictionary(grouping: rows.filter { $0.state == .open }, by: \.pullRequest.headCommit) {
            let own = rows.map(\.pullRequest.number).filter(holders.contains)
            let speakers = own.isEmpty ? rows.map(\.pullRequest.number) : own
            let words = speakers.compactMap { reports[$0]?.check }
            guard let worst = words.min(by: { Self.rank($0) < Self.rank($1) }) else { continue }
            // One of which nothing can be said now may be the worst of them.
            let isWhole = own.allSatisfy { reports[$0] != nil || elsewhere.contains($0) }
            if isWhole || worst.state != .success { checks[commit] = worst }
        }
        self.checks = checks
    }

    /// Nil where nothing can be said of the commit now.
    func check(of commit: String) -> CommitCheck? { checks[commit] }

    /// The lowest is the worst.
    private static func rank(_ check: CommitCheck) -> Int {
        switch check.state {
        case .failure, .error: 0
        case .pending: 1
        case .success: 2
        }
    }
}
