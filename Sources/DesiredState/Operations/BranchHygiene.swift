public import Basics

/// What `policy/branch_hygiene.yaml` says: which branches may be removed when nobody works on them.
public struct BranchHygiene: Sendable, Hashable {
    /// What may happen to a branch, and why.
    public enum Verdict: Sendable, Hashable {
        /// Its name, or a prefix of it, is protected.
        case protected(by: String)
        /// No prefix makes it eligible.
        case notEligible
        /// It is younger than its days, or its age is not known.
        case tooNew
        case hasOpenPullRequest
        /// Nobody works on it, and nothing protects it.
        case removable
    }

    public let defaultDays: Int
    /// Days by prefix; the longest prefix that fits counts.
    public let prefixDays: [String: Int]
    public let removablePrefixes: [String]
    public let protectedNames: [String]
    public let protectedPrefixes: [String]
    /// Whether removal has to be asked for; true where it is not written.
    public let isDryRunDefault: Bool
    public let source: SourceMark

    public init(
        defaultDays: Int, prefixDays: [String: Int], removablePrefixes: [String], protectedNames: [String],
        protectedPrefixes: [String], isDryRunDefault: Bool, source: SourceMark
    ) {
        self.defaultDays = defaultDays
        self.prefixDays = prefixDays
        self.removablePrefixes = removablePrefixes
        self.protectedNames = protectedNames
        self.protectedPrefixes = protectedPrefixes
        self.isDryRunDefault = isDryRunDefault
        self.source = source
    }

    /// How many days a branch is kept after its last commit.
    public func days(for branch: String) -> Int {
        let fitting = prefixDays.filter { branch.hasPrefix($0.key) }
        return fitting.max { $0.key.utf8.count < $1.key.utf8.count }?.value ?? defaultDays
    }

    /// What may happen to a branch: protection first, then eligibility, age, and open pull requests.
    ///
    /// Whether a pull request is open counts as yes where it is not known.
    public func verdict(
        on branch: String, committedAt: Timestamp?, hasOpenPullRequest: Bool?, at now: Timestamp
    ) -> Verdict {
        if protectedNames.contains(branch) { return .protected(by: branch) }
        if let prefix = protectedPrefixes.first(where: { branch.hasPrefix($0) }) { return .protected(by: prefix) }
        guard removablePrefixes.contains(where: { branch.hasPrefix($0) }) else { return .notEligible }
        guard let committedAt, committedAt + .days(days(for: branch)) <= now else { return .tooNew }
        return hasOpenPullRequest == false ? .removable : .hasOpenPullRequest
    }
}
