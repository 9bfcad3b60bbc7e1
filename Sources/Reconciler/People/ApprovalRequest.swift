public import Basics
public import DesiredState
public import Diff
import Formats
public import Store

/// A person allows changes that wait in the plan of a run; the command line and the API make it alike.
public struct ApprovalRequest: Sendable {
    /// What came of it.
    public struct Outcome: Sendable {
        public let approvals: [ApprovalRecord]
        public let changes: [PlannedChange]
        /// What waits as well and is approved by its name alone: nobody who names no keys means it.
        public let leftOut: [PlannedChange]
        public let expiresAt: Timestamp
        /// What a window keeps from happening at first, in the order of the changes.
        public let closed: [Closed]
    }

    /// What a window or a freeze keeps from happening although somebody said yes.
    public struct Closed: Sendable, Hashable {
        public let key: ResourceKey
        /// When it may happen at the earliest; nil: nothing opens in sight.
        public let opensAt: Timestamp?
        /// The line of the window.
        public let place: String
        /// The hours that an approval has to hold for it; nil where the one that was given does, or none may.
        public let hours: Int?
    }

    /// `latest` only with keys: which run that is may have changed since somebody looked.
    public let run: String
    /// Keys of resources; empty: all that wait, but for what is approved by its name alone: what the plan rests on, and what
    /// goes by itself after its grace.
    public let keys: [String]
    public let reason: String?
    /// Nil: as long as the policy says.
    public let lasting: Duration?

    public init(run: String, keys: [String] = [], reason: String? = nil, lasting: Duration? = nil) {
        self.run = run
        self.keys = keys
        self.reason = reason
        self.lasting = lasting
    }

    /// Makes it, with its audit records.
    ///
    /// - Throws: `RequestFault` where it can't be; a `StoreFault`, or a fault of the plan.
    public func make(in store: Store, by actor: Actor, at now: Timestamp) async throws -> Outcome {
        guard let found = try await meant(in: store, at: now) else {
            throw RequestFault(.notFound, "there is no run \(run)", hint: "List them with: reconcile runs")
        }
        let lasting = try Self.lasting(lasting, of: found)
        guard let document = try await store.plan(ofRun: found.id) else {
            throw RequestFault(
                .conflict, "run \(found.id) kept no plan\(found.isDryRun ? ": it was a dry run" : "")",
                hint: "Make a pass, which keeps its plan and waits for approvals: reconcile")
        }
        let plan = try PlanDocument.parse(document)
        // What time alone lets go waits for nobody, and is meant by its name.
        let waiting = plan.changes.filter {
            $0.verdict == .needsApproval || $0.isApprovable(plan.openGraces) && keys.contains($0.key.description)
        }
        let (changes, leftOut) = try chosen(waiting, found.id)
        let granted = try await store.grant(
            changes.map {
                ApprovalRecord(
                    runID: found.id, key: $0.key, action: $0.action.rawValue, change: $0.approvalDigest,
                    approvedBy: actor.name, reason: reason, createdAt: now, expiresAt: now + lasting)
            }, origin: actor.detail())
        return Outcome(
            approvals: granted, changes: changes, leftOut: leftOut, expiresAt: now + lasting,
            closed: Self.closed(changes, from: now, until: now + lasting, longest: Self.longest(of: found)))
    }

    /// The run whose plan is meant.
    ///
    /// `latest` is that of the plan that was kept last, as it is wherever plans are shown: a look since then keeps none,
    /// and neither does a pass that failed before it had one.
    private func meant(in store: Store, at now: Timestamp) async throws(StoreFault) -> RunRecord? {
        if run == Self.latest, let plan = try await store.latestPlanRow(at: now) { return plan.run }
        return try await store.run(matching: run)
    }

