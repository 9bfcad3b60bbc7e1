import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// Runs the allowed changes of a plan: dependencies first, independent ones side by side.
///
/// Every external effect is one step. Its intent is committed to the journal before, its outcome after, so that a crash
/// at any point leaves a trace from which the next pass recovers by looking.
struct Applier: Sendable {
    let reconciler: Reconciler
    let runID: String
    /// What called for the pass, and so whose requests its steps are.
    let trigger: RunTrigger
    let revision: String
    let plan: Plan
    let observed: ObservedState
    /// What the inventory held when the plan was made.
    let remembered: [ResourceKey: InventoryEntry]
    /// What something had made way for when the plan was made, each with what did.
    var dueSuccessors: [ResourceKey: ResourceKey] = [:]
    /// How the environments stood when the plan was made.
    let environments: [String: EnvironmentRecord]
    /// The stored approvals on which changes rest; each is looked at anew as its change begins.
    let approvals: [ResourceKey: String]
    /// The stored approvals by which people confirmed what the plan itself rests on; each change looks at all of them.
    var confirmations: [ApprovalRecord] = []
    /// What may close while the pass is at work; nil where nothing ever does.
    var windows: WindowWatch?
    /// The right to act, proven anew before each effect; the store proves it in the transaction of each intent.
    let watch: LeaseWatch?
    /// What of the plan is this pass's; what else may happen is done by others.
    var share = Share.everything
    let stop: StopSignal
    let progress: @Sendable (Progress) -> Void

    /// What came of all changes.
    struct Result: Sendable {
        var journal: [JournalEntry] = []
        var exchanges: [String: [Exchange]] = [:]
        var skipped: [SkippedChange] = []
        /// The changes that happened whole.
        var done: Set<ResourceKey> = []
        /// What the last done step of each change gave back; a value of nil says that the object is gone.
        var left: [ResourceKey: ObservedResource?] = [:]
        /// What the inventory was told last of each change; a value of nil says that it is ours no more.
        var written: [ResourceKey: InventoryEntry?] = [:]
        var failures = 0
        /// The store went away: nothing more may be done, because nothing could be written down.
        var storeFault: StoreFault?
        var isCanceled = false
        /// Whether a change waits for one that is another service's.
        var waitsForOthers = false
    }

    /// What came of one change.
    struct ChangeResult: Sendable {
        let key: ResourceKey
        var entries: [JournalEntry] = []
        var exchanges: [String: [Exchange]] = [:]
        /// The object after the change; nil when it is gone, or the change failed.
        var object: ObservedResource?
        /// What the last done step gave back, also where a later one failed; a value of nil says that the object is gone.
        var left: ObservedResource??
        /// What the inventory was told last; nil where it stayed as it was.
        var written: InventoryChange?
        var isDone = false
        var isCanceled = false
        /// Why it was not begun.
        var skipReason: String?
        var storeFault: StoreFault?
    }

