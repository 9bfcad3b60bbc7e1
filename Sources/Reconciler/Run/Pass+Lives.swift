import Basics
import DesiredState
import Diff
public import Formats
public import Store

/// What a pass remembers of things that end: marks, deletions that fail, what waits for people.
extension Pass {
    /// Marks what the plan wants marked, and takes marks away from what is wanted again or gone.
    ///
    /// A mark stays while too little is known to say either.
    mutating func rememberMarks() async throws {
        guard let plan, let desired else { return }
        let standing = try await reconciler.store.pruneMarks()
        let toMark = plan.candidates.filter {
            $0.markedAt == nil && share.owns($0.key, wantedBy: $0.environment)
        }
        let marks = toMark.map {
            PruneMark(
                key: $0.key, providerID: $0.providerID, environment: $0.environment, markedAt: plannedAt,
                revision: desired.revision, goesAt: plannedAt + $0.grace)
        }
        // A mark of an earlier version doesn't hold the hour, which people were told as well.
        let untold = Set(standing.lazy.filter { $0.goesAt == nil }.map(\.key))
        let completed = plan.candidates.compactMap { candidate -> PruneMark? in
            guard let markedAt = candidate.markedAt, untold.contains(candidate.key),
                share.owns(candidate.key, wantedBy: candidate.environment)
            else { return nil }
            return PruneMark(
                key: candidate.key, providerID: candidate.providerID, environment: candidate.environment,
                markedAt: markedAt, revision: desired.revision, goesAt: candidate.goesAt)
        }
        var notices = toMark.map { candidate in
            var payload: Value.Object = [
                "provider_id": .string(candidate.providerID),
                "goes_at": .string((plannedAt + candidate.grace).description),
                "revision": .string(desired.revision),
            ]
            payload["reason"] = candidate.why.map { .string($0) }
            payload["needs_approval"] = .bool(candidate.needsApproval)
            payload["environment_goes_at"] = candidate.withEnvironment(markedAt: plannedAt).map {
                .string($0.description)
            }
            return Notice(
                .pruneMarked, of: candidate.key.description, environment: candidate.environment, at: plannedAt,
                runID: run.id, payload: .object(payload), dedupe: "\(candidate.providerID):\(plannedAt)")
        }
        var removed: [ResourceKey] = []
        if !standing.isEmpty {
            let over = Set(plan.environments.filter { $0.phase == .expired }.map(\.slug))
            let wanted = Set(desired.resources.filter { !over.contains($0.environment ?? "") }.map(\.key))
            let changed = Set(plan.changes.map(\.key))
            let owned = Set(try await reconciler.store.ownedKeys().keys)
            for mark in standing where share.owns(mark.key, wantedBy: mark.environment) {
                if wanted.contains(mark.key) {
                    // A document that can't be read whole wants nothing for sure; whatever its provider shows or doesn't show,
                    // one that can does.
                    let change = plan.changes.first { $0.key == mark.key }
                    guard change?.action != .read || change?.hold == .unobserved else { continue }
                    removed.append(mark.key)
                    notices.append(
                        Notice(
                            .pruneUnmarked, of: mark.key.description, environment: mark.environment, at: plannedAt,
                            runID: run.id, payload: ["marked_at": .string(mark.markedAt.description)],
                            dedupe: "\(mark.providerID):\(mark.markedAt)"))
                } else if applied.done.contains(mark.key) || !owned.contains(mark.key) && !changed.contains(mark.key),
                    options.targets.isEmpty || applied.done.contains(mark.key)
                {
                    removed.append(mark.key)
                }
            }
        }
        notices += try await withdrawals(of: removed.filter { !applied.done.contains($0) })
        try await reconciler.store.changeMarks(add: marks + completed, remove: removed, runID: run.id, notices: notices)
        for mark in marks { note("prune_marked", ["key": .string(mark.key.description)]) }
        for key in removed { note("prune_unmarked", ["key": .string(key.description)]) }
    }

    /// Forgets what something made way for and nobody wants any more, as far as that is known.
    func forgetSuccessors() async throws(StoreFault) {
        guard let plan, let desired, let due = inventory?.dueSuccessors, !due.isEmpty else { return }
        let over = Set(plan.environments.filter { $0.phase == .expired }.map(\.slug))
        try await reconciler.store.forgetSuccessors(
            desired.unwanted(of: due.keys.sorted(), over: over))
    }

