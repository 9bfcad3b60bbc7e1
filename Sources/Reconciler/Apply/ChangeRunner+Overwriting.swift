import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

extension ChangeRunner {
    /// How long a value of ours has to be missing, in pass after pass, before it is written again.
    static let missingLongEnough: Duration = .minutes(30)

    /// Why a value that lists don't show isn't written yet; nil where it may be.
    ///
    /// The difference is resolved as soon as a pass sees the value, so that an open one says since when none did.
    ///
    /// - Throws: `StoreFault`.
    func whyNotOverwritten(_ driver: any Driver) async throws(StoreFault) -> String? {
        guard change.action == .create, applier.remembered[change.key] != nil,
            let driver = driver as? any ValueOverwriting, driver.overwrites(change)
        else { return nil }
        // What differs otherwise, or is told of by a rule, doesn't say that it is missing.
        let since = try await reconciler.store.openDrift(keys: [change.key])
            .filter { $0.detail["finding"] == nil && $0.detail["attributes"]?.listValue?.isEmpty != false }
            .map(\.firstSeen).min()
        let now = reconciler.time.now
        if let since, now - since >= Self.missingLongEnough { return nil }
        let missed = since ?? now
        return
            "it was set before and is missing in the list since \(missed.minuteText) UTC: a list may be wrong, and its value "
            + "may have been rotated; it is set again by a pass that still misses it after "
            + "\((missed + Self.missingLongEnough).minuteText) UTC"
    }
}
