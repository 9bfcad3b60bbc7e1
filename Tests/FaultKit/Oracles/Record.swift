import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import StoreSQLite
import TestKit

/// What a life came to: what the providers hold, what the store remembers, what it took.
struct Record: Sendable {
    var holdings: Holdings
    /// What we own, as far as it is the same in each life.
    var inventory: [String]
    /// Environments with their states; those that are over are left out.
    var environments: [String]
    /// What the last pass still wants and may not do.
    var withheld: [String]
    var drift: [String]
    /// How often each object was created or deleted.
    var effects: [String: Int]
    var requests: Int
    var writes: Int
    var passes: Int
    /// The requests of the pass that asked most.
    var longestPass: Int
    /// What came of all that goes on beside the passes.
    var beside: SideRecord
    /// What must never be, whatever the undisturbed life did.
    var violations: [String]

    init(_ life: Lifetime, rest: [RunReport]) async throws {
        let (world, processes) = (life.world, life.processes)
        let store = world.store
        holdings = Holdings(world.simulator)
        let inventory = try await store.inventory()
        // A tag comes with the first machine that bears it, trusted sources with their cluster: found or made, as it goes.
        let incidental: Set<ResourceKind> = [.tag, .databaseFirewall]
        self.inventory = inventory.entries.map { entry in
            "\(entry.key) of \(entry.environment ?? "nothing")\(entry.isProtected ? " protected" : "")"
                + "\(entry.isAdopted && !incidental.contains(entry.key.kind) ? " adopted" : "") \(entry.lastApplied.value.json)"
        }.sorted()
        environments = try await store.environments().filter { $0.status == .active || $0.status == .expiring }
            .map { "\($0.slug) \($0.status.rawValue)" }
        withheld =
            rest.last?.plan?.changes.map { "\($0.action.rawValue) \($0.key) \($0.verdict)" }.sorted() ?? []
        drift = try await store.openDrift().map { "\($0.key) \($0.cause.rawValue)" }
        effects = world.ledger.counts
        // One gate may have stood before several processes, one after the other.
        let gates = Dictionary(
            processes.map { (ObjectIdentifier($0.gate), $0.gate) }, uniquingKeysWith: { first, _ in first }
        ).values
        writes = gates.map { $0.count(.write) }.reduce(0, +)
        requests = writes + gates.map { $0.count(.read) }.reduce(0, +)
        let reports = processes.flatMap { process in process.reports.withLock { $0 } }
        passes = reports.count
        longestPass = reports.map { $0.requests.values.reduce(0, +) }.max() ?? 0
        beside = try await SideRecord(world)
        violations = life.fault.map { ["an input could not be applied: \($0)"] } ?? []
        try await look(store, world, rest)
    }

    // MARK: What must never be

    private mutating func look(_ store: Store, _ world: Installation, _ rest: [RunReport]) async throws {
        let open = try await store.openEntries()
        if !open.isEmpty { violations.append("the journal is open: \(open.map { "\($0.stepID) \($0.state)" })") }
        let unended = try await store.runs(limit: 1_000)
            .filter { [.pending, .planning, .applying].contains($0.phase) && !$0.isDryRun }
        if !unended.isEmpty { violations.append("runs never ended: \(unended.map { "\($0.id) \($0.phase)" })") }
        for lease in try await store.shardStanding().leases where lease.expiresAt > world.time.now {
            violations.append("the lease \(lease.name) is still held by \(lease.holder)")
        }
        for line in Set(holdings.lines) where holdings.lines.filter({ $0 == line }).count > 1 {
            violations.append("there are two of \(line)")
        }
        if let plan = rest.last?.plan {
            let told = Set(plan.drift.map { "\($0.key) \($0.cause.rawValue)" } + plan.changes.map { "\($0.key)" })
            for item in try await store.openDrift()
            where !told.contains("\(item.key) \(item.cause.rawValue)") && !told.contains("\(item.key)") {
                violations.append("\(item.key) is as it is wanted and is still told as drift")
            }
        }
        try await lookAtChains(store, world)
        await lookForCanaries(world)
        let refusals = world.simulator.requestLog.filter { $0.status == 429 && $0.fault == nil }
        if !refusals.isEmpty { violations.append("\(refusals.count) requests were more than the provider allows") }
    }

