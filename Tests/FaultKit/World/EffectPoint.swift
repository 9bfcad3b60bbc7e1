/// A place at which a process touches the world, and where something can come between.
public struct EffectPoint: Sendable, Hashable, CustomStringConvertible {
    /// What is touched.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A request that changes something at a provider.
        case write
        /// A request that only asks.
        case read
        /// A transaction of the store that may write.
        case commit
        /// A look into the repository.
        case fetch
        /// An input of the scenario, with the hook that tells of it.
        case input
    }

    public let kind: Kind
    /// Which one: method and path, or the name of an input.
    public let label: String
    /// Counts from 1 among those of one kind and label, so that the order of other requests doesn't matter.
    public let ordinal: Int

    init(_ kind: Kind, _ label: String, _ ordinal: Int) {
        self.kind = kind
        self.label = label
        self.ordinal = ordinal
    }

    /// Reads `write POST /v2/droplets #1`; nil for anything else.
    init?(_ text: some StringProtocol) {
        guard let space = text.firstIndex(of: " "), let kind = Kind(rawValue: String(text[..<space])),
            let mark = text.lastIndex(of: "#"), let ordinal = Int(text[text.index(after: mark)...]),
            let end = text[..<mark].lastIndex(of: " "), end > space
        else { return nil }
        self.init(kind, String(text[text.index(after: space)..<end]), ordinal)
    }

    public var description: String { "\(kind.rawValue) \(label) #\(ordinal)" }
}

/// What comes between at a point.
public enum Disturbance: String, Sendable, Hashable, CaseIterable {
    /// The process ends, and the effect never happens.
    case crashBefore = "crash-before"
    /// The effect happens, and the process ends before it knows.
    case crashAfter = "crash-after"
    /// The effect happens; the connection ends without an answer.
    case answerLost = "answer-lost"
    /// The request never arrives.
    case requestLost = "request-lost"
    /// The provider is asked too often: 429, no effect.
    case refused = "429"
    /// 500, no effect.
    case serverError = "500"
    /// The effect happens, and the answer is 500.
    case serverErrorAfter = "500-after"
    /// The connection ends; the effect happens a few seconds later.
    case lateEffect = "late-effect"
    /// What is created can't be read for a while.
    case hiddenAfterCreate = "hidden-after-create"
    /// A read shows the state before the last write.
    case staleByOne = "stale-1"
    /// A read shows the state of three writes ago.
    case staleByThree = "stale-3"
    /// A read fails each time: nothing is observed in this pass.
    case unobserved
    /// A list ends in its middle.
    case truncated
    /// The store refuses once, and nothing is written.
    case storeFails = "store-fails"
    /// The store writes, and its answer is lost.
    case storeAnswerLost = "store-answer-lost"
    /// The repository does not answer.
    case sourceFails = "source-fails"
    /// The repository shows the commit before.
    case staleSource = "stale-source"
    /// The process stands still for longer than its lease lasts, and another one does its work.
    case takenOver = "taken-over"
    /// The process stands still for a moment, in which another one tries to work.
    case besetted = "beset"
    /// The clock of the machine jumps an hour ahead; a restart finds it right.
    case clockForward = "clock-forward"
    /// The clock of the machine jumps an hour back; a restart finds it right.
    case clockBack = "clock-back"
    /// The hook never arrives.
    case hookLost = "hook-lost"
    /// The hook arrives three times.
    case hookDoubled = "hook-doubled"
    /// The hook arrives before what it tells of is there, and never again.
    case hookEarly = "hook-early"
    /// The hook arrives after that of the next input.
    case hookLate = "hook-late"
    /// The next input comes before this one was looked at.
    case unseenInput = "unseen-input"

    /// Whether it sets a clock, or lets a process stand still: times that lie apart may fall together for it.
    var movesTime: Bool { [.takenOver, .besetted, .clockForward, .clockBack].contains(self) }

    /// What can come between at a point of a kind.
    static func all(at kind: EffectPoint.Kind) -> [Disturbance] {
        switch kind {
        case .write:
            [
                .crashBefore, .crashAfter, .answerLost, .requestLost, .refused, .serverError, .serverErrorAfter,
                .lateEffect, .hiddenAfterCreate, .takenOver, .besetted, .clockForward, .clockBack,
            ]
        case .read: [.refused, .serverError, .answerLost, .staleByOne, .staleByThree, .unobserved, .truncated]
        case .commit:
            [
                .crashBefore, .crashAfter, .storeFails, .storeAnswerLost, .takenOver, .besetted, .clockForward,
                .clockBack,
            ]
        case .fetch:
            [.crashBefore, .crashAfter, .sourceFails, .staleSource, .takenOver, .besetted, .clockForward, .clockBack]
        case .input: [.hookLost, .hookDoubled, .hookEarly, .hookLate, .unseenInput]
        }
    }
}

/// One disturbance of one scenario at one point: everything that it takes to see the same again.
public struct Trial: Sendable, Hashable, CustomStringConvertible {
    public let scenario: String
    public let disturbance: Disturbance
    public let point: EffectPoint

    public init(scenario: String, disturbance: Disturbance, point: EffectPoint) {
        self.scenario = scenario
        self.disturbance = disturbance
        self.point = point
    }

    /// Reads `created: crash-after at write POST /v2/droplets #1`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.firstRange(of: ": "), let at = text.firstRange(of: " at "),
            colon.upperBound <= at.lowerBound,
            let disturbance = Disturbance(rawValue: String(text[colon.upperBound..<at.lowerBound])),
            let point = EffectPoint(text[at.upperBound...])
        else { return nil }
        self.init(scenario: String(text[..<colon.lowerBound]), disturbance: disturbance, point: point)
    }

    public var description: String { "\(scenario): \(disturbance.rawValue) at \(point)" }
}
