import DesiredState

/// The repository of which a policy names the pull requests (`repository` of `previews`), known only once a commit was read.
public enum PreviewRepository: Sendable, Hashable {
    /// The policy names none beside the application's.
    case unnamed
    /// `owner/name`.
    case named(String)
    /// No commit was read yet, or its policies can't be read.
    case unknown

    init(_ desired: DesiredState?) {
        guard let desired else {
            self = .unknown
            return
        }
        if let rule = desired.policy.previews {
            self = rule.repository.map { .named($0) } ?? .unnamed
        } else {
            let isUnread = desired.unknown.contains { $0.extent == .environments || $0.extent == .everything }
            self = isUnread ? .unknown : .unnamed
        }
    }
}

extension Reconciler {
    /// Whose pull requests have previews, by the last commit that could be read.
    public var previewRepository: PreviewRepository { PreviewRepository(latestDesired) }
}