    /// What of it windows keep, by what the plan saw of them.
    private static func closed(
        _ changes: [PlannedChange], from now: Timestamp, until end: Timestamp, longest: Duration
    ) -> [Closed] {
        changes.compactMap { change in
            guard change.hold == .approval, let place = change.heldAt else { return nil }
            let opensAt = change.blockedUntil
            if let opensAt, opensAt <= now { return nil }
            // One more than it takes, for the pass that then comes.
            let hours = opensAt.map { Int(($0 - now).components.seconds / 3_600) + 2 }
            let isShort = opensAt.map { $0 >= end } ?? false
            return Closed(
                key: change.key, opensAt: opensAt, place: "\(place.file):\(place.line)",
                hours: hours.flatMap { isShort && .hours($0) <= longest ? $0 : nil })
        }
    }

    /// The changes that wait and were named; when none was, all that wait but for what only its name means.
    private func chosen(
        _ waiting: [PlannedChange], _ runID: String
    ) throws(RequestFault) -> (meant: [PlannedChange], leftOut: [PlannedChange]) {
        guard !waiting.isEmpty else {
            throw RequestFault(
                .conflict, "nothing in the plan of run \(runID) waits for an approval",
                hint: "See it: reconcile show \(runID)")
        }
        let waitingKeys = waiting.map(\.key.description)
        for name in keys where !waitingKeys.contains(name) {
            let near = Suggestion.nearest(to: name, in: waitingKeys)
            throw RequestFault(
                .conflict, "--key names \(name), which doesn't wait for an approval in run \(runID)",
                hint: near.map { "Did you mean \($0)?" } ?? "What waits: \(waitingKeys.joined(separator: ", "))")
        }
        guard keys.isEmpty else { return (waiting.filter { keys.contains($0.key.description) }, []) }
        guard run != Self.latest else {
            throw RequestFault(
                .conflict, "the latest run may be another one than you have seen, and no key says what is meant",
                hint: "Look: reconcile show \(runID). Then: "
                    + (waiting.allSatisfy(\.isApprovedByName)
                        ? "name what you mean with --key: " : "reconcile approve \(runID), or name each with --key: ")
                    + waitingKeys.joined(separator: ", "))
        }
        let leftOut = waiting.filter(\.isApprovedByName)
        let meant = waiting.filter { !$0.isApprovedByName }
        guard !meant.isEmpty else {
            let isFooting = leftOut.allSatisfy { Departure.isKey($0.key) }
            throw RequestFault(
                .conflict,
                "what waits in run \(runID) \(isFooting ? "is what its plan rests on, which " : "")is approved by its name alone",
                hint: leftOut.map { "\($0.reason): reconcile approve \(runID) --key \($0.key)" }.joined(separator: "; ")
            )
        }
        return (meant, leftOut)
    }

    /// Stands for the run whose plan was kept last.
    private static let latest = "latest"

    /// How long it holds: what the person says, within what the policy of that run allowed.
    private static func lasting(_ wanted: Duration?, of run: RunRecord) throws(RequestFault) -> Duration {
        let longest = longest(of: run)
        guard let wanted else { return min(seconds("valid_for_seconds", of: run) ?? ApprovalRule().validFor, longest) }
        if wanted <= longest { return wanted }
        throw RequestFault(
            .conflict,
            "--for can't be \(wanted.shortText): the policy lets an approval hold for \(longest.shortText) at most",
            hint: "Leave --for out, or raise approvals.longest in .odooops/policies.yaml.")
    }

    private static func longest(of run: RunRecord) -> Duration {
        seconds("longest_seconds", of: run) ?? ApprovalRule().longest
    }

    private static func seconds(_ name: String, of run: RunRecord) -> Duration? {
        run.metadata["approvals"]?[name]?.intValue.map { .seconds($0) }
    }

    /// Takes back every approval of a key that stands.
    ///
    /// - Returns: how many there were.
    /// - Throws: `RequestFault` where none stands; `StoreFault`.
    public static func revoke(_ key: String, in store: Store, by actor: Actor, at now: Timestamp) async throws -> Int {
        let count = try await store.revokeApprovals(
            of: key,
            audit: actor.audit("change.revoke", of: key, at: now))
        guard count > 0 else {
            throw RequestFault(
                .notFound, "no approval of \(key) stands", hint: "List them with: reconcile approvals")
        }
        return count
    }
}