    /// Names the deletions that fail, and since when; the rest has gone on without them.
    mutating func rememberStuck() async throws {
        guard let plan else { return }
        // What somebody else deleted meanwhile is forgotten, and just as gone.
        let deletions = (recovered + applied.journal).filter { $0.action == .delete || $0.action == .forget }
        guard !deletions.isEmpty else { return }
        let failed = applied.journal.filter { $0.action == .delete && ($0.state == .failed || $0.state == .unknown) }
        let keys = Set(failed.map(\.key)).intersection(plan.changes.map(\.key))
        var notices: [Notice] = []
        for stuck in try await reconciler.store.stuckDeletions(of: Array(keys)) {
            let message = stuck.fault["message"]?.stringValue ?? "its fate is not known"
            progress(
                .note(
                    "\(stuck.key) should be gone since \(stuck.since.minuteText) UTC (\(stuck.attempts) "
                        + "\(stuck.attempts == 1 ? "attempt" : "attempts")): \(message)"))
            note("deletion_stuck", stuck.value)
            // The next pass tries again: nobody is called for what one failure is.
            if stuck.attempts > 1 { notices.append(notice(.deletionStuck, stuck)) }
        }
        let done = Set(deletions.filter { $0.state == .done }.map(\.key)).subtracting(keys)
        for late in try await reconciler.store.lateDeletions(of: Array(done)) {
            notices.append(notice(.deletionDone, late))
        }
        try await reconciler.store.post(notices)
    }

    /// What to tell of deletions that people were told are stuck, and that nobody wants any more.
    ///
    /// - Parameter keys: what is wanted again.
    /// - Returns: a notice for each that was told.
    /// - Throws: `StoreFault`.
    func withdrawals(of keys: [ResourceKey]) async throws -> [Notice] {
        guard let desired else { return [] }
        let wanted = Set(desired.resources.map(\.key))
        return try await reconciler.store.withdrawnDeletions(of: keys.filter { wanted.contains($0) })
            .map { notice(.deletionWithdrawn, $0) }
    }

    private func notice(_ kind: Notice.Kind, _ deletion: StuckDeletion) -> Notice {
        Notice(
            kind, of: deletion.key.description, environment: deletion.environment, at: plannedAt, runID: run.id,
            payload: deletion.value, dedupe: deletion.since.description)
    }

    /// The changes of a plan that wait for a person; each wait has one notice, which is written once.
    func waitingNotices(_ plan: Plan) async throws(StoreFault) -> [Notice] {
        guard options.targets.isEmpty else { return [] }
        let waiting = plan.changes.filter {
            // What goes by itself after its grace waits for nobody; that it is marked was told.
            $0.waitsForPerson && share.owns($0.key, wantedBy: $0.environment)
        }
        let waits = try await reconciler.store.rememberWaits(
            waiting.map {
                ApprovalWait(key: $0.key, change: $0.approvalDigest, environment: $0.environment)
            }, at: plannedAt
        ) { [share] wait in
            guard share.owns(wait.key, wantedBy: wait.environment) else { return false }
            guard let change = plan.changes.first(where: { $0.key == wait.key }) else { return true }
            // What can't be seen, or is held up by something else meanwhile, waits on.
            if change.action == .read { return false }
            return change.verdict == .allowed || change.approvalDigest != wait.change
        }
        return zip(waiting, waits).map { change, wait in
            Notice(
                .approvalWaiting, of: change.key.description, environment: change.environment, at: plannedAt,
                runID: run.id,
                payload: [
                    "action": .string(change.action.rawValue), "reason": .string(change.verdictReason ?? ""),
                    "change": .string(change.approvalDigest.description), "run": .string(run.id),
                ], dedupe: change.approvalDigest.description + (wait.since.map { " \($0)" } ?? ""))
        }
    }
}

extension StuckDeletion {
    /// As events, notices and documents show it.
    public var value: Value {
        .object([
            "key": .string(key.description), "environment": environment.map { .string($0) } ?? .null,
            "since": .string(since.description), "last_at": .string(lastAt.description),
            "attempts": .int(Int64(attempts)), "fault": fault,
        ])
    }
}
