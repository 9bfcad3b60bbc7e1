public import Basics
public import HTTPClient

/// What it means for a call that no answer came, at whichever provider: the one place that decides what is safe then.
public struct MissingAnswer: Sendable, Hashable {
    /// How far the request came.
    public enum Meaning: Sendable, Hashable {
        /// It was never sent, because the provider's budget is used up.
        case overBudget
        /// A write may have had its effect.
        case effectUnknown
        /// A read was sent, and its answer is lost.
        case answerLost
        /// It was never sent.
        case notReached
    }

    public let meaning: Meaning
    /// What follows: a write of unknown effect is looked for, a lost read is made again.
    public let disposition: Disposition

    /// - Parameters:
    ///   - fault: why there is no answer.
    ///   - isRead: whether the call changes nothing.
    public init(_ fault: HTTPFault, isRead: Bool) {
        if fault.code == "HTTP-0008" {
            (meaning, disposition) = (.overBudget, .retry(after: fault.retryAfter))
        } else if !fault.mayHaveHadEffect {
            (meaning, disposition) = (.notReached, fault.disposition)
        } else if isRead {
            (meaning, disposition) = (.answerLost, .retry(after: nil))
        } else {
            (meaning, disposition) = (.effectUnknown, .observeAgain)
        }
    }
}
