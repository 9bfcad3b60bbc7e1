public import Basics

/// Which pull requests have a preview: `previews` of `.odooops/policies.yaml`.
public struct PreviewRule: Sendable, Hashable {
    /// What is done with pull requests whose branch is in another repository.
    public enum Forks: String, Sendable, Hashable, CaseIterable {
        case never
        /// Only where a label lets them in, and only at the commit that had it.
        case labeled
    }

    /// One entry of `allow`: all that it names must hold.
    public struct Allowance: Sendable, Hashable {
        public let label: String?
        /// Of the branch that is to be merged.
        public let head: GlobPattern?
        /// Of the branch that it is to be merged into.
        public let base: GlobPattern?
        public let source: SourceMark

        public init(label: String?, head: GlobPattern?, base: GlobPattern?, source: SourceMark) {
            self.label = label
            self.head = head
            self.base = base
            self.source = source
        }

        /// Whether it is about a pull request.
        public func matches(_ pull: PullRequest) -> Bool {
            if isLabeled(pull) == false { return false }
            return head?.matches(pull.head) ?? true && base?.matches(pull.base) ?? true
        }

        /// Whether a pull request has the label; nil where any will do.
        ///
        /// GitHub takes labels that differ in the size of their letters for one.
        func isLabeled(_ pull: PullRequest) -> Bool? {
            label.map { label in pull.labels.contains { $0.lowercased() == label.lowercased() } }
        }
    }

    /// What becomes of one pull request.
    public enum Verdict: Sendable, Hashable {
        /// It has a preview, because of this entry.
        case wanted(Allowance)
        /// An entry allows it, and something else forbids it.
        case refused(String)
        /// No entry is about it.
        case unmentioned
    }

    /// `owner/name`; nil: that of the application.
    public var repository: String?
    /// The first that matches counts.
    public var allow: [Allowance] = []
    public var forks = Forks.never
    /// Whether a fork's preview may be given what only the reconciler knows: passwords, files of the host.
    public var forkSecrets = false
    public var drafts = true
    /// The most previews at a time; those that came first stay.
    public var limit = 10
    public let source: SourceMark

    public init(source: SourceMark) { self.source = source }

    /// What becomes of a pull request, the number of others aside.
    public func verdict(on pull: PullRequest) -> Verdict {
        var matching = allow.filter { $0.matches(pull) }
        guard !matching.isEmpty else { return .unmentioned }
        if pull.isFork {
            guard forks == .labeled else {
                return .refused("its branch is in another repository, and `forks` is `never`")
            }
            matching.removeAll { $0.label == nil }
            guard !matching.isEmpty else {
                return .refused("its branch is in another repository, and no label lets it in")
            }
        }
        if pull.isDraft, !drafts { return .refused("it is a draft, and `drafts` is false") }
        return .wanted(matching[0])
    }

    /// Whether a fork's pull request carries a label that may let it in, whatever else keeps it out.
    public func isLabeled(_ pull: PullRequest) -> Bool {
        pull.isFork && allow.contains { $0.isLabeled(pull) == true }
    }
}

/// A pull request that the policy is about, and what becomes of it.
public struct Preview: Sendable, Hashable {
    /// Whether it has an environment.
    public enum Verdict: Sendable, Hashable {
        /// An environment of its slug is wanted.
        case wanted
        /// None is wanted, for this reason.
        case refused(String)
        /// Too little is known to say: one that is there stays, and none comes.
        case uncertain(String)
    }

    public let pullRequest: PullRequest
    public let verdict: Verdict

    public init(_ pullRequest: PullRequest, _ verdict: Verdict) {
        self.pullRequest = pullRequest
        self.verdict = verdict
    }
}
