import Basics
import DesiredState
import Diff
import Formats
import Store

/// What people have approved, and what of it still fits.
extension Pass {
    /// The keys whose change may happen because a person said so: with this very pass, or stored before it.
    ///
    /// A stored approval counts only for exactly the change that was approved; one that doesn't fit any more is told of
    /// and left alone. A dry run tells what stands and counts nothing in, so that its plan is the same with and without.
    mutating func approvedKeys(in plan: Plan) async throws -> Set<ResourceKey> {
        // What the plan rests on was weighed before it was made.
        let weighed = Set(grounds?.departures.map(\.key) ?? [])
        let waiting = plan.approvableChanges.filter { !weighed.contains($0.key) }
        var keys =
            options.approvals.contains("all")
            ? Set(waiting.lazy.filter { !$0.isApprovedByName }.map(\.key))
            : Set(options.approvals.compactMap { ResourceKey($0) })
        guard !waiting.isEmpty else { return keys }
        if options.approvals.contains("all") {
            for change in waiting where change.verdict == .needsApproval && !keys.contains(change.key) {
                tell("\(change.key): `all` doesn't mean it; only its name does: --approve \(change.key)")
            }
        }
        let standing = Dictionary(grouping: try await reconciler.store.standingApprovals(), by: \.key)
        for change in waiting {
            let key = change.key
            guard let approvals = standing[key], let latest = approvals.last else {
                try await tellLapse(of: change)
                continue
            }
            guard let fitting = approvals.last(where: { $0.change == change.approvalDigest }) else {
                tell(
                    "\(key): the approval of \(latest.approvedBy) doesn't count: what would be done to it is another "
                        + "thing now than what was approved in run \(latest.runID)")
                continue
            }
            if options.isDryRun {
                tell("\(key): approved by \(fitting.approvedBy) until \(fitting.expiresAt); the next pass does it")
            } else if keys.insert(key).inserted {
                storedApprovals[key] = fitting.id
                tell("\(key): approved by \(fitting.approvedBy) in view of run \(fitting.runID)")
                note("approval", ["key": .string(key.description), "by": .string(fitting.approvedBy)])
            }
        }
        return keys
    }

    /// Writes down what a person approves with this very pass, before any of it is done: a line of the audit log each, as of
    /// an approval that is stored.
    ///
    /// - Parameters:
    ///   - plan: with all that waits, what it rests on included.
    ///   - fingerprint: that of the plan as the person has it.
    /// - Throws: `StoreFault`; nothing is done then.
    mutating func keepApprovals(of plan: Plan, as fingerprint: Digest) async throws(StoreFault) {
        guard let approver = options.approver, !options.approvals.isEmpty, !options.isDryRun else { return }
        let isAll = options.approvals.contains("all")
        let now = reconciler.time.now
        for change in plan.approvableChanges {
            let key = change.key.description
            guard options.approvals.contains(key) || isAll && !change.isApprovedByName else { continue }
            try await reconciler.store.record(
                approver.audit(
                    "change.approve", of: key, at: now,
                    [
                        "run": .string(run.id), "action": .string(change.action.rawValue),
                        "change": .string(change.approvalDigest.description),
                        "plan": .string(fingerprint.description),
                    ]))
            note("approval", ["key": .string(key), "by": .string(approver.name)])
        }
    }

    /// Says what is another than it was, and by whose approval it counts.
    mutating func tellDepartures(_ grounds: Grounds) {
        for departure in grounds.departures {
            let isMeant = grounds.confirmed.contains(departure.subject)
            note(
                "departure",
                [
                    "key": .string(departure.key.description), "what": .string(departure.what),
                    "confirmed": .bool(isMeant),
                ])
            if isMeant { tell("\(departure.key): \(departure.what), and a person said that it is meant") }
        }
        for text in grounds.notes { tell(text) }
    }

    /// Takes what people confirmed, and no longer do, for unconfirmed: it is asked for anew, and nothing of it is remembered.
    mutating func weighGroundsAgain() async throws {
        guard let approvals = grounds?.approvals, !approvals.isEmpty else { return }
        let fallen = try await reconciler.store.fallenApprovals(approvals.map(\.id))
        guard !fallen.isEmpty else { return }
        for approval in approvals where fallen.contains(approval.id) {
            tell("\(approval.key): the approval of \(approval.approvedBy) ended or was taken back during the pass")
        }
        grounds?.withdraw(fallen)
    }

    /// Remembers what this pass rested on, and that the approvals of it counted.
    func rememberGrounds() async throws {
        // Beside others, who may have weighed before a person said yes, one alone writes: else the approval is spent, and
        // what it confirmed taken back.
        guard let grounds, share.keepsRecords else { return }
        try await reconciler.store.rememberLineage(
            grounds.next, from: grounds.stored, using: grounds.approvals.map(\.id).sorted(), runID: run.id)
    }

    /// An approval counts once: what was done is not done again when it comes back.
    func useApprovals() async throws {
        let used = storedApprovals.filter { applied.done.contains($0.key) }.map(\.value).sorted()
        try await reconciler.store.useApprovals(used, runID: run.id)
    }

    /// Takes back approvals to delete or to replace what stays by now.
    ///
    /// Who approved a deletion may have put back what it was of since, and it may be taken out again by somebody else. That
    /// is another deletion, for which nobody has said yes. What can't be told in this pass leaves its approval alone.
    func withdrawOvertaken(_ plan: Plan, _ desired: DesiredState) async throws {
        guard options.targets.isEmpty, grounds?.isInDoubt == false else { return }
        let ends: Set<ChangeAction> = [.delete, .replace]
        let standing = try await reconciler.store.standingApprovals().filter { approval in
            approval.createdAt < startedAt && ends.contains { $0.rawValue == approval.action }
        }
        guard !standing.isEmpty else { return }
        let unsure = Set(plan.changes.lazy.filter { ends.contains($0.action) || $0.action == .read }.map(\.key))
        let wanted = Dictionary(desired.resources.lazy.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let overtaken = standing.filter { [share] approval in
            guard let resource = wanted[approval.key], !unsure.contains(approval.key) else { return false }
            return share.owns(approval.key, wantedBy: resource.environment)
        }
        for approval in try await reconciler.store.withdraw(
            overtaken, at: reconciler.time.now, by: "run \(run.id)", reason: "what it was of stays")
        {
            tell(
                "\(approval.key): the approval of \(approval.approvedBy) is taken back, for it stays; should it be taken out "
                    + "again, that is asked for anew")
        }
    }

    /// Names an approval that ended before the change could be made.
    private mutating func tellLapse(of change: PlannedChange) async throws {
        guard let lapsed = try await reconciler.store.lapsedApproval(of: change.approvalDigest) else { return }
        tell(
            "\(change.key): the approval of \(lapsed.approvedBy) ended at \(lapsed.expiresAt.minuteText) UTC, before it "
                + "could be done: reconcile approve \(options.isDryRun ? "RUN" : run.id) --key \(change.key)")
        guard !options.isDryRun, share.owns(change.key, wantedBy: change.environment) else { return }
        // Written with the plan that leaves it out.
        lapses.append(
            Notice(
                .approvalLapsed, of: change.key.description, environment: change.environment, at: plannedAt,
                runID: run.id,
                payload: [
                    "by": .string(lapsed.approvedBy), "ended_at": .string(lapsed.expiresAt.description),
                    "run": .string(lapsed.runID),
                ], dedupe: lapsed.id))
    }

    private func tell(_ text: String) { progress(.note(text)) }
}
