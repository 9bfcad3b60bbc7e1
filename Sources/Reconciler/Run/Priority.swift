import Diff
import HTTPClient
import Store

extension RunTrigger {
    /// Whose requests the observation of a pass counts as, when a budget is short.
    ///
    /// `isNews` tells whether the pass is the first to see its commit.
    func priority(isNews: Bool) -> RequestPriority {
        switch self {
        case .commit, .webhook, .ttl: .commit
        case .manual: .person
        case .drift: .drift
        case .schedule: isNews ? .commit : .resync
        }
    }
}

extension ChangeCause {
    /// Whose requests the change itself counts as: what somebody wants goes before what only drifted.
    ///
    /// In a pass that a person has called for all of them are that person's, who may use what is kept in reserve.
    func priority(in trigger: RunTrigger) -> RequestPriority {
        if trigger == .manual { return .person }
        return switch self {
        case .unappliedCommit, .expired, .expected: .commit
        case .externalChange, .providerNormalization: .drift
        }
    }
}
