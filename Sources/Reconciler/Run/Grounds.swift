import Basics
import DesiredState
import Diff
import Store

/// What a pass rests on, held against what the last one rested on.
///
/// Another repository, an older commit, a policy that is gone: each can be meant and each can be a mistake, and what goes
/// for a mistake doesn't come back. So each waits for a person, by an approval of exactly this change.
struct Grounds: Sendable {
    /// What was trusted last, as the store has it.
    let stored: Lineage
    /// The same, with what rows of environments say of it.
    private(set) var remembered: Lineage
    /// What this pass found.
    var found = Lineage()
    /// What is another than it was, whether or not somebody said that it is meant.
    private(set) var departures: [Departure] = []
    private(set) var confirmed: Set<Departure.Subject> = []
    /// The stored approvals by which they are.
    private(set) var approvals: [ApprovalRecord] = []
    /// Those by which they were when the plan was made, and that hold no more.
    private(set) var withdrawn: [ApprovalRecord] = []
    /// What a person should know of approvals that don't count.
    private(set) var notes: [String] = []
    /// The environments with care that are gone or wanted no more, as far as the store has rows of them.
    var missing: [EnvironmentRow] = []
    /// Those of which all goes to environments that are treated no less carefully.
    var passedOn: Set<String> = []
    /// Why it couldn't be told whom a provider's credential leads to, each `PROVIDER: REASON`.
    var silences: [String] = []
    /// The keys that were approved with this very pass; `all` is none of them, for nobody who says it has seen this.
    private let named: Set<String>
    private let countsStored: Bool
    /// Whether this pass writes down what is trusted.
    let keepsRecords: Bool

    /// - Parameters:
    ///   - remembered: what was trusted last.
    ///   - named: the keys that a person approved with this pass.
    ///   - countsStored: false for a dry run, whose plan is the same with and without approvals.
    ///   - keepsRecords: whether what is trusted is written down by this pass, and not by that of another service.
    init(_ remembered: Lineage, named: [String] = [], countsStored: Bool, keepsRecords: Bool = true) {
        stored = remembered
        self.remembered = remembered
        self.named = Set(named)
        self.countsStored = countsStored
        self.keepsRecords = keepsRecords
    }

    /// Those that nobody said are meant.
    var unconfirmed: [Departure] { departures.filter { !confirmed.contains($0.subject) } }

    /// Whether what this pass would remember of guards and lives can't be trusted yet.
    var isInDoubt: Bool { isInDoubt(of: .history) || isInDoubt(of: .documents) }

    /// The care that environments keep until somebody says that less is meant.
    var keptCare: [String: Care] { unconfirmed.keptCare }

    func isInDoubt(of subject: Departure.Subject) -> Bool { unconfirmed.contains { $0.subject == subject } }

    /// What is to be remembered.
    var next: Lineage { remembered.next(found, without: Set(unconfirmed.map(\.subject))) }

    /// Lets go of the care of what is gone and whose name is free for another one, by its time or because somebody said that
    /// the other one may have it; of a store of before, which wrote down tiers alone, takes these.
    mutating func rememberCare(of rows: [EnvironmentRow], unless asked: Set<String>, at now: Timestamp) {
        guard var care = remembered.care else {
            remembered.care = rows.filter { !$0.tier.hasLife && $0.status != .gone }.reduce(into: [:]) { care, row in
                care[row.slug] = Care(row.tier, isProtected: row.tier == .production)
            }
            return
        }
        let granted = Set(remembered.granted.compactMap(\.owner))
        for row in rows where row.status == .gone {
            let isFree = row.isNameFree(at: now) && (row.careEnds == nil || !asked.contains(row.slug))
            if isFree || granted.contains(row.slug) { care[row.slug] = nil }
        }
        remembered.care = care
    }

    /// Takes down the commit, and the documents by which guards work or that their schema alone tells.
    mutating func find(_ desired: DesiredState) {
        found.revision = desired.revision
        found.documents = desired.guards
        found.inPlace = desired.documentsInPlace
        let known = Set(remembered.documents.values)
        for document in desired.documents where known.contains(document.path) {
            found.files[document.path] = document.status
        }
    }

