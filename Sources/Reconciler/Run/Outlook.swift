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
    public private(set) var observed: ObservedState
    public private(set) var inventory: Inventory
    public fileprivate(set) var plan: Plan
    public let commitAuthor: String
    public let commitSubject: String
    public let committedAt: Timestamp?
    /// Why nobody looks at kinds that a driver would know, by kind.
    let silent: [ResourceKind: String]
    /// What is looked at once in a while, as it was last seen.
    let watched: [WatchedKind]

    /// What came of each rule of the advisor, in the order of the rules.
    public var advice: [AdvisorAnswer] { evaluateAdvisor(desired, observed, silent: silent) }

    /// The documents of the advisor that can't be read: nobody knows which rules they hold.
    public var unreadAdvice: [String] {
        desired.documents.filter { $0.status == .unreadable && $0.domain == "advisor" }.map(\.path)
    }

    /// What was seen of a kind, in this look or when somebody last looked at it; nil where nobody did.
    func seen(_ kind: ResourceKind) -> ObservedKind? {
        observed.kinds[kind] ?? watched.first { $0.seen.kind == kind }?.seen
    }

    /// Whether all was seen that a rule of a resource is held against, so that what it doesn't tell is not so.
    func hasSeen(whatRulesSayOf key: ResourceKey) -> Bool {
        ProviderFindings.kinds(saying: key).allSatisfy { seen($0)?.completeness(of: key.name).isComplete == true }
    }

    /// The environment of a resource that is wanted, ours or to be changed; nil where it is of none.
    func environment(of key: ResourceKey) -> String? {
        desired.resources.first { $0.key == key }?.environment
            ?? inventory.entries.first { $0.key == key }?.environment
            ?? plan.changes.first { $0.key == key }?.environment
    }

    /// The same as a pass has left it: what it made is there and ours, and what it did is not to be done any more.
    ///
    /// - Parameters:
    ///   - applied: what came of the plan's changes.
    ///   - drift: what differs still; nil where that is all that differed before.
    /// - Returns: the same, held in the same memory, where nothing was made.
    func after(_ applied: Applier.Result, leaving drift: [DriftItem]?) -> Outlook {
        var after = self
        after.observed = observed.after(applied.left)
        after.inventory = inventory.writing(applied.written)
        after.plan = plan.without(applied.done, leaving: drift ?? plan.drift)
        return after
    }
}

extension Reconciler {
    /// The same with what people have approved since: what is told of it is what the next pass will do.
    ///
    /// - Throws: what the store says.
    func counting(approvalsOf outlook: Outlook) async throws(StoreFault) -> Outlook {
        let approved = try await approved(in: outlook.plan)
        guard !approved.isEmpty else { return outlook }
        var counted = outlook
        counted.plan = outlook.plan.approving(
            approved, outlook.desired, outlook.inventory, zones: zones(outlook.desired.policy.timeZoneNames),
            at: time.now)
        return counted
    }

    /// The changes of a plan that wait for a person's yes and have it.
    private func approved(in plan: Plan) async throws(StoreFault) -> Set<ResourceKey> {
        let waiting = plan.approvableChanges
        guard !waiting.isEmpty else { return [] }
        let standing = Dictionary(grouping: try await store.standingApprovals(), by: \.key)
        let approved = waiting.lazy.filter { change in
            standing[change.key]?.contains { $0.change == change.approvalDigest } == true
        }
        return Set(approved.map(\.key))
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
        input.approvals = try await approved(in: plan)
        if !input.approvals.isEmpty { plan = makePlan(input) }
        return Outlook(
            desired: desired, clock: clock, observed: observed,
            inventory: inventory, plan: plan,
            commitAuthor: snapshot.commitAuthor,
            commitSubject: snapshot.commitSubject, committedAt: snapshot.committedAt, silent: silent,
            watched: input.watched)
    }
}
