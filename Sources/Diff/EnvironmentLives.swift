internal import Basics
internal import DesiredState

/// Which environments live, end or have ended at the time of the plan.
struct EnvironmentLives {
    struct Life {
        let outlook: EnvironmentOutlook
        /// Nil where neither the repository nor the store knows it.
        let tier: Tier?
        let isProtected: Bool

        /// Whether what it owns goes without a question: a development environment at its end.
        var endsFreely: Bool {
            (outlook.phase == .expired || outlook.phase == .unwanted) && (tier == .dev || tier == .preview)
                && !isProtected
        }
    }

    /// Sorted by slug.
    let outlooks: [EnvironmentOutlook]
    private var lives: [String: Life] = [:]
    /// Slugs whose resources are no longer wanted although the repository lists them.
    let expired: Set<String>

    init(_ environments: [Environment], records: [EnvironmentRecord], scopes: UnknownScopes, now: Timestamp) {
        let remembered = Dictionary(records.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        for environment in environments {
            let outlook: EnvironmentOutlook
            if let scope = scopes.environment(environment.slug) {
                outlook = EnvironmentOutlook(
                    slug: environment.slug, phase: .unknown, expiresAt: nil, reason: scope.sentence)
            } else {
                outlook = Self.outlook(of: environment, record: remembered[environment.slug], now: now)
            }
            lives[environment.slug] = Life(
                outlook: outlook, tier: environment.tier, isProtected: environment.isProtected)
        }
        for record in records where lives[record.slug] == nil && record.status != .gone {
            let outlook: EnvironmentOutlook
            if let scope = scopes.existence(ofEnvironment: record.slug) {
                outlook = EnvironmentOutlook(
                    slug: record.slug, phase: .unknown, expiresAt: nil, reason: scope.sentence)
            } else {
                let reason =
                    record.branch.map { "branch \($0) is gone" } ?? "no document wants the environment any more"
                outlook = EnvironmentOutlook(slug: record.slug, phase: .unwanted, expiresAt: nil, reason: reason)
            }
            lives[record.slug] = Life(outlook: outlook, tier: record.tier, isProtected: false)
        }
        outlooks = lives.values.map(\.outlook).sorted { compareBytes($0.slug, $1.slug) < 0 }
        expired = Set(outlooks.filter { $0.phase == .expired }.map(\.slug))
    }

    subscript(slug: String) -> Life? { lives[slug] }

    func isOver(_ slug: String?) -> Bool {
        guard !expired.isEmpty, let slug else { return false }
        return expired.contains(slug)
    }

    // MARK: One environment

    private static func outlook(
        of environment: Environment, record: EnvironmentRecord?, now: Timestamp
    ) -> EnvironmentOutlook {
        func forEver(_ reason: String) -> EnvironmentOutlook {
            EnvironmentOutlook(slug: environment.slug, phase: .active, expiresAt: nil, reason: reason)
        }
        if environment.tier == .production || environment.ttlClass == .production {
            return forEver("production never expires")
        }
        if environment.tier == .staging || environment.ttlClass == .staging { return forEver("staging never expires") }
        if let record, record.status != .gone, record.isPinned { return forEver("pinned") }
        let rule = environment.ttlClass.rawValue
        guard case .after(let ttl) = environment.ttl else { return forEver("\(rule) has no time to live") }
        guard ttl > .zero else { return forEver("the time to live of \(rule) is none: it never expires") }

        guard let record, record.status != .gone else {
            return beginning(environment, ttl, "\(rule): \(ttl.shortText) from its creation", now)
        }
        let days = min(max(0, record.extensionDays), 36_500)
        let extended = days == 0 ? "" : " and \(days) \(days == 1 ? "day" : "days") of extension"
        let end = record.createdAt.flatMap { instant(after: $0, ttl, days: days) }

        if record.status == .expired {
            let isExtended = end.map { now < $0 } ?? false
            if !isExtended {
                guard let head = environment.headCommit, let expiredHead = record.expiredHead, head != expiredHead
                else {
                    let reason = "it expired, and its branch has no newer commit that is known"
                    return EnvironmentOutlook(slug: environment.slug, phase: .expired, expiresAt: end, reason: reason)
                }
                return beginning(
                    environment, ttl, "\(rule): \(ttl.shortText) from now, for its branch has a new commit", now)
            }
        }
        guard let createdAt = record.createdAt else { return forEver("its age is unknown, so it never expires") }
        guard let end else { return forEver("\(rule): its end lies beyond the calendar") }
        let reason = "\(rule): \(ttl.shortText)\(extended) from \(createdAt)"
        let phase: EnvironmentOutlook.Phase =
            now >= end
            ? .expired
            : end.microseconds - now.microseconds <= Duration.hours(24).microseconds
                ? .expiring : .active
        return EnvironmentOutlook(slug: environment.slug, phase: phase, expiresAt: end, reason: reason)
    }

    /// An environment whose time begins with the changes of this plan.
    private static func beginning(
        _ environment: Environment, _ ttl: Duration, _ reason: String, _ now: Timestamp
    ) -> EnvironmentOutlook {
        EnvironmentOutlook(
            slug: environment.slug, phase: .active, expiresAt: instant(after: now, ttl, days: 0), reason: reason,
            hasBegun: false)
    }

    /// Nil where the sum has no place on the calendar: an overflow must not end anything.
    private static func instant(after start: Timestamp, _ ttl: Duration, days: Int) -> Timestamp? {
        let (first, overflow) = start.microseconds.addingReportingOverflow(ttl.microseconds)
        guard !overflow else { return nil }
        let (second, again) = first.addingReportingOverflow(Int64(days) * 86_400_000_000)
        // The end of year 9999, the last that RFC 3339 can write.
        guard !again, second < 253_402_300_800_000_000 else { return nil }
        return Timestamp(microseconds: second)
    }
}
