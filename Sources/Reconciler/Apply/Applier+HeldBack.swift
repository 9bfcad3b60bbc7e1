internal import Basics
import DesiredState
internal import Diff
internal import Store

extension Applier {
    /// What stands in for the run of a change against which a person has decided since the plan was made.
    ///
    /// A pass may wait half an hour for a database cluster. Who pins, extends or suspends an environment meanwhile, or
    /// takes an approval back, is told that it is done, and so it has to be. A window that closes meanwhile is closed, and a
    /// freeze that begins holds. What something has made way for is ended all the same: nothing has its place meanwhile.
    func heldBack(_ change: PlannedChange) async -> ChangeResult? {
        var result = ChangeResult(key: change.key)
        if let reason = windows?.reason(against: change, at: reconciler.time.now), !isSecondHalf(change) {
            result.skipReason = "it may not be changed any more: \(reason)"
            return result
        }
        do throws(StoreFault) {
            if let id = approvals[change.key], try await !reconciler.store.approvalStands(id) {
                result.skipReason = "its approval ended or was taken back before it could be done"
                return result
            }
            if let fallen = try await fallenConfirmation() {
                result.skipReason = "the approval of \(fallen.key), on which the plan rests, ended or was taken back"
                return result
            }
            guard let slug = change.environment ?? remembered[change.key]?.environment,
                let row = try await reconciler.store.environment(slug)
            else { return nil }
            result.skipReason = isSecondHalf(change) ? nil : whyKept(change, row)
            return result.skipReason == nil ? nil : result
        } catch {
            result.storeFault = error
            return result
        }
    }

    /// Whether something made way for it, in this pass or in one before: what is begun so is ended, for its place is empty.
    private func isSecondHalf(_ change: PlannedChange) -> Bool {
        change.action != .delete
            && (dueSuccessors[change.key] != nil
                || plan.changes.contains { $0.action == .delete && change.dependsOn.contains($0.key) })
    }

    /// What comes into the place of an object that a step takes away, should this pass end before it does.
    func successors(of change: PlannedChange) -> [ResourceKey] {
        guard change.action == .delete else { return [change.key] }
        return plan.allowedChanges.filter { $0.action != .delete && $0.dependsOn.contains(change.key) }.map(\.key)
    }

    /// What the plan rests on and nobody stands by any more; nil where there is none.
    private func fallenConfirmation() async throws(StoreFault) -> ApprovalRecord? {
        guard !confirmations.isEmpty else { return nil }
        let fallen = try await reconciler.store.fallenApprovals(confirmations.map(\.id))
        return confirmations.first { fallen.contains($0.id) }
    }

    private func whyKept(_ change: PlannedChange, _ row: EnvironmentRow) -> String? {
        let now = reconciler.time.now
        if row.isSuspended(at: now) { return "\(row.slug) was suspended before it could be done" }
        guard change.action == .delete || change.action == .replace else { return nil }
        let planned = environments[row.slug]
        if row.isPinned(at: now), planned?.isPinned != true || planned?.pinnedUntil != row.pinnedUntil {
            return "\(row.slug) was pinned before it could be done"
        }
        if row.extensionDays > planned?.extensionDays ?? 0 {
            return "\(row.slug) was extended before it could be done"
        }
        return nil
    }
}
