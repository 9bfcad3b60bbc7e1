public import Basics

/// How environments of a class end: an entry of `ttl_policies`.
public struct LifeRule: Sendable, Hashable {
    /// From when on the time to live counts.
    public enum Start: String, Sendable, Hashable, CaseIterable {
        /// From when it was created.
        case created
        /// From when it was last changed by a pass, or created.
        case lastDeploy = "last_deploy"
        /// From the last new commit on its branch, or the last deploy.
        case lastActivity = "last_activity"
    }

    public var ttl: TimeToLive
    public var start = Start.created
    /// How long before its end people are warned.
    public var warnBefore = Duration.hours(24)
    /// How long what it owns stays after its end.
    public var grace = Duration.zero
    /// The most days that it is extended by at once; nil: 365.
    public var longestExtension: Int?
    /// The most days that extensions may add up to; nil: no limit.
    public var mostExtension: Int?

    public init(ttl: TimeToLive) { self.ttl = ttl }
}

/// What happens to what nothing wants any more: `prune`.
public struct PruneRule: Sendable, Hashable {
    /// How long a thing stays that may go without a question.
    public var grace = Duration.zero
    /// How long a thing stays that only a person may let go: what is protected or holds data.
    public var guardedGrace = Duration.zero
    /// Why it can't be read, so that nothing goes; nil where it can.
    public var unreadable: UnreadableRule?

    /// A rule without any grace.
    public init() {}

    /// What holds where no document says otherwise.
    public static let standard: PruneRule = {
        var rule = PruneRule()
        (rule.grace, rule.guardedGrace) = (.hours(1), .hours(24))
        return rule
    }()
}

/// A rule of the policies that can't be read, so that it allows nothing.
public struct UnreadableRule: Sendable, Hashable {
    public let code: String
    public let reason: String
    /// Nil where no single line is it.
    public let source: SourceMark?

    public init(code: String, reason: String, at source: SourceMark?) {
        self.code = code
        self.reason = reason
        self.source = source
    }

    init(_ cause: Cause) { self.init(code: cause.code, reason: cause.reason, at: cause.mark) }
}

/// How long an approval holds: `approvals`.
public struct ApprovalRule: Sendable, Hashable {
    /// Where the person who approves doesn't say.
    public var validFor = Duration.hours(24)
    /// The most that a person may say.
    public var longest = Duration.days(30)
    /// What holds while the section can't be read: it may have been short.
    static let unreadable = {
        var rule = ApprovalRule()
        (rule.validFor, rule.longest) = (.hours(1), .hours(1))
        return rule
    }()

    public init() {}
}