    private mutating func lookAtChains(_ store: Store, _ world: Installation) async throws {
        guard let head = try await store.evidenceHead() else {
            violations.append("there is no evidence")
            return
        }
        let verification = world.evidence.verify(head)
        for fault in verification.faults { violations.append("the evidence is broken: \(fault.message)") }
        // What crashes and later passes leave is never taken for a change by somebody.
        for link in try await store.evidenceChain(limit: 1_000) {
            let account = try await store.evidenceAccount(ofRun: link.runID)
            let faults = world.evidence.verify(account, stepsSince: .firstWritable)?.faults ?? []
            for fault in faults { violations.append("the evidence of \(link.runID) is contradicted: \(fault.message)") }
        }
        let ended = try await store.runs(limit: 1_000).filter { $0.metadata["evidence"] != nil }.count
        if verification.manifests < ended {
            violations.append("\(ended) runs have evidence, and the chain has \(verification.manifests) links")
        }
        let audit = try await store.verifyAuditLog()
        for fault in audit.faults { violations.append("the audit log is broken: \(fault.message)") }
        let records = try await store.auditLog(limit: 1_000).count
        if audit.links != records { violations.append("\(records) audit records have \(audit.links) links") }
    }

    /// Secrets in what was written to disk, or in the log.
    private mutating func lookForCanaries(_ world: Installation) async {
        await world.engine.close()
        let canaries = world.canaries
        let directory = world.directory.path
        for place in PlantedSecrets.places(below: directory, also: canaries) {
            violations.append("a secret is written down in \(place.dropFirst(directory.count + 1))")
        }
        if PlantedSecrets.isHeld(in: world.log.withLock { $0 }.joined(separator: "\n"), also: canaries) {
            violations.append("a secret is written down in the log")
        }
        // It has been looked through; what a mistake on purpose has left there is nobody else's business.
        FileSystem.remove(directory)
    }

    // MARK: Against the undisturbed life

    /// What is other than it would be had nothing come between; empty where all is well.
    ///
    /// - Parameters:
    ///   - reference: the undisturbed life.
    ///   - isAtRest: whether nothing was left to be done.
    ///   - timeMoved: whether a clock was set or a process stood still.
    /// - Returns: one line for each difference.
    func faults(against reference: Record, isAtRest: Bool, timeMoved: Bool) -> [String] {
        var faults = violations + beside.faults(against: reference.beside, timeMoved: timeMoved)
        if !isAtRest { faults.append("it does not come to rest: \(withheld)") }
        if let difference = holdings.difference(from: reference.holdings) { faults.append(difference) }
        func compare(_ name: String, _ mine: [String], _ theirs: [String]) {
            guard mine != theirs else { return }
            let (more, less) = (Set(mine).subtracting(theirs), Set(theirs).subtracting(mine))
            faults.append("\(name): too much \(more.sorted()), missing \(less.sorted())")
        }
        compare("the inventory", inventory, reference.inventory)
        compare("environments", environments, reference.environments)
        compare("what is withheld", withheld, reference.withheld)
        compare("drift", drift, reference.drift)
        for (effect, count) in effects.sorted(by: { $0.key < $1.key }) where count > (reference.effects[effect] ?? 0) {
            faults.append("\(effect): \(count) times instead of \(reference.effects[effect] ?? 0)")
        }
        // What was cut off in its middle may begin once more from its first step, and is looked for.
        let writes = reference.writes * 2 + 8
        if self.writes > writes { faults.append("\(self.writes) writes, at most \(writes) are in the budget") }
        let requests =
            reference.requests + max(0, passes - reference.passes) * reference.longestPass + 60
        if self.requests > requests {
            faults.append("\(self.requests) requests in \(passes) passes, at most \(requests) are in the budget")
        }
        return faults
    }
}
