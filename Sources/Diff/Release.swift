internal import Basics
public import DesiredState

/// How documents have let go of an environment that hasn't ended, or of all that it owns.
///
/// That may be meant, and it may be a slip: an indentation, a pattern, the name of a section. What holds data doesn't come back.
struct Release {
    /// What has happened; a clause without an end.
    let reason: String
    /// What keeps it.
    let remedy: String

    /// Of one of which nothing that it owns is wanted any more, though it is.
    static let ofEverything = Release(
        reason: "it lives, and nothing of what it owns is wanted any more",
        remedy: "put back what its entry, or the template of its tier, said")

    /// Why it stays so far, and how it is kept; whoever shows it knows which command lets it go.
    func sentence(of slug: String, _ when: String) -> String {
        "environment \(slug): \(reason): \(when); to keep it: \(remedy)"
    }
}

/// Why nothing wants an environment any more.
struct Unwanting {
    let reason: String
    /// Nil where it has ended: its time is over, or the branch or pull request that brought it about is known to be gone.
    let release: Release?

    /// - Parameters:
    ///   - record: the environment as it is remembered.
    ///   - standing: whether what brought it about is still there.
    ///   - documents: the files by which environments are read, by document.
    ///   - now: the instant of the plan.
    ///   - refusal: what refuses its pull request a preview; nil where nothing does.
    init(
        _ record: EnvironmentRecord, _ standing: EnvironmentSources.Standing, _ documents: [String: String],
        now: Timestamp, refusal: Refusal? = nil
    ) {
        let origin = Origin(record)
        // It lived on without its branch: that this is gone ends nothing.
        let isByEntryAlone = origin == .entry && record.branch != nil && record.headCommit == nil
        func file(_ document: String) -> String { documents[document] ?? "\(document).yaml" }
        let entries = file(DesiredState.environmentsDocument)
        let policies = file(DesiredState.policiesDocument)
        let reason: String
        if case .there = standing, let branch = record.branch {
            let still = "though its branch \(branch) is still there"
            switch origin {
            case .entry: reason = "\(entries) wants it no more \(still)"
            case .mapping: reason = "\(policies) wants it no more \(still)"
            case .untold: reason = "neither \(entries) nor a mapping of \(policies) wants it any more \(still)"
            case .pullRequest:
                // Not the policy need have changed: who opened it may have made a draft of it, or taken a label away.
                let why = refusal?.reason ?? "no entry of `allow` in `previews` of \(policies) is about it"
                reason = "its pull request is still open, and has no preview any more (\(why))"
            }
        } else if origin == .pullRequest {
            reason = "its pull request is closed, or nothing allows its preview any more"
        } else if isByEntryAlone, standing == .gone, let branch = record.branch {
            reason = "\(entries) wants it no more, and its branch \(branch) was gone before"
        } else if let branch = record.branch {
            let orNot = standing == .gone ? "" : ", or nothing makes an environment of it any more"
            reason = "branch \(branch) is gone\(orNot)"
        } else {
            reason = "no document wants the environment any more"
        }
        self.reason = reason
        let hasEnded = record.hasEnded(standing, at: now) || standing == .gone && !isByEntryAlone
        release = hasEnded ? nil : Release(reason: reason, remedy: origin.remedy(entries, policies, refusal))
    }

    /// What had brought it about.
    private enum Origin {
        case entry, mapping, pullRequest
        /// An entry or a mapping: nobody has kept which, and the name is one that both would give.
        case untold

        init(_ record: EnvironmentRecord) {
            guard let branch = record.branch else {
                self = .entry
                return
            }
            if PullRequest.number(inSlug: record.slug) != nil, PullRequest.isHead(branch) {
                self = .pullRequest
            } else if let isOfBranch = record.isOfBranch {
                self = isOfBranch ? .mapping : .entry
            } else if record.headCommit == nil {
                // No mapping had a branch to match.
                self = .entry
            } else {
                self = sameBytes(Slug.of(branch: branch), record.slug) ? .untold : .entry
            }
        }

        func remedy(_ entries: String, _ policies: String, _ refusal: Refusal?) -> String {
            switch self {
            case .entry: "put its entry back into \(entries)"
            case .mapping: "let a mapping of \(policies) match its branch again"
            case .untold:
                "put its entry back into \(entries), or let a mapping of \(policies) match its branch again, "
                    + "whichever had brought it about"
            case .pullRequest:
                switch refusal?.isOfDraft {
                case true?: "mark the pull request as ready for review, or let `previews` of \(policies) allow drafts"
                case false?: "do away with what keeps its pull request from having one"
                case nil: "let `previews` of \(policies) allow its pull request as that is now, or change that back"
                }
            }
        }
    }
}

extension EnvironmentRecord {
    /// Whether its time was over when it was last looked at, and nothing has brought it back since.
    ///
    /// What has is told to people at once, and counts before a pass has seen it: days that they gave, and a new commit.
    fileprivate func hasEnded(_ standing: EnvironmentSources.Standing, at now: Timestamp) -> Bool {
        guard status == .expired else { return false }
        if endsSooner(at: now) { return false }
        if case .there(let head) = standing, let expiredHead, head != expiredHead { return false }
        return true
    }
}

/// Why an open pull request has no preview although an entry allows one.
struct Refusal {
    let reason: String
    /// Whether that is because it is a draft.
    let isOfDraft: Bool
}

extension DesiredState {
    /// What refuses a pull request its preview of this name; nil where nothing does, or the policy isn't about it.
    func refusal(ofPreview slug: String) -> Refusal? {
        guard let preview = previews.first(where: { sameBytes($0.pullRequest.slug, slug) }),
            case .refused(let reason) = preview.verdict
        else { return nil }
        // Whoever is a draft, and drafts have none, is refused for that before anything else is looked at.
        return Refusal(reason: reason, isOfDraft: preview.pullRequest.isDraft && policy.previews?.drafts == false)
    }
}

extension DesiredState {
    /// The same; while the branch of an entry can't be told, the environments of branches that own nothing yet are unknown,
    /// for each may be the one of that entry.
    ///
    /// Of what it gave before it makes the same, so that whoever looks before the plan may hold them too.
    public func holdingArrivals(_ inventory: Inventory) -> DesiredState {
        guard let cause = sources.arrivals else { return self }
        let owners = inventory.owners
        var copy = self
        copy.sources.arrivals = nil
        for environment in environments
        where environment.isOfBranch && !owners.contains(environment.slug)
            && environment.branch.map(PullRequest.isHead) != true
        {
            copy.unknown.append(
                UnknownScope(
                    .environment(environment.slug), code: cause.code, reason: cause.reason, at: cause.mark))
        }
        return copy
    }
}
