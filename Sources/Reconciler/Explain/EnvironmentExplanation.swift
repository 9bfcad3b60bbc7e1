public import Basics
public import DesiredState
public import Diff
public import Git
public import Store

/// Why an environment stands as it does: its own state, and the first thing that is in the way of what it owns.
public struct EnvironmentExplanation: Sendable {
    /// What an environment as a whole comes to.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its pull request has no preview.
        case refused
        /// What is wanted of it can't be read.
        case unknown
        /// A person has it left alone.
        case suspended
        /// Nothing wants it any more, and a person has pinned it: all of it stays as it is.
        case pinned
        /// Its time is over: what it owns goes.
        case expired
        /// Nothing wants it any more: what it owns goes.
        case unwanted
        /// Nothing wants it, and nothing of it is left.
        case gone
        /// A person has to say yes.
        case waiting
        /// The time is not right: a window or a freeze.
        case window
        /// Something else is in the way of what it owns.
        case blocked
        /// Its time is over, and what it owns goes after its grace.
        case ending
        /// It ends within the time in which people are warned.
        case expiring
        /// The next pass does what is left to do.
        case pending
        /// Something of it differs, and no plan mends it yet.
        case differs
        case asWanted = "as_wanted"
    }

    /// What it is in, why, and until when.
    public struct Standing: Sendable, Hashable {
        public let state: State
        /// One sentence.
        public let reason: String
        /// The line of the SSOT at which it stands; nil where no line is its cause.
        public var source: SourceMark?
        /// When it ends by itself; nil where it takes more than time.
        public var until: Timestamp?
        /// The command that changes it or shows more; nil where none does.
        public var command: String?
    }

    /// When no change of it may be made now, though it be allowed.
    public struct Closure: Sendable, Hashable {
        /// One sentence that names the window or freeze.
        public let reason: String
        public let source: SourceMark?
        /// When it opens; nil: no opening is in sight.
        public let until: Timestamp?
    }

    public let slug: String
    public let outlook: Outlook
    /// Nil where nothing that can be read wants it.
    public let environment: Environment?
    /// Nil where no pass has kept it yet.
    public let row: EnvironmentRow?
    /// Nil where the plan says nothing of its life.
    public let life: EnvironmentOutlook?
    /// The pull request that it shows; nil where it shows none, or one that nobody knows.
    public let pullRequest: PullRequest?
    /// What keeps it as it is, the first of it where there is more.
    public let standing: Standing
    /// What keeps it so as well: whoever mends the first finds these still there.
    public let others: [Standing]
    public let closure: Closure?
    /// The first thing in the way of what it owns, at its resource; nil when nothing is.
    public let obstacle: Obstacle?
    /// From the resource that it owns to the one at which the obstacle stands.
    public let path: [ResourceKey]
    /// What it owns: with the next change of each, nil where it is as wanted; those that change first, in their order.
    public let resources: [(key: ResourceKey, change: PlannedChange?)]
    public let nextWake: Explanation.Wake
    public let lastRun: RunRecord?
    /// What holds for it, each with its line, what decided, and who changed that line last.
    public let facts: [ExplainedFact]
    /// The commit that changed the line last that wants it; nil where there is no history.
    public let commit: GitCommit?

    public var tier: Tier? { environment?.tier ?? row?.tier }
    public var branch: String? { environment?.branch ?? row?.branch ?? pullRequest?.head }
    /// When it ends; nil where it never does, or nobody knows.
    public var expiresAt: Timestamp? { life.map { $0.hasBegun ? $0.expiresAt : nil } ?? row?.expiresAt }
}

/// The answer to why: of a resource, of an environment, or of an entry from which no resource is made.
public enum Explained: Sendable {
    case resource(Explanation)
    case environment(EnvironmentExplanation)
    case entry(EntryExplanation)

    /// The environment that it tells of; nil where that is none, or all of them.
    public var environment: String? {
        switch self {
        case .resource(let one): one.environment
        case .environment(let one): one.slug
        case .entry(let one): one.environment
        }
    }

    /// What is in the way, and the environment of the resource at which it stands; nil where nothing is.
    var obstacle: (obstacle: Obstacle, environment: String?)? {
        let (found, outlook): (Obstacle?, Outlook) =
            switch self {
            case .resource(let one): (one.obstacle, one.outlook)
            case .environment(let one): (one.obstacle, one.outlook)
            case .entry(let one): (nil, one.outlook)
            }
        return found.map { ($0, outlook.environment(of: $0.key)) }
    }
}

extension Reconciler {
    /// Looks, and says why a resource or an environment stands as it does; leaves no trace.
    ///
    /// - Parameter name: a key, the name of an environment, or its branch; `pr-7` also of a pull request without one;
    ///   `environment/NAME`, `backup/NAME`, `ops.integration/ID` and `ops.convergence_check/ENVIRONMENT/KIND/KEY` too.
    /// - Returns: the answer.
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the source or the store.
    public func answer(_ name: String) async throws -> Explained { try await answer(name, in: try await look()) }

