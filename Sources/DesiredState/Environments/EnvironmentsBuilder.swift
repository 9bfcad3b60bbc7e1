import Basics
import Formats

/// Puts the environments together from all documents that have a say in them.
struct EnvironmentsBuilder {
    let policies: PoliciesReading
    let inventory: InventoryReading
    let convergence: ConvergenceReading
    let overrides: EnvironmentOverrides
    let report: Report
    private(set) var named: EnvironmentsReading
    private(set) var environments: [Environment] = []
    /// The pull requests that the policy is about, sorted by number.
    private(set) var previews: [Preview] = []
    /// What else than documents brings environments about.
    private(set) var sources = EnvironmentSources()
    /// What the names of branches hold of which no environment is made, by name.
    private var secrets: [String: String] = [:]
    /// What environments own, by key; `nil` where two want the same.
    private(set) var owned: [ResourceKey: Draft] = [:]
    /// What the engine has for all of them.
    private(set) var shared: [Draft] = []
    private var clashing: Set<ResourceKey> = []
    /// Tiers whose template would have all branches share something.
    private var sharing: [Tier: Cause] = [:]
    /// What holds for several environments alike, so that it is kept once: of ten thousand it is the most that they hold.
    private var common: Set<EnvironmentFact> = []

    init(
        named: EnvironmentsReading, policies: PoliciesReading, inventory: InventoryReading,
        convergence: ConvergenceReading, overrides: EnvironmentOverrides, _ report: Report
    ) {
        self.named = named
        self.policies = policies
        self.inventory = inventory
        self.convergence = convergence
        self.overrides = overrides
        self.report = report
    }

    mutating func build(
        branches: BranchListing, tags: BranchListing, pullRequests: PullRequestListing?, _ kept: KeptReadings
    ) {
        let clean = kept.read(CleanListings.self, of: [branches, tags], report)
        (sources.branches, sources.tags, sources.pullRequests) = (clean.listings[0], clean.listings[1], pullRequests)
        secrets = clean.secrets
        if named.isPresent { compareTargets() } else { takeTargets() }
        if named.fault == nil { checkBranches(branches, tags) }
        sharing = SharedTemplates(policies: policies, report: report).faults(named.templates)
        var drafts = named.named.map { completed($0, branches, tags) }
        drafts += branchDrafts(branches, tags)
        drafts += previewDrafts(pullRequests)
        overrides.apply(to: &drafts, known: Set(named.broken.map(\.slug)), report)
        let runtime = RuntimeResources(
            file: named.file, runtimes: named.runtimes, inventory: inventory, report: report)
        let needs = EnvironmentResources(inventory: inventory, runtime: runtime, report: report)
        var resources: [String: [Draft]] = [:]
        for draft in drafts {
            markUnknown(draft)
            switch needs.resources(of: draft) {
            case .success(let found): resources[draft.slug] = found.filter { keep($0, of: draft) }
            case .failure(let unknown):
                report.unknown(.environment(draft.slug), unknown.cause)
                hold(needs.names(of: draft), unknown.cause)
            }
        }
        for entry in named.broken { if let draft = entry.draft { hold(needs.names(of: draft), entry.cause) } }
        for key in clashing { owned[key] = nil }
        if let cause = named.runtimes.fault ?? named.fault {
            report.unknown(.kind(.containerImage), cause)
        } else {
            shared = runtime.images()
        }
        environments = drafts.sorted { $0.slug.precedesByBytes($1.slug) }.map { draft in
            environment(draft, (resources[draft.slug] ?? []).map(\.key).filter { owned[$0] != nil }.sorted())
        }
    }

    /// Leaves alone what an entry names that can't be used: it may be what another environment owns, whose name it had before.
    private func hold(_ names: [ResourceKey], _ cause: Cause) {
        for key in names where inventory.drafts[key] == nil { report.unknown(.resource(key), cause) }
    }

    // MARK: convergence.yaml

