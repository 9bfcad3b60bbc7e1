internal import Basics
internal import DesiredState

/// When one environment ends, by the rule of its class and what is remembered of it.
///
/// Whatever is not known (its age, its last deploy, a sum beyond the calendar) never ends anything.
struct LifeClock {
    private let environment: Environment
    private let rule: LifeRule
    private let now: Timestamp

    init(_ environment: Environment, _ rule: LifeRule, now: Timestamp) {
        self.environment = environment
        self.rule = rule
        self.now = now
    }

    func outlook(_ record: EnvironmentRecord?) -> EnvironmentOutlook {
        if environment.tier == .production || environment.ttlClass == .production {
            return forEver("production never expires")
        }
        if environment.tier == .staging || environment.ttlClass == .staging { return forEver("staging never expires") }
        let known = record.flatMap { $0.status == .gone ? nil : $0 }
        if let known, known.isPinned, known.pinnedUntil == nil {
            return forEver("pinned" + (known.pinReason.map { ": \($0)" } ?? ""))
        }
        let name = environment.ttlClass.rawValue
        guard case .after(let ttl) = environment.ttl else { return forEver("\(name) has no time to live") }
        guard ttl > .zero else { return forEver("the time to live of \(name) is none: it never expires") }
        guard let known else { return beginning(ttl, "\(name): \(ttl.shortText) from its creation") }

        let days = extensionDays(of: known)
        let start = start(of: known)
        let timeEnds = start.instant.flatMap { instant(after: $0, ttl, days: days.count) }
        var end = timeEnds
        let pin = known.isPinned ? known.pinnedUntil : nil
        if let pin, let unpinned = end { end = max(unpinned, pin) }
        func lasting(_ outlook: EnvironmentOutlook) -> EnvironmentOutlook {
            var outlook = outlook
            outlook.timeEnds = timeEnds == end ? nil : timeEnds
            // More days move the end of its time and not that of its pin.
            outlook.keeping = Keeping(
                end: timeEnds, now: now, extended: known.extensionDays, longest: rule.longestExtension,
                most: rule.mostExtension)
            return outlook
        }

        if known.status == .expired, !(end.map { now < $0 } ?? false) {
            guard let head = environment.headCommit, let expiredHead = known.expiredHead, head != expiredHead else {
                return lasting(
                    EnvironmentOutlook(
                        slug: environment.slug, phase: .expired, expiresAt: end,
                        reason: "it expired, and its branch has no newer commit that is known"))
            }
            return beginning(ttl, "\(name): \(ttl.shortText) from now, for its branch has a new commit")
        }
        guard let begin = start.instant else { return forEver("its \(start.name) is unknown, so it never expires") }
        guard let end else { return forEver("\(name): its end lies beyond the calendar") }
        var reason = "\(name): \(ttl.shortText)\(days.text) from \(start.prefix)\(begin)"
        if let pin { reason += pinText(pin, known.pinReason) }
        let noticeEnds = earliest(for: end, ttl, known)
        let goesAt = max(end + rule.grace, noticeEnds)
        if known.status != .expired, goesAt > end + rule.grace, now >= end {
            reason += "; nobody was told in time, so what it owns stays until \(goesAt)"
        }
        var outlook = EnvironmentOutlook(
            slug: environment.slug, phase: phase(until: end, goesAt), expiresAt: end, reason: reason, goesAt: goesAt)
        outlook.noticeEnds = noticeEnds
        return lasting(outlook)
    }

    private func phase(until end: Timestamp, _ goesAt: Timestamp) -> EnvironmentOutlook.Phase {
        if now >= goesAt { return .expired }
        if now >= end { return .ending }
        return end - rule.warnBefore <= now ? .expiring : .active
    }

    /// The first instant at which people have been told of the end long enough before: for half of the time that the
    /// policy gives them.
    ///
    /// A time to live that was just made shorter, a clock that has jumped and a service that stood still for days would
    /// otherwise end what nobody was warned of.
    private func earliest(for end: Timestamp, _ ttl: Duration, _ known: EnvironmentRecord) -> Timestamp {
        // What has expired already was decided by a pass before.
        guard known.status != .expired, let warning = known.warning, end - rule.warnBefore <= now else { return end }
        // Who was promised more isn't told by the measure of a time to live that may be a mistake.
        if known.endsSooner(at: end) { return now + rule.warnBefore / 2 }
        guard case .of(end, let instant) = warning else { return now + min(rule.warnBefore, ttl) / 2 }
        return known.noticeEnds ?? instant.map { $0 + min(rule.warnBefore, ttl) / 2 } ?? end
    }

    private func pinText(_ until: Timestamp, _ reason: String?) -> String {
        let why = reason.map { " (\($0))" } ?? ""
        return until > now ? ", pinned until \(until)\(why)" : "; its pin ended on \(until)\(why)"
    }

    /// The days that people added, as far as the policy lets them count.
    private func extensionDays(of record: EnvironmentRecord) -> (count: Int, text: String) {
        let added = min(max(0, record.extensionDays), 36_500)
        let days = min(added, rule.mostExtension ?? added)
        guard added > 0 else { return (0, "") }
        let limit = days < added ? " (\(added) were added, the policy allows \(days))" : ""
        return (days, " and \(days.of("day")) of extension\(limit)")
    }

    /// From when its time counts; nil where that is not known.
    private func start(of record: EnvironmentRecord) -> (instant: Timestamp?, name: String, prefix: String) {
        // Its time didn't run before: somebody has just said that it has one.
        if !record.tier.hasLife { return (now, "age", "the end of its time as \(record.tier.rawValue) on ") }
        switch rule.start {
        case .created: return (record.createdAt, "age", "")
        case .lastDeploy: return (record.deployedAt, "last deploy", "its last deploy on ")
        case .lastActivity:
            // A commit that nobody has seen before is an activity of now.
            if let head = environment.headCommit, let before = record.headCommit, head != before {
                return (now, "last activity", "its last activity on ")
            }
            return (record.activeAt, "last activity", "its last activity on ")
        }
    }

    private func forEver(_ reason: String) -> EnvironmentOutlook {
        EnvironmentOutlook(slug: environment.slug, phase: .active, expiresAt: nil, reason: reason)
    }

    /// An environment whose time begins with the changes of this plan.
    private func beginning(_ ttl: Duration, _ reason: String) -> EnvironmentOutlook {
        EnvironmentOutlook(
            slug: environment.slug, phase: .active, expiresAt: instant(after: now, ttl, days: 0), reason: reason,
            hasBegun: false)
    }

    /// Nil where the sum has no place on the calendar: an overflow must not end anything.
    private func instant(after start: Timestamp, _ ttl: Duration, days: Int) -> Timestamp? {
        let (first, overflow) = start.microseconds.addingReportingOverflow(ttl.microseconds)
        guard !overflow else { return nil }
        let (second, again) = first.addingReportingOverflow(Int64(days) * 86_400_000_000)
        // The end of year 9999, the last that RFC 3339 can write.
        guard !again, second < 253_402_300_800_000_000 else { return nil }
        return Timestamp(microseconds: second)
    }
}
