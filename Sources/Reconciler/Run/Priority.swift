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
    var priority: RequestPriority {
        switch self {
        case .unappliedCommit, .expired, .expected: .commit
        case .externalChange, .providerNormalization: .drift
        }
    }
}
