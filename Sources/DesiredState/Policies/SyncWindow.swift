public import Basics

/// Of which environments a window or a freeze speaks.
public struct PolicyScope: Sendable, Hashable {
    /// Sorted by name.
    public let tiers: [Tier]
    /// Globs over the names of environments.
    public let environments: [GlobPattern]

    public init(tiers: [Tier] = [], environments: [GlobPattern] = []) {
        self.tiers = tiers.sorted { $0.rawValue.precedesByBytes($1.rawValue) }
        self.environments = environments
    }

    /// Names nothing, so that it speaks of everything, and of what environments share.
    public var isEverything: Bool { tiers.isEmpty && environments.isEmpty }

    /// Whether it speaks of a subject; one whose tier nobody knows may be of any.
    public func covers(_ subject: SyncSubject) -> Bool {
        if isEverything { return true }
        guard let slug = subject.environment else { return false }
        if environments.contains(where: { $0.matches(slug) }) { return true }
        return subject.tier.map(tiers.contains) ?? !tiers.isEmpty
    }
}

/// What a change is about, for those who ask whether it may be made now.
public struct SyncSubject: Sendable, Hashable {
    /// Nil: what environments share.
    public let environment: String?
    /// Nil where nobody knows it.
    public let tier: Tier?

    public init(environment: String?, tier: Tier?) {
        self.environment = environment
        self.tier = tier
    }
}

/// One entry of `sync_windows`: a time that comes again, in which changes may be made, or may not.
public struct SyncWindow: Sendable, Hashable {
    /// What an open window means.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Its subjects are changed only while one of their allow windows is open.
        case allow
        /// Its subjects are not changed while it lasts, whatever allows it.
        case deny
    }

    public let kind: Kind
    /// When it begins, in the civil time of `timeZone`.
    public let schedule: Cron
    /// How long it lasts, from each begin on; by the clock on the wall an hour more or less where clocks change.
    public let duration: Duration
    /// A name of the IANA database.
    public let timeZone: String
    public let scope: PolicyScope
    /// Whether a person may make changes by hand all the same.
    public let allowsManual: Bool
    public let reason: String?
    public let source: SourceMark
    /// Where the name of the time zone stands.
    public let timeZoneSource: SourceMark

    public init(
        kind: Kind, schedule: Cron, duration: Duration, timeZone: String = "UTC", scope: PolicyScope = PolicyScope(),
        allowsManual: Bool = false, reason: String? = nil, source: SourceMark, timeZoneSource: SourceMark? = nil
    ) {
        self.kind = kind
        self.schedule = schedule
        self.duration = duration
        self.timeZone = timeZone
        self.scope = scope
        self.allowsManual = allowsManual
        self.reason = reason
        self.source = source
        self.timeZoneSource = timeZoneSource ?? source
    }

    /// Whether it is open at an instant: from each begin on, up to its end and without it.
    public func isOpen(at now: Timestamp, in zone: TimeZone) -> Bool {
        schedule.next(after: now - duration, in: zone).map { $0 <= now } ?? false
    }

    /// The next instant at which it opens, or closes where it is open; nil where that is beyond what is looked at.
    public func nextTurn(after now: Timestamp, in zone: TimeZone) -> Timestamp? {
        guard let begin = schedule.next(after: now - duration, in: zone) else { return nil }
        guard begin <= now else { return begin }
        var end = begin + duration
        // One that begins anew before it has ended goes on.
        for _ in 0..<20_000 {
            guard let next = schedule.next(after: max(end - duration, begin), in: zone), next <= end else { return end }
            end = next + duration
        }
        return nil
    }
}

/// One entry of `freeze`: a time in which nothing is changed, whoever asks.
public struct Freeze: Sendable, Hashable {
    /// Nil: since ever.
    public let from: Timestamp?
    /// The first instant after it.
    public let until: Timestamp
    public let reason: String
    public let scope: PolicyScope
    public let source: SourceMark

    public init(from: Timestamp?, until: Timestamp, reason: String, scope: PolicyScope, source: SourceMark) {
        self.from = from
        self.until = until
        self.reason = reason
        self.scope = scope
        self.source = source
    }

    /// Whether it holds at an instant: from its begin on, up to its end and without it.
    public func isInForce(at now: Timestamp) -> Bool { (from.map { $0 <= now } ?? true) && now < until }
}

/// An entry of `sync_windows` or `freeze` that can't be read: it might forbid what it is about, so it does.
public struct UnreadableWindow: Sendable, Hashable {
    public let scope: PolicyScope
    public let reason: String
    public let source: SourceMark?

    public init(scope: PolicyScope, reason: String, source: SourceMark?) {
        self.scope = scope
        self.reason = reason
        self.source = source
    }
}