    /// Without `environments.yaml` the environments of `convergence.yaml` are the named ones.
    private mutating func takeTargets() {
        if let cause = convergence.fault {
            named.fault = cause
            report.unknown(.environments, cause)
        }
        for target in convergence.targets {
            var cause = target.fault
            let tier = Tier(alias: target.name)
            if tier == nil {
                cause = report.error(
                    .unknownTier, "the environment \(quoted(target.name)) has a name that says no tier",
                    at: target.source,
                    hint: "Name it in environments.yaml with its `tier`.")
            }
            if cause == nil, !Slug.isValid(target.name) {
                cause = report.error(
                    .invalidName, "the environment \(quoted(target.name)) has a name that is no DNS label",
                    at: target.source, hint: "Use lower-case letters, digits and inner hyphens, at most 40.")
            }
            if let cause {
                report.unknown(.environment(target.name), cause)
                if !Slug.isValid(target.name) { report.unknown(.environments, cause) }
                named.broken.append(
                    EnvironmentsReading.Broken(
                        slug: target.name, branch: target.branch?.value, host: nil, cluster: nil, cause: cause,
                        hints: [BranchHint(candidates: [], isTold: target.branch != nil || target.fault == nil)]))
                continue
            }
            guard let tier else { continue }
            var draft = EnvironmentDraft(
                slug: target.name, tier: tier, ttlClass: TTLClass(named: tier),
                subject: "the environment \(quoted(target.name))", source: target.source)
            draft.branch = target.branch
            named.named.append(draft)
        }
    }

    /// Where both documents name a branch for one environment and differ, that is a finding.
    private func compareTargets() {
        for target in convergence.targets {
            guard let branch = target.branch else { continue }
            let tier = Tier(alias: target.name)
            let sameTier = named.named.filter { $0.tier == tier && tier != nil }
            guard
                let draft = named.named.first(where: { $0.slug == target.name })
                    ?? (sameTier.count == 1 ? sameTier[0] : nil)
            else { continue }
            if let tier, tier != draft.tier {
                report.warning(
                    .tierDisagreement, "\(draft.subject) has the tier \(draft.tier.rawValue)", at: draft.source,
                    hint: "Make both documents say the same; the tier of environments.yaml counts.",
                    notes: [Diagnostic.Note("named \(quoted(target.name)) here", at: target.source)])
            }
            guard let own = draft.branch, own.value != branch.value else { continue }
            report.warning(
                .branchDisagreement,
                "\(draft.subject) runs \(quoted(own.value)), and its deploy target is \(quoted(branch.value))",
                at: own.mark, hint: "Make both documents say the same; the branch of environments.yaml counts.",
                notes: [Diagnostic.Note("`deploy_target` is \(quoted(branch.value)) here", at: branch.mark)])
        }
    }

    // MARK: Branches and tags

    private func checkBranches(_ branches: BranchListing, _ tags: BranchListing) {
        for draft in named.named {
            if let branch = draft.branch {
                checkExists(branch, "branch", branches, draft)
                guard case .mapping(let mapping) = BranchEnvironments.match(branch.value, policies.mappings),
                    mapping.tier != draft.tier, !(draft.ttlClass == .named && mapping.tier == .preview)
                else { continue }
                report.warning(
                    .tierDisagreement,
                    "\(draft.subject) has the tier \(draft.tier.rawValue), but its branch \(quoted(branch.value)) is mapped to \(mapping.tier.rawValue)",
                    at: draft.source, hint: "Make both say the same; the tier of the environment counts.",
                    notes: [Diagnostic.Note("mapped to \(mapping.tier.rawValue) here", at: mapping.source)])
            }
            if let tag = draft.tag { checkExists(tag, "tag", tags, draft) }
        }
    }

    private func checkExists(_ name: Text, _ what: String, _ listing: BranchListing, _ draft: EnvironmentDraft) {
        guard case .known(let known) = listing, !known.contains(where: { $0.name == name.value }) else { return }
        report.warning(
            .missingBranch, "the \(what) \(quoted(name.value)) of \(draft.subject) does not exist", at: name.mark,
            hint: didYouMean(
                name.value, among: known.map(\.name).sorted { $0.precedesByBytes($1) },
                else: "Push it, or name another one. Nothing new is deployed to it until then."))
    }