    /// Says why a resource or an environment stands as it does, by what was seen already.
    ///
    /// - Parameters:
    ///   - name: as it may be asked for after a look.
    ///   - outlook: what was seen.
    /// - Returns: the answer.
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the store.
    public func answer(_ name: String, in outlook: Outlook) async throws -> Explained {
        let prefix = ["environment/", ScheduledJob.backupPrefix].first { name.hasPrefix($0) } ?? ""
        if let environment = try await explainEnvironment(String(name.dropFirst(prefix.count)), in: outlook) {
            return .environment(environment)
        }
        if let entry = try await explainEntry(name, in: outlook) { return .entry(entry) }
        let basis = try await explainBasis(
            try await counting(approvalsOf: outlook), of: ResourceKey(name).map { [$0] } ?? [])
        return .resource(try await explain(name, on: basis, withHistory: true))
    }

    /// Says why an environment stands as it does, by what was seen already.
    ///
    /// - Parameters:
    ///   - name: its name, or the branch that it runs.
    ///   - outlook: what was seen.
    /// - Returns: nil where no environment is called so.
    /// - Throws: `UnknownKeyFault` for a preview of a pull request that nobody knows; a `Fault` of the store.
    public func explainEnvironment(
        _ name: String, in outlook: Outlook
    ) async throws -> EnvironmentExplanation? {
        let desired = outlook.desired
        let slug = desired.environments.first { $0.branch == name }?.slug ?? name
        let environment = desired.environments.first { $0.slug == slug }
        let row = try await store.environment(slug)
        let pull = try await pullRequest(of: slug, desired)
        let wishes = WishDoubt(desired)
        let doubt = wishes.about(environment: slug)
        guard environment != nil || row != nil || pull != nil || doubt?.extent == .environment(slug) else {
            if let number = PullRequest.number(inSlug: slug) {
                throw UnknownKeyFault(pullRequest: number, hasRule: desired.policy.previews != nil)
            }
            return nil
        }
        let outlook = try await counting(approvalsOf: outlook)
        let resources = resources(of: slug, outlook)
        var first: Explanation?
        // What is held back has its reason in the plan; of what is allowed only the journal and the lease can tell one.
        let changes = resources.compactMap(\.change)
        let order = changes.filter { $0.verdict != .allowed } + changes.filter { $0.verdict == .allowed }
        let asked = order.prefix(Self.explainedResources).map(\.key)
        let basis = try await explainBasis(outlook, of: asked)
        for key in asked where first?.obstacle == nil {
            first = try await explain(key.description, on: basis, withHistory: false)
        }
        // While nobody has said that a lower tier is meant, the windows of the one before hold.
        let tiers = [environment?.tier, row?.tier]
        let subject = SyncSubject(environment: slug, tier: Tier.allCases.first { tiers.contains($0) })
        let life = outlook.plan.environments.first { $0.slug == slug }
        let differences = try await store.openDrift(of: [slug]).filter { !$0.isQuiet }
        let reading = EnvironmentReading(
            slug: slug, desired: desired, environment: environment, row: row, life: life, pull: pull, doubt: doubt,
            unread: wishes.first(among: resources.map(\.key), wanted: Set(desired.resources.map(\.key))),
            obstacle: first?.obstacle, changes: changes, differences: differences, now: time.now)
        let commits = await source.origins(of: ExplainedFact.marks(of: environment), at: desired.revision)
        return EnvironmentExplanation(
            slug: slug, outlook: outlook, environment: environment, row: row, life: life,
            pullRequest: pull?.pullRequest, standing: reading.standing, others: reading.others,
            closure: closure(of: subject, desired.policy),
            obstacle: first?.obstacle, path: first?.obstacle == nil ? [] : first?.path ?? [], resources: resources,
            nextWake: first?.nextWake ?? nextWake(nil, basis.services[basis.share.shards.shard(of: slug)]),
            lastRun: basis.lastRun, facts: ExplainedFact.all(of: environment, commits),
            commit: environment.flatMap { commits[$0.source] })
    }

    /// So many of its changes are looked into for what is in their way.
    private static let explainedResources = 12

    private func resources(
        of slug: String, _ outlook: Outlook
    ) -> [(key: ResourceKey, change: PlannedChange?)] {
        let changes = outlook.plan.changes.filter { $0.environment == slug }
        let changing = Set(changes.map(\.key))
        var still = Set(outlook.desired.resources.filter { $0.environment == slug }.map(\.key))
        still.formUnion(outlook.inventory.entries.filter { $0.environment == slug }.map(\.key))
        return changes.map { ($0.key, $0) } + still.subtracting(changing).sorted().map { ($0, nil) }
    }

    /// The pull request whose preview bears a name, as it was last seen.
    private func pullRequest(of slug: String, _ desired: DesiredState) async throws -> PullRequestRow? {
        guard let number = PullRequest.number(inSlug: slug) else { return nil }
        let repository = (desired.policy.previews?.repository ?? applicationRepository)?.lowercased() ?? ""
        // What was read just now counts more than what a pass has kept.
        if let preview = desired.previews.first(where: { $0.pullRequest.number == number }) {
            return PullRequestRow(repository: repository, preview.pullRequest)
        }
        return try await store.pullRequests(of: repository).first { $0.pullRequest.number == number }
    }

    private func closure(of subject: SyncSubject, _ policy: Policy) -> EnvironmentExplanation.Closure? {
        let calendar = SyncCalendar(policy, zones: zones(policy.timeZoneNames))
        guard !calendar.isEmpty, let closure = calendar.closure(of: [subject], at: time.now) else { return nil }
        return EnvironmentExplanation.Closure(
            reason: closure.reason, source: closure.source, until: calendar.nextOpening(of: [subject], from: time.now))
    }
}