    /// Takes what was confirmed by approvals that hold no more for unconfirmed.
    mutating func withdraw(_ fallen: Set<String>) {
        for approval in approvals where fallen.contains(approval.id) {
            for departure in departures where departure.key == approval.key { confirmed.remove(departure.subject) }
        }
        withdrawn += approvals.filter { fallen.contains($0.id) }
        approvals.removeAll { fallen.contains($0.id) }
    }

    /// Holds the commit, and the documents by which guards work or that their schema alone tells, against those before, and
    /// how carefully environments are treated.
    ///
    /// The source, if any, tells whether the commit comes after the one that was trusted last.
    ///
    /// - Throws: `StoreFault`.
    mutating func weighCommit(
        _ desired: DesiredState, _ inventory: Inventory, from source: (any Source)?, at now: Timestamp, _ store: Store,
        holdsData: (ResourceKind) -> Bool
    ) async throws(StoreFault) {
        find(desired)
        if let source, let before = remembered.revision, await !source.follows(desired.revision, after: before) {
            _ = try await weigh(.history, store)
        }
        _ = try await weigh(.documents, store)
        try await weighCare(desired, inventory, at: now, store, holdsData: holdsData)
    }

    /// Holds a part of what was found against what is remembered.
    ///
    /// - Returns: why it can't be trusted; nil where it can.
    /// - Throws: `StoreFault`.
    mutating func weigh(_ subject: Departure.Subject, _ store: Store) async throws(StoreFault) -> Departure? {
        guard let departure = remembered.departure(subject, in: found) else { return nil }
        departures.append(departure)
        // Who has counted it moves things on, so that to the one who writes it down it would be another departure.
        if departure.handsOver, !keepsRecords {
            if named.contains(departure.key.description) {
                notes.append(
                    "\(departure.key): what was approved here doesn't count, for the service with the first shard writes down "
                        + "what moves; for it to count there: reconcile approve RUN --key \(departure.key)")
            }
            return departure
        }
        if named.contains(departure.key.description) {
            confirmed.insert(subject)
            return nil
        }
        let standing = try await store.standingApprovals().filter { $0.key == departure.key }
        guard let fitting = standing.last(where: { $0.change == departure.approvalDigest }) else {
            if let latest = standing.last {
                notes.append(
                    "\(departure.key): the approval of \(latest.approvedBy) doesn't count: \(departure.what), which is "
                        + "another thing than what was approved in run \(latest.runID)")
            }
            return departure
        }
        guard countsStored else {
            notes.append(
                "\(departure.key): approved by \(fitting.approvedBy) until \(fitting.expiresAt); the next pass counts it"
            )
            return departure
        }
        confirmed.insert(subject)
        approvals.append(fitting)
        return nil
    }
}

extension Reconciler {
    /// Holds the repository of the branches against the one before, and takes the branches of another one as unknown.
    func weighBranches(_ snapshot: SourceSnapshot, _ grounds: inout Grounds) async throws(StoreFault) -> SourceTree {
        var tree = snapshot.tree
        grounds.found.branches = snapshot.branchesOf
        guard let departure = try await grounds.weigh(.branches, store) else { return tree }
        tree.branches = .unknown(reason: departure.what)
        tree.tags = .unknown(reason: departure.what)
        return tree
    }

    /// Whether things of a kind hold data that only they have.
    func holdsData(_ kind: ResourceKind) -> Bool { schemas[kind]?.isStateful == true }

    /// Holds the commit, and the documents by which guards work or that their schema alone tells, against those before.
    func weighCommit(
        _ desired: DesiredState, _ inventory: Inventory, _ grounds: inout Grounds
    ) async throws(StoreFault) {
        try await grounds.weighCommit(desired, inventory, from: source, at: time.now, store, holdsData: holdsData)
    }
}