    func run() async -> Result {
        var result = Result()
        var changes: [PlannedChange] = []
        // What others have to do, each with why.
        var elsewhere: [ResourceKey: String] = [:]
        for change in plan.allowedChanges {
            if let reason = share.refusal(of: change) { elsewhere[change.key] = reason } else { changes.append(change) }
        }
        var index: [ResourceKey: Int] = [:]
        for (position, change) in changes.enumerated() { index[change.key] = position }
        var waitingFor = changes.map { change in change.dependsOn.filter { index[$0] != nil }.count }
        var dependents: [[Int]] = Array(repeating: [], count: changes.count)
        for (position, change) in changes.enumerated() {
            for key in change.dependsOn { if let before = index[key] { dependents[before].append(position) } }
        }
        var blockedBy: [Int: ResourceKey] = [:]
        /// Holds back all that needs a change, however far away.
        func hold(_ positions: [Int], for key: ResourceKey) {
            var reach = positions
            while let dependent = reach.popLast() {
                guard blockedBy[dependent] == nil else { continue }
                blockedBy[dependent] = key
                reach += dependents[dependent]
            }
        }
        for (position, change) in changes.enumerated() {
            if let key = change.dependsOn.first(where: { elsewhere[$0] != nil }) { hold([position], for: key) }
        }
        result.waitsForOthers = !blockedBy.isEmpty
        var ready = changes.indices.filter { waitingFor[$0] == 0 && blockedBy[$0] == nil }
        var next = 0
        var objects: [ResourceKey: ObservedResource] = [:]

        await withTaskGroup(of: ChangeResult.self) { group in
            var running = 0
            while true {
                while running < reconciler.concurrency, next < ready.count, !stop.isRaised, result.storeFault == nil {
                    let change = changes[ready[next]]
                    next += 1
                    running += 1
                    let resolved = resolve(change, objects)
                    group.addTask {
                        if let held = await self.heldBack(change) { return held }
                        return await ChangeRunner(applier: self, change: change, resolved: resolved).run()
                    }
                }
                guard let done = await group.next() else { break }
                running -= 1
                result.journal += done.entries
                result.exchanges.merge(done.exchanges) { $0 + $1 }
                if let fault = done.storeFault { result.storeFault = fault }
                if done.isCanceled { result.isCanceled = true }
                guard let position = index[done.key] else { continue }
                if let object = done.object { objects[done.key] = object }
                if let left = done.left { result.left[done.key] = .some(left) }
                switch done.written {
                case .put(let entry): result.written[done.key] = .some(entry)
                case .remove: result.written[done.key] = .some(nil)
                case nil: break
                }
                if done.isDone { result.done.insert(done.key) }
                if let reason = done.skipReason {
                    let skipped = SkippedChange(key: done.key, reason: reason)
                    result.skipped.append(skipped)
                    progress(.skipped(skipped))
                } else if !done.isDone, !done.isCanceled {
                    result.failures += 1
                }
                var affected = done.isDone ? dependents[position] : []
                if !done.isDone { hold(dependents[position], for: done.key) }
                affected.removeAll { blockedBy[$0] != nil }
                for dependent in affected {
                    waitingFor[dependent] -= 1
                    if waitingFor[dependent] == 0 { ready.append(dependent) }
                }
            }
        }
        let begun = Set(ready.prefix(next))
        for position in changes.indices where !begun.contains(position) {
            let reason =
                if let key = blockedBy[position] {
                    elsewhere[key].map { "it waits for \(key) of \($0)" } ?? "\(key) did not succeed"
                } else if let fault = result.storeFault {
                    fault.kind == .fenced
                        ? "another process has taken over" : "the store can't be written to: \(fault.message)"
                } else {
                    "the run was asked to stop"
                }
            if blockedBy[position] == nil, result.storeFault == nil { result.isCanceled = true }
            let skipped = SkippedChange(key: changes[position].key, reason: reason)
            result.skipped.append(skipped)
            progress(.skipped(skipped))
        }
        result.journal.sort { ($0.intendedAt, $0.stepID) < ($1.intendedAt, $1.stepID) }
        return result
    }

    /// Fills in the references of a change; the failure says which one is not there yet.
    private func resolve(
        _ change: PlannedChange, _ objects: [ResourceKey: ObservedResource]
    ) -> Swift.Result<ResolvedChange, ProviderFault> {
        var items: [Attributes.Item] = []
        for attribute in change.wanted {
            switch attribute.value {
            case .literal(let value): items.append(Attributes.Item(attribute.name, value))
            case .reference(let key, let name):
                guard let value = (objects[key] ?? observed.resource(key))?.attributes[name], !value.isNull else {
                    return .failure(
                        ProviderFault(
                            provider: change.key.kind.provider, operation: "resolve", code: "RUN-0004",
                            message: "\(attribute.name) comes from \(name) of \(key), which has none yet",
                            place: attribute.mark?.description ?? change.source?.description,
                            hint: "The next pass tries again.", disposition: .retry(after: nil)))
                }
                items.append(Attributes.Item(attribute.name, value))
            }
        }
        return .success(
            ResolvedChange(change: change, wanted: Attributes(items), current: observed.resource(change.key)))
    }
}

extension ObservedState {
    /// The one object of a key; nil when there is none or several.
    func resource(_ key: ResourceKey) -> ObservedResource? {
        guard let resources = kinds[key.kind]?.resources else { return nil }
        var low = 0
        var high = resources.count
        while low < high {
            let middle = (low + high) / 2
            if resources[middle].key < key { low = middle + 1 } else { high = middle }
        }
        guard low < resources.count, resources[low].key == key else { return nil }
        if low + 1 < resources.count, resources[low + 1].key == key { return nil }
        return resources[low]
    }
}