    private func completed(
        _ draft: EnvironmentDraft, _ branches: BranchListing, _ tags: BranchListing
    ) -> EnvironmentDraft {
        var draft = draft
        let listing = draft.branch != nil ? branches : tags
        if let name = draft.branch ?? draft.tag, case .known(let known) = listing {
            draft.headCommit = known.first { $0.name == name.value }?.commit
        }
        if draft.autoDeploy == nil, let branch = draft.branch,
            case .mapping(let mapping) = BranchEnvironments.match(branch.value, policies.mappings)
        {
            draft.autoDeploy = mapping.autoDeploy
            draft.claims.add("auto_deploy", "\(mapping.autoDeploy)", .mapping, at: mapping.source)
        }
        return draft
    }

    /// The environments that pull requests bring about; none where it is not known which there should be.
    private mutating func previewDrafts(_ listing: PullRequestListing?) -> [EnvironmentDraft] {
        if let cause = policies.previewsFault { report.unknown(.environments, cause) }
        guard named.fault == nil, policies.previewsFault == nil, let rule = policies.policy.previews else { return [] }
        guard let listing else {
            // No fault of any document, so no diagnostic: a work tree alone is valid.
            report.unknown(
                .environments,
                Cause(
                    code: Code.pullRequestsUnknown.rawValue, reason: "nobody was asked for the pull requests",
                    mark: rule.source))
            return []
        }
        let taken = Set(named.named.map(\.slug) + named.broken.map(\.slug))
        let found = PreviewEnvironments(rule: rule, named: named, taken: taken, report: report).drafts(listing)
        previews = found.previews
        return found.drafts
    }

    /// The environments that branches bring about; none where it is not known which there should be.
    private mutating func branchDrafts(_ branches: BranchListing, _ tags: BranchListing) -> [EnvironmentDraft] {
        if let cause = policies.mappingsFault { report.unknown(.environments, cause) }
        guard named.fault == nil else { return [] }
        switch branches {
        case .unknown(let reason):
            report.unknown(
                .environments,
                report.warning(
                    .branchesUnknown, "the branches of the application repository are not known: \(reason)", at: nil,
                    hint: "Until they can be read, no environment is removed and none is added for a branch."))
            return []
        case .none:
            if let mapping = policies.policy.branchMappings.first {
                // Not a fault of any document, so no diagnostic: a work tree alone is valid.
                report.unknown(
                    .environments,
                    Cause(
                        code: Code.noRepository.rawValue,
                        reason: "no application repository is configured for the mappings",
                        mark: mapping.source))
            }
            return []
        case .known(let known):
            UnusedMappings(policies.policy.branchMappings, known, tags, report).check()
            let doubtful = doubtfulBranches(known)
            let claimed = named.named.compactMap { $0.branch?.value } + doubtful.keys
            let taken = Set(named.named.map(\.slug) + named.broken.map(\.slug))
            // The ones that such branches may have had so far stay as they are.
            for branch in doubtful.keys.sorted(by: { $0.precedesByBytes($1) }) {
                guard let cause = doubtful[branch], case let slug = Slug.of(branch: branch), !taken.contains(slug),
                    case .mapping(let mapping) = BranchEnvironments.match(branch, policies.mappings),
                    mapping.bringsAbout
                else { continue }
                report.keep(.environment(slug), cause)
            }
            return BranchEnvironments(
                policies: policies, named: named, claimed: Set(claimed), taken: taken, secrets: secrets, report: report
            ).drafts(known)
        }
    }

    /// The branches that entries which can't be read name or may mean: none gets another environment because of that.
    ///
    /// Where one can't be told at all, it may be any: then no branch brings a new environment about.
    private mutating func doubtfulBranches(_ known: [Branch]) -> [String: Cause] {
        guard !named.broken.isEmpty else { return [:] }
        let names = Set(known.map(\.name))
        var doubtful: [String: Cause] = [:]
        for entry in named.broken {
            if let branch = entry.branch { doubtful[branch] = doubtful[branch] ?? entry.cause }
            for hint in entry.hints {
                let meant = hint.candidates.filter(names.contains)
                for branch in meant { doubtful[branch] = doubtful[branch] ?? entry.cause }
                guard meant.isEmpty, !hint.isTold, sources.arrivals == nil else { continue }
                sources.arrivals = UnknownScope(
                    .environments, code: entry.cause.code,
                    reason: "its branch may be that of the environment \(quoted(entry.slug)), which can't be told: "
                        + Redaction.redact(entry.cause.reason), at: entry.cause.mark)
            }
        }
        return doubtful
    }

