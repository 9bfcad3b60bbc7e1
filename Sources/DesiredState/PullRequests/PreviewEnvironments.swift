import Basics
import Formats

/// The environments that pull requests bring about: one for each that is open and allowed, keyed by its number.
struct PreviewEnvironments {
    let rule: PreviewRule
    let named: EnvironmentsReading
    /// The slugs of all named environments, also of those that can't be read.
    let taken: Set<String>
    let report: Report

    /// - Returns: one for each that has one, and what became of each that the policy is about; sorted by number.
    func drafts(_ listing: PullRequestListing) -> (drafts: [EnvironmentDraft], previews: [Preview]) {
        var cause: Cause?
        if let fault = listing.fault {
            cause = report.warning(
                .pullRequestsUnknown, "the pull requests of the application repository are not all known: \(fault)",
                at: nil,
                hint: "Until they can be read, no preview goes that was there, and none comes that can't be seen.")
        }
        for number in listing.uncertain { unknown(number, cause) }
        var drafts: [(number: Int64, draft: EnvironmentDraft)] = []
        var previews: [Preview] = []
        let ranks = Dictionary(
            zip(listing.living, listing.living.indices), uniquingKeysWith: { first, _ in first })
        // Whoever is there comes first: no other one may cost it its place and its data.
        let queue = listing.open.sorted {
            (ranks[$0.number] ?? .max, $0.number) < (ranks[$1.number] ?? .max, $1.number)
        }
        // Those that may be there count: else another one would come for each of them. Against those that are there
        // only what is there as well.
        var count = listing.uncertain.count { ranks[$0] != nil }
        let strangers = listing.uncertain.count - count
        for pull in queue {
            switch rule.verdict(on: pull) {
            case .unmentioned: continue
            case .refused(let reason): previews.append(Preview(pull, .refused(reason)))
            case .wanted(let allowance):
                if pull.head.contains(Redaction.mark) {
                    report.warning(
                        .pastedSecret, "the name of the branch of the pull request \(pull.number) holds a secret",
                        at: rule.source, hint: "Revoke it now and delete the branch.")
                }
                if let reason = obstacle(to: pull) {
                    previews.append(Preview(pull, .refused(reason)))
                    continue
                }
                let taken = ranks[pull.number] == nil ? count + strangers : count
                guard taken < rule.limit else {
                    let reason =
                        "there \(taken == 1 ? "is" : "are") \(taken.of("preview")) already, and `limit` is \(rule.limit)"
                    // Some of that number may not be there, and then this one has its place.
                    let isUncertain = !listing.uncertain.isEmpty
                    if isUncertain { unknown(pull.number, cause) }
                    previews.append(Preview(pull, isUncertain ? .uncertain(reason) : .refused(reason)))
                    continue
                }
                count += 1
                previews.append(Preview(pull, .wanted))
                drafts.append((pull.number, draft(of: pull, allowance)))
            }
        }
        return (
            drafts.sorted { $0.number < $1.number }.map(\.draft),
            previews.sorted { $0.pullRequest.number < $1.pullRequest.number }
        )
    }

    private func unknown(_ number: Int64, _ cause: Cause?) {
        report.unknown(
            .environment("pr-\(number)"),
            cause
                ?? Cause(
                    code: Code.pullRequestsUnknown.rawValue, reason: "not all pull requests are known",
                    mark: rule.source))
    }

    /// What keeps an allowed one from having its environment; nil where nothing does.
    private func obstacle(to pull: PullRequest) -> String? {
        if taken.contains(pull.slug) {
            report.warning(
                .slugTaken, "the pull request \(pull.number) would give another environment \(quoted(pull.slug))",
                at: rule.source, hint: "Give the named environment another name: this one belongs to the pull request.")
            return "an environment of the name \(pull.slug) is named in environments.yaml"
        }
        // A template that can't be read makes the environment unknown, and is no reason to let it go.
        if named.brokenTemplates[.preview] != nil { return nil }
        guard let template = named.templates[.preview] else {
            return "environments.yaml has no template for previews (`tiers: {preview: …}`)"
        }
        guard pull.isFork else { return nil }
        guard pull.approvedCommit != nil else { return "nobody has let in a commit of it yet" }
        if !rule.forkSecrets, let secret = template.runtime.handsOut {
            return "its branch is in another repository, and the template hands out \(secret)"
        }
        return nil
    }

    private func draft(of pull: PullRequest, _ allowance: PreviewRule.Allowance) -> EnvironmentDraft {
        let template = named.templates[.preview]
        var draft = EnvironmentDraft(
            slug: pull.slug, tier: .preview, ttlClass: .ephemeral,
            subject: template?.subject ?? "the environment \(quoted(pull.slug))", source: allowance.source)
        draft.branch = Text(value: pull.ref, mark: allowance.source)
        draft.headCommit = pull.isFork ? pull.approvedCommit : pull.headCommit
        draft.autoDeploy = true
        draft.claims.add("auto_deploy", "true", .mapping, at: allowance.source)
        template?.fill(&draft)
        return draft
    }
}

extension EnvironmentRuntime {
    /// What of it only we know: a password, or files of the host; nil where there is nothing.
    fileprivate var handsOut: String? {
        if password != nil { return "`database_password`" }
        let mount = texts.first { $0.text.hasPrefix("/") && $0.text.contains(":/") }
        return mount == nil ? nil : "files of the host (a mount that begins with `/`)"
    }
}
