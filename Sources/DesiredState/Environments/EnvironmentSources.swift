/// What else than documents brings environments about, as it was known when a commit was read.
///
/// It tells an environment that has ended from one that documents have let go of.
public struct EnvironmentSources: Sendable, Hashable {
    public var branches = BranchListing.none
    public var tags = BranchListing.none
    /// Nil where nobody asked for them.
    public var pullRequests: PullRequestListing?
    /// Why no branch brings a new environment about: it may be that of an entry which can't be read; nil where branches do.
    public var arrivals: UnknownScope?

    public init() {}

    /// Whether what brought an environment about is still there.
    public enum Standing: Sendable, Hashable {
        /// With the commit that is its newest.
        case there(head: String)
        /// It is in no listing that is known whole.
        case gone
        /// Nobody can tell, or it has neither branch nor pull request.
        case unknown
    }

    /// Whether the branches, tags and pull requests of environments are still there.
    ///
    /// - Parameter environments: the name of the branch or tag, or the head of the pull request, by slug.
    /// - Returns: the same by slug.
    public func standings(_ environments: [String: String]) -> [String: Standing] {
        // The listing is long, and what nothing wants any more is not.
        let asked = Set(environments.values)
        var found: [String: String] = [:]
        for case .known(let known) in [tags, branches] {
            for branch in known where asked.contains(branch.name) { found[branch.name] = branch.commit }
        }
        let isKnown = if case .known = branches { true } else { false }
        return environments.reduce(into: [:]) { standings, environment in
            let (slug, branch) = environment
            if let number = PullRequest.number(inSlug: slug), PullRequest.isHead(branch) {
                standings[slug] = standing(ofPullRequest: number)
            } else {
                standings[slug] = found[branch].map { .there(head: $0) } ?? (isKnown ? .gone : .unknown)
            }
        }
    }

    private func standing(ofPullRequest number: Int64) -> Standing {
        guard let pullRequests else { return .unknown }
        if let pull = pullRequests.open.first(where: { $0.number == number }) {
            // Whom nobody lets in any more who is none of us doesn't run for another day.
            return pull.isFork ? .gone : .there(head: pull.headCommit)
        }
        return pullRequests.fault == nil && !pullRequests.uncertain.contains(number) ? .gone : .unknown
    }
}

extension PullRequest {
    /// Whether a name is that of the head of a pull request, and of no branch.
    public static func isHead(_ branch: String) -> Bool { branch.hasPrefix("refs/pull/") }
}
