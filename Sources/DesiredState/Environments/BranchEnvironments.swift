import Basics
import Formats

/// The environments that branches bring about: branches × mappings, the first mapping that matches wins.
struct BranchEnvironments {
    let policies: PoliciesReading
    let named: EnvironmentsReading
    /// The branches that named environments claim.
    let claimed: Set<String>
    /// The slugs of all named environments, also of those that can't be read.
    let taken: Set<String>
    /// What is in the names of branches that hold a secret, by name.
    let secrets: [String: String]
    let report: Report

    enum Match {
        case mapping(BranchMapping)
        /// A mapping that can't be read stands before one that would match.
        case unknown
        case none
    }

    /// The first mapping that matches a branch.
    static func match(_ branch: String, _ mappings: [PoliciesReading.Mapping]) -> Match {
        for mapping in mappings {
            switch mapping {
            case .broken: return .unknown
            case .sound(let mapping): if mapping.pattern.matches(branch) { return .mapping(mapping) }
            }
        }
        return .none
    }

    /// - Returns: one for each branch that has one, sorted by branch.
    func drafts(_ branches: [Branch]) -> [EnvironmentDraft] {
        var drafts: [String: EnvironmentDraft] = [:]
        var refused: Set<String> = []
        for branch in branches.sorted(by: { $0.name.precedesByBytes($1.name) }) where !claimed.contains(branch.name) {
            guard case .mapping(let mapping) = Self.match(branch.name, policies.mappings) else { continue }
            guard mayHaveEnvironment(branch, mapping) else { continue }
            guard !isSecret(branch, mapping) else { continue }
            let slug = Slug.of(branch: branch.name)
            if policies.policy.previews != nil, PullRequest.number(inSlug: slug) != nil {
                report.warning(
                    .slugTaken, "the branch \(quoted(branch.name)) would give \(quoted(slug)), the name of a preview",
                    at: mapping.source, hint: "Rename the branch: such names belong to pull requests.")
                continue
            }
            if taken.contains(slug) || refused.contains(slug) {
                report.warning(
                    .slugTaken, "the branch \(quoted(branch.name)) would give another environment \(quoted(slug))",
                    at: mapping.source,
                    hint: "Write `branch: \(branch.name)` into the environment of that name, or rename the branch.")
                continue
            }
            if let other = drafts.removeValue(forKey: slug) {
                refused.insert(slug)
                report.unknown(
                    .environment(slug),
                    report.error(
                        .slugTaken,
                        "the branches \(quoted(branch.name)) and \(quoted(other.branch?.value ?? "")) both give \(quoted(slug))",
                        at: mapping.source, hint: "Rename one of the branches, or name its environment."))
                continue
            }
            var draft = EnvironmentDraft(
                slug: slug, tier: mapping.tier, ttlClass: TTLClass(branch: mapping.tier),
                subject: named.templates[mapping.tier]?.subject ?? "the environment \(quoted(slug))",
                source: mapping.source)
            draft.branch = Text(value: branch.name, mark: mapping.source)
            draft.headCommit = branch.commit
            draft.autoDeploy = mapping.autoDeploy
            draft.claims.add("auto_deploy", "\(mapping.autoDeploy)", .mapping, at: mapping.source)
            named.templates[mapping.tier]?.fill(&draft)
            drafts[slug] = draft
        }
        return drafts.values.sorted { $0.slug.precedesByBytes($1.slug) }
    }

    /// Whether a secret was pasted as the name of a branch: no slug, host or database is made of that.
    ///
    /// One that was made of it before can't be named either, so until the branch is gone no environment goes.
    private func isSecret(_ branch: Branch, _ mapping: BranchMapping) -> Bool {
        guard let kind = secrets[branch.name] else { return false }
        report.keep(
            .environments,
            report.warning(
                .pastedSecret, "the name of a branch holds \(kind)", at: mapping.source,
                hint: "Revoke it now and delete the branch; until then it has no environment, and none goes."))
        return true
    }

    /// Production has to be named; staging too, unless a pattern gives one environment for each of several branches.
    private func mayHaveEnvironment(_ branch: Branch, _ mapping: BranchMapping) -> Bool {
        if mapping.bringsAbout { return true }
        guard named.broken.isEmpty else { return false }
        report.warning(
            .unnamedEnvironment,
            "the branch \(quoted(branch.name)) is mapped to \(mapping.tier.rawValue), but no environment names it",
            at: mapping.source,
            hint:
                "Add an environment with `branch: \(branch.name)` to environments.yaml: production is never made from a "
                + "branch alone.")
        return false
    }
}

extension BranchMapping {
    /// Whether its branches have environments that nobody names.
    var bringsAbout: Bool {
        switch tier {
        case .dev, .preview: true
        case .staging: pattern.hasWildcard
        case .production: false
        }
    }
}
