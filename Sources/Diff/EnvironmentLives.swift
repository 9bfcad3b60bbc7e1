internal import Basics
internal import DesiredState

/// Which environments live, end or have ended at the time of the plan.
struct EnvironmentLives {
    struct Life {
        let outlook: EnvironmentOutlook
        /// Nil where neither the repository nor the store knows it.
        let tier: Tier?
        let isProtected: Bool
        /// How documents have let go of it although it hasn't ended; nil where they haven't.
        var release: Release?
        /// Since when nothing wants it; nil where this plan is the first that finds so, or it is wanted.
        var unwantedSince: Timestamp?

        /// Whether what it owns goes without a question: a development environment at its end.
        var endsFreely: Bool {
            (outlook.phase == .expired || outlook.phase == .unwanted) && (tier == .dev || tier == .preview)
                && !isProtected
        }
    }

    /// Sorted by slug.
    let outlooks: [EnvironmentOutlook]
    private let lives: [String: Life]
    /// Slugs whose resources are no longer wanted although the repository lists them.
    let expired: Set<String>
    /// Slugs of those that are wanted by a branch or a pull request alone.
    let areOfBranches: Set<String>

    /// What is `kept` is the care of environments whose documents give them less, and nobody has said that it is meant.
    init(
        _ environments: [Environment], of desired: DesiredState, records: [EnvironmentRecord], scopes: UnknownScopes,
        kept: [String: Care] = [:], now: Timestamp
    ) {
        let policy = desired.policy
        areOfBranches = Set(environments.lazy.filter(\.isOfBranch).map(\.slug))
        var lives: [String: Life] = [:]
        let remembered = Dictionary(records.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        for wanted in environments {
            let environment = kept[wanted.slug].map { wanted.keeping($0, policy) } ?? wanted
            let outlook: EnvironmentOutlook
            if let scope = scopes.environment(environment.slug) {
                outlook = EnvironmentOutlook(
                    slug: environment.slug, phase: scope.phase, expiresAt: nil, reason: scope.sentence)
            } else {
                outlook = LifeClock(environment, policy.lifeRule(environment.ttlClass), now: now)
                    .outlook(remembered[environment.slug])
            }
            lives[environment.slug] = Life(
                outlook: outlook, tier: environment.tier, isProtected: environment.isProtected)
        }
        let unwanted = records.filter { lives[$0.slug] == nil && $0.status != .gone }
        let branches = unwanted.compactMap { record in record.branch.map { (record.slug, $0) } }
        let standings =
            branches.isEmpty
            ? [:] : desired.sources.standings(Dictionary(branches, uniquingKeysWith: { first, _ in first }))
        for record in unwanted {
            let outlook: EnvironmentOutlook
            var release: Release?
            if let scope = scopes.existence(ofEnvironment: record.slug) {
                outlook = EnvironmentOutlook(
                    slug: record.slug, phase: scope.phase, expiresAt: scope.isPin ? record.pinnedUntil : nil,
                    reason: scope.sentence)
            } else {
                let why = Unwanting(
                    record, standings[record.slug] ?? .unknown, desired.guards, now: now,
                    refusal: desired.refusal(ofPreview: record.slug))
                outlook = EnvironmentOutlook(
                    slug: record.slug, phase: .unwanted, expiresAt: nil, reason: why.reason)
                release = why.release
            }
            lives[record.slug] = Life(
                outlook: outlook, tier: record.tier, isProtected: false, release: release,
                unwantedSince: record.unwantedSince)
        }
        self.lives = lives
        outlooks = lives.values.map(\.outlook).sorted { compareBytes($0.slug, $1.slug) < 0 }
        expired = Set(outlooks.filter { $0.phase == .expired }.map(\.slug))
    }

    subscript(slug: String) -> Life? { lives[slug] }

    func isOver(_ slug: String?) -> Bool {
        guard !expired.isEmpty, let slug else { return false }
        return expired.contains(slug)
    }
}