    // MARK: Each environment

    /// Marks an environment as unknown whose tier, class or template can't be read.
    private func markUnknown(_ draft: EnvironmentDraft) {
        let scope = UnknownScope.Extent.environment(draft.slug)
        if let cause = policies.brokenTiers[draft.tier] { report.unknown(scope, cause) }
        if let cause = policies.brokenClasses[draft.ttlClass] { report.unknown(scope, cause) }
        if draft.isOfBranch, let cause = named.brokenTemplates[draft.tier] { report.unknown(scope, cause) }
        if draft.isOfTemplate, let cause = sharing[draft.tier] { report.unknown(scope, cause) }
    }

    /// Keeps what an environment owns, unless it is declared elsewhere.
    ///
    /// What the inventory declares stays when the environment goes. What two environments want, neither gets.
    private mutating func keep(_ draft: Draft, of owner: EnvironmentDraft) -> Bool {
        if report.isUnknown(.resource(draft.key)), inventory.drafts[draft.key] == nil, owned[draft.key] == nil {
            return false
        }
        if let declared = declaration(of: draft.key) {
            report.note(
                .sharedResource, "\(owner.subject) wants \(draft.key), which the inventory declares", at: draft.source,
                hint: "Remove it from the inventory if it shall go with the environment.",
                notes: [Diagnostic.Note("declared here", at: declared)])
            return false
        }
        guard let first = owned[draft.key] else {
            var draft = draft
            draft.isProtected = owner.isProtected
            owned[draft.key] = draft
            return true
        }
        clashing.insert(draft.key)
        // That all branches would share it was told of their template.
        if owner.isOfTemplate, let cause = sharing[owner.tier] {
            report.unknown(.resource(draft.key), cause)
            return false
        }
        report.unknown(
            .resource(draft.key),
            report.error(
                .sharedResource, "\(owner.subject) wants \(draft.key), which another environment wants too",
                at: draft.source, hint: "Give each its own; until then it is left alone.",
                notes: [
                    Diagnostic.Note(
                        "the environment \(quoted(first.environment ?? "")) wants it here", at: first.source)
                ]))
        return false
    }

    private func declaration(of key: ResourceKey) -> SourceMark? {
        if let draft = inventory.drafts[key] { return draft.source }
        // Several addresses of one name have their data in their keys.
        guard key.kind == .record else { return nil }
        return inventory.drafts.values.filter { $0.key.kind == .record && $0.key.name.hasPrefix(key.name + "/") }
            .map(\.source).min()
    }

    /// Its own limits, completed by what its tier may use.
    private func quota(_ draft: EnvironmentDraft) -> ResourceQuota {
        let quota = policies.quota(tier: draft.tier, isEphemeral: draft.ttlClass == .ephemeral)
        return draft.limits?.quota.completed(by: quota) ?? quota
    }

    private mutating func environment(_ draft: EnvironmentDraft, _ resources: [ResourceKey]) -> Environment {
        // What is written of the environment counts more than what is written of its tier.
        let rule = draft.backupSchedule == nil ? policies.policy.backups[draft.tier] : nil
        var environment = Environment(
            slug: draft.slug, tier: draft.tier, ttlClass: draft.ttlClass,
            ttl: policies.policy.ttl[draft.ttlClass] ?? .never, branch: (draft.branch ?? draft.tag)?.value,
            headCommit: draft.headCommit, host: draft.host?.value, domain: draft.domain?.value,
            databaseCluster: draft.cluster?.value, database: draft.database?.value, filestore: draft.filestore?.value,
            workers: draft.workers, backupSchedule: (draft.backupSchedule ?? rule?.schedule)?.cron,
            autoDeploy: draft.autoDeploy ?? false, quota: quota(draft),
            isProtected: draft.isProtected, source: draft.source, resources: resources)
        environment.workersSource = draft.workersMark
        environment.limits = draft.limits
        environment.isOfBranch = draft.isOfBranch
        environment.backupRule = rule?.source
        environment.facts = draft.facts(policies).map { fact in
            let isOwn = fact.claims.contains { $0.authority == .override || $0.authority == .entry }
            return isOwn ? fact : common.insert(fact).memberAfterInsert
        }
        return environment
    }
}
