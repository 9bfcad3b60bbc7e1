import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

extension Reconciler {
    /// Asks every driver, side by side, for the kinds that are wanted or remembered, or of which a step is open.
    ///
    /// What an interrupted run may have brought about is looked for even where nothing wants it any more.
    func observe(
        _ desired: DesiredState, _ inventory: Inventory, open: [JournalEntry] = [], runID: String,
        priority: RequestPriority = .person
    ) async -> ObservedState {
        var names: [ResourceKind: Set<String>] = [:]
        for resource in desired.resources { names[resource.key.kind, default: []].insert(resource.key.name) }
        for entry in inventory.entries { names[entry.key.kind, default: []].insert(entry.key.name) }
        for entry in open { names[entry.key.kind, default: []].insert(entry.key.name) }
        // A record may take its address from a droplet that nobody else asks about.
        for resource in desired.resources {
            for attribute in resource.attributes {
                if case .reference(let key, _) = attribute.value { names[key.kind, default: []].insert(key.name) }
            }
        }
        // What is looked at only for findings, and for the names that stores of secrets list, is compared with nothing.
        let stores = SecretStores(desired.resources).lookups(desired.resources)
        let lookups = ProviderFindings.lookups(desired).merging(stores) { $0.union($1) }
            .merging(namesNeeded(byChecksOf: desired)) { $0.union($1) }
        let aside = Set(lookups.keys.filter { names[$0] == nil })
        for (kind, found) in lookups { names[kind, default: []].formUnion(found) }
        let parents = ObserveRequest.parents(
            wanted: desired.resources, remembered: inventory.entries, schemas: schemas)
        return await ask(names, in: parents, aside: aside, runID: runID, priority: priority)
    }

    /// Asks every driver, side by side, for its kinds among those.
    func ask(
        _ names: [ResourceKind: Set<String>], in parents: [ResourceKind: [String: String]] = [:],
        aside: Set<ResourceKind> = [], runID: String, priority: RequestPriority
    ) async -> ObservedState {
        guard !names.isEmpty else { return ObservedState() }
        let context = context(of: runID, priority)
        let observed = await drivers.mapBounded(limit: max(1, min(drivers.count, concurrency))) { driver in
            let kinds = Set(driver.schemas.map(\.kind)).intersection(names.keys)
            guard !kinds.isEmpty else { return [ObservedKind]() }
            let request = ObserveRequest(
                kinds: kinds, names: names.filter { kinds.contains($0.key) },
                parents: parents.filter { kinds.contains($0.key) })
            return await driver.observe(request, context).map { seen in
                guard aside.contains(seen.kind) else { return seen }
                return ObservedKind(
                    kind: seen.kind, completeness: seen.completeness, gaps: seen.gaps, resources: seen.resources,
                    isAside: true)
            }
        }
        return ObservedState(observed.flatMap { $0 })
    }

    /// Where calls come from that belong to a run and to no step of its plan.
    func context(of runID: String, _ priority: RequestPriority = .commit) -> DriverContext {
        DriverContext(runID: runID, log: log, priority: priority) { [traffic] in traffic.note($0, runID: runID) }
    }

    /// What sizes cost, where a plan makes or resizes what costs by its size; nil where it doesn't, or nobody says.
    ///
    /// No pass fails for it: without it a plan says nothing of prices.
    func prices(for plan: Plan, runID: String) async -> PriceList? {
        let concerned = plan.changes.filter { PriceList.concerns($0) && $0.verdict != .denied }
        guard !concerned.isEmpty else { return nil }
        guard concerned.contains(where: { $0.key.kind == .droplet }) else { return PriceList() }
        guard let driver = driver(for: .droplet) as? any PriceListing else { return nil }
        switch await driver.priceList(context(of: runID, .drift)) {
        case .success(let list): return list
        case .failure(let fault):
            log.warning("what sizes cost could not be read", ["run.id": runID, "fault": "\(fault)"])
            return nil
        }
    }

    /// What configured providers could not show whole.
    func faults(of observed: ObservedState) -> [String] {
        let configured = Set(drivers.filter { !($0 is UnconfiguredDriver) }.map(\.provider))
        return observed.kinds.values.sorted { $0.kind < $1.kind }.compactMap { kind in
            guard configured.contains(kind.kind.provider), !kind.isAside else { return nil }
            switch kind.completeness {
            case .complete: return nil
            case .partial(let reason), .unknown(let reason): return "\(kind.kind): \(reason)"
            }
        }
    }

    /// Environments that a person suspended: nothing of them is changed or deleted.
    func suspensions(at now: Timestamp) async throws(StoreFault) -> [UnknownScope] {
        try await store.environments().filter { $0.isSuspended(at: now) }.map { row in
            let until = row.suspendedUntil.map { " until \($0.minuteText) UTC" } ?? ""
            let why = row.suspendReason.map { " (\($0))" } ?? ""
            return UnknownScope(
                .environment(row.slug), code: Hold.suspensionCode,
                reason: "it is suspended\(until)\(why); resume it with: reconcile env resume \(row.slug)", at: nil)
        }
    }
}

extension DesiredState {
    /// The same state with more that is unknown.
    func with(unknown more: [UnknownScope]) -> DesiredState {
        guard !more.isEmpty else { return self }
        var copy = self
        copy.unknown += more
        return copy
    }
}

extension DriftItem {
    var value: Value {
        var members: Value.Object = [
            "key": .string(key.description), "cause": .string(causeWord), "summary": .string(summary),
            "environment": environment.map { .string($0) } ?? .null,
            "source": source.map { .string($0.description) } ?? .null,
            "attributes": .list(
                attributes.map { attribute in
                    [
                        "path": .string(attribute.path), "sensitive": .bool(attribute.isSensitive),
                        "before": attribute.isSensitive ? .null : attribute.before ?? .null,
                        "after": attribute.isSensitive ? .null : attribute.after ?? .null,
                    ]
                }),
        ]
        if let finding { members["finding"] = .string(finding) }
        return .object(members)
    }
}

extension Plan.Summary {
    var value: Value {
        [
            "create": .int(Int64(create)), "update": .int(Int64(update)), "replace": .int(Int64(replace)),
            "delete": .int(Int64(delete)), "adopt": .int(Int64(adopt)), "forget": .int(Int64(forget)),
            "noop": .int(Int64(noop)), "blocked": .int(Int64(blocked)), "unknown": .int(Int64(unknown)),
        ]
    }
}
