public import Basics
public import DesiredState
public import Diff
import Drivers
import Store

/// What a look at everything shows, without a run, a lease or a row written.
public struct Outlook: Sendable {
    public let desired: DesiredState
    /// What is looked after by the clock: what the commit wants as far as it can be read and is trusted, else what ran before.
    let clock: DesiredState
    public let observed: ObservedState
    public let inventory: Inventory
    public let plan: Plan
    public let commitAuthor: String
    public let commitSubject: String
    public let committedAt: Timestamp?
    /// Why nobody looks at kinds that a driver would know, by kind.
    let silent: [ResourceKind: String]

    /// What came of each rule of the advisor, in the order of the rules.
    public var advice: [AdvisorAnswer] { evaluateAdvisor(desired, observed, silent: silent) }

    /// The documents of the advisor that can't be read: nobody knows which rules they hold.
    public var unreadAdvice: [String] {
        desired.documents.filter { $0.status == .unreadable && $0.domain == "advisor" }.map(\.path)
    }

    /// The environment of a resource that is wanted, ours or to be changed; nil where it is of none.
    func environment(of key: ResourceKey) -> String? {
        desired.resources.first { $0.key == key }?.environment
            ?? inventory.entries.first { $0.key == key }?.environment
            ?? plan.changes.first { $0.key == key }?.environment
    }
}

extension Reconciler {
    /// Reads, observes and plans as of an instant (now where none is given), and leaves no trace.
    ///
    /// - Parameters:
    ///   - instant: nil: now.
    ///   - isManual: whether what is shown is what a pass by hand would do, which some windows let through.
    /// - Returns: what was read and seen, and the plan for it.
    /// - Throws: a `Fault` of the source or the store.
    public func look(at instant: Timestamp? = nil, isManual: Bool = false) async throws -> Outlook {
        let now = instant ?? time.now
        let snapshot = try await source.read(log)
        var grounds = Grounds(try await store.lineage(), countsStored: true)
        var tree = try await weighBranches(snapshot, &grounds)
        tree.pullRequests = try await readPullRequests(tree, context(of: "look"), &grounds)?.listing
        var desired = readDesiredState(tree, cache: documents).with(unknown: try await suspensions(at: now))
        var inventory = try await store.inventory()
        desired = desired.holdingArrivals(inventory)
        try await weighCommit(desired, inventory, &grounds)
        let clock = try await clock(
            ClockBefore(wanted: desired, timetable: try await store.timetable(), running: latestDesired), grounds)
        if instant != nil { inventory = inventory.supposingWarnings }
        // Whose credential leads to another account now shows nothing.
        let trusted = try await weighAccounts(desired, inventory, runID: "look", &grounds)
        let names = Rekeying(
            desired.resources, inventory, await trusted.observe(desired.backedUp(as: clock), inventory, runID: "look"),
            schemas)
        inventory = names.inventory
        let observed = names.observed
        var input = PlanInput(
            desired: desired, inventory: inventory, observed: observed, schemas: schemas,
            drivers: trusted.driverVersions, now: now)
        input.silent = silent
        input.installation = installation
        input.clock = clock
        input.zones = zones(desired.policy.timeZoneNames)
        input.isManual = isManual
        input.departures = grounds.unconfirmed
        input.watched = await watch(desired, runID: "look", isAsking: false, isKept: false)
        input.emptySecrets = drivers.emptySecrets(of: desired, input.schemas)
        var plan = makePlan(input)
        if let prices = await trusted.prices(for: plan, runID: "look") {
            input.prices = prices
            plan = makePlan(input)
        }
        let standing = Dictionary(grouping: try await store.standingApprovals(), by: \.key)
        input.approvals = Set(
            plan.changes.filter { change in
                change.verdict == .needsApproval
                    && standing[change.key]?.contains { $0.change == change.approvalDigest } == true
            }.map(\.key))
        if !input.approvals.isEmpty { plan = makePlan(input) }
        return Outlook(
            desired: desired, clock: clock, observed: observed,
            inventory: inventory, plan: plan,
            commitAuthor: snapshot.commitAuthor,
            commitSubject: snapshot.commitSubject, committedAt: snapshot.committedAt, silent: silent)
    }
}
