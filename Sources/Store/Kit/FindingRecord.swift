public import Basics
import DesiredState
public import Formats

/// What a finding is told from others by: the unique key of `ops.convergence_findings`.
public struct FindingIdentity: Sendable, Hashable, Comparable {
    /// As it is stored and the existing console reads it: `global` where the finding belongs to none.
    public let environment: String
    /// Such as `drift`, `function_missing`, `gate_failed`.
    public let kind: String
    public let key: String

    private static let noEnvironment = "global"

    /// - Parameters:
    ///   - environment: nil for what belongs to none.
    ///   - kind: such as `drift`.
    ///   - key: what it is about.
    public init(environment: String?, kind: String, key: String) {
        self.environment = environment ?? Self.noEnvironment
        self.kind = kind
        self.key = key
    }

    /// The environment that it belongs to; nil where it belongs to none.
    public var ownEnvironment: String? { environment == Self.noEnvironment ? nil : environment }

    /// `ENVIRONMENT/KIND/KEY`, by which it is asked for.
    public var path: String { "\(environment)/\(kind)/\(key)" }

    public static func < (a: FindingIdentity, b: FindingIdentity) -> Bool {
        if a.environment != b.environment { return a.environment.precedesByBytes(b.environment) }
        return a.kind == b.kind ? a.key.precedesByBytes(b.key) : a.kind.precedesByBytes(b.kind)
    }
}

/// Something that was looked at and is not as it has to be.
public struct Finding: Sendable, Hashable {
    public let identity: FindingIdentity
    /// What was seen; nothing secret.
    public let evidence: Value
    /// The command to go on with.
    public let suggestedAction: String
    /// Since when, where that is known better than by the finding itself.
    public let since: Timestamp?
    /// How long it may stand before it is escalated; nil: for ever.
    public let escalatesAfter: Duration?
    /// Whether a person or the SSOT says that it is known.
    public let isAcknowledged: Bool

    public init(
        _ identity: FindingIdentity, evidence: Value, suggestedAction: String, since: Timestamp? = nil,
        escalatesAfter: Duration? = nil, isAcknowledged: Bool = false
    ) {
        self.identity = identity
        self.evidence = evidence
        self.suggestedAction = suggestedAction
        self.since = since
        self.escalatesAfter = escalatesAfter
        self.isAcknowledged = isAcknowledged
    }
}

/// One finding over time: a row of `ops.convergence_findings`.
public struct FindingRecord: Sendable, Hashable {
    /// How it stands; another program may write other words, which are read as `open`.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        case open, acknowledged, escalated, resolved
    }

    public let identity: FindingIdentity
    public let status: Status
    public let evidence: Value
    public let suggestedAction: String?
    public let firstSeen: Timestamp
    public let lastSeen: Timestamp
    public let resolvedAt: Timestamp?
}

/// What a look changed, each list sorted.
public struct FindingDelta: Sendable, Hashable {
    public var opened: [FindingIdentity] = []
    public var escalated: [FindingIdentity] = []
    public var resolved: [FindingIdentity] = []

    public init() {}

    public var isEmpty: Bool { opened.isEmpty && escalated.isEmpty && resolved.isEmpty }
}
