public import Basics
public import DesiredState
public import Diff
import Formats
public import Store

/// Why one resource stands as it does: who wants it, what is there, what comes next, what is in the way, and until when.
public struct Explanation: Sendable {
    /// When somebody looks at it again.
    public struct Wake: Sendable, Hashable {
        /// Nil: nobody knows, for no service runs.
        public let at: Timestamp?
        /// One sentence.
        public let reason: String
    }

    public let key: ResourceKey
    public let outlook: Outlook
    /// Nil where nothing that can be read wants it.
    public let resource: DesiredResource?
    /// What can't be read of what is wanted of it; nil where all of that is known.
    public let doubt: UnknownScope?
    /// Nil where it isn't ours.
    public let entry: InventoryEntry?
    /// Nil where nothing is to be done.
    public let change: PlannedChange?
    public let drift: DriftRecord?
    /// What rules want otherwise of it, which no change of ours mends.
    public let findings: [ExplainedFinding]
    public let provenance: Provenance?
    /// What is in the way; nil when nothing is.
    public let obstacle: Obstacle?
    /// From the resource to the one at which the obstacle stands, both among them; one alone where it stands there.
    public let path: [ResourceKey]
    public let nextWake: Wake
    public let lastRun: RunRecord?

    /// The environment that it belongs to; nil where it belongs to none.
    public let environment: String?

    /// What the provider shows of it, in one line.
    public var observation: String {
        // A rule alone is no thing that a provider could show.
        if key.kind == .policySurface { return "a rule of the policy, and nothing at a provider" }
        guard let kind = outlook.seen(key.kind) else {
            return outlook.silent[key.kind].map { "unknown: \($0)" } ?? "no driver looked at \(key.kind)"
        }
        let matches = kind.resources.filter { $0.key == key }
        if matches.count > 1 { return "\(matches.count) objects: \(matches.map(\.providerID).joined(separator: ", "))" }
        if let object = matches.first { return "there, provider id \(object.providerID)" }
        switch kind.completeness(of: key.name) {
        case .complete: return "not there"
        case .partial(let reason), .unknown(let reason): return "unknown: \(reason)"
        }
    }
}

/// Nothing is called so.
public struct UnknownKeyFault: Fault {
    public let code = "RUN-0030"
    public let message: String
    public let place: String? = nil
    public let hint: String?
    public let disposition = Disposition.stop

    init(_ text: String, known: Set<String>) {
        message = "nothing is called \(text)"
        let ending = known.filter { $0.hasSuffix("/\(text)") }.min { $0.precedesByBytes($1) }
        hint =
            (ending ?? Suggestion.nearest(to: text, in: known)).map { "Did you mean \($0)?" }
            ?? "See the environments, which can be explained too: reconcile env list"
    }

    /// For the preview of a pull request of which nobody has heard.
    init(pullRequest number: Int64, hasRule: Bool) {
        message = "nothing is called pr-\(number)"
        hint =
            hasRule
            ? "No pull request \(number) is known to be open, or it was never one that the policy is about."
            : "No policy wants previews: see `previews` of policies.yaml."
    }
}

/// What every explanation of one answer rests on, read once.
struct ExplainBasis: Sendable {
    let outlook: Outlook
    let doubt: WishDoubt
    /// What is wanted, remembered or to be changed; what only differs is among the differences.
    let known: Set<ResourceKey>
    let lastRun: RunRecord?
    let share: Share
    let services: [Int: ServiceSign]
    /// Of the keys that are asked for.
    let drift: [ResourceKey: DriftRecord]
}

extension Reconciler {
    /// Says why resources stand as they do, by what was seen already; asks no provider and no repository elsewhere.
    ///
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the store.
    public func explain(_ keys: some Sequence<ResourceKey>, in outlook: Outlook) async throws -> [Explanation] {
        let keys = Array(keys)
        let basis = try await explainBasis(try await counting(approvalsOf: outlook), of: keys)
        var all: [Explanation] = []
        for key in keys { all.append(try await explain(key.description, on: basis, withHistory: false)) }
        return all
    }

    /// Reads what every explanation of one answer rests on; how they differ only of those that are asked for.
    func explainBasis(_ outlook: Outlook, of keys: [ResourceKey]) async throws(StoreFault) -> ExplainBasis {
        ExplainBasis(
            outlook: outlook, doubt: WishDoubt(outlook.desired),
            known: Set(
                outlook.desired.resources.map(\.key) + outlook.inventory.entries.map(\.key)
                    + outlook.plan.changes.map(\.key)),
            lastRun: try await store.lastPass(), share: Share(shards, held: []).with(outlook.inventory),
            services: try await servicesByShard(),
            drift: Dictionary(
                try await store.openDrift(keys: keys).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    /// Says why a resource stands as it does.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - basis: what was seen and read.
    ///   - withHistory: whether to look up who changed its lines last.
    /// - Returns: the explanation.
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the store.
    func explain(_ name: String, on basis: ExplainBasis, withHistory: Bool) async throws -> Explanation {
        let outlook = basis.outlook
        // A key has its differences beside each other; the one with findings tells of them all.
        func told(_ key: ResourceKey) -> DriftItem? {
            let items = outlook.plan.drift.filter { $0.key == key }
            return items.first { $0.finding != nil } ?? items.first
        }
        guard let key = ResourceKey(name),
            basis.known.contains(key) || basis.drift[key] != nil || told(key) != nil || isInDoubt(key, basis.doubt)
        else {
            throw UnknownKeyFault(
                name,
                known: Set(
                    basis.known.map(\.description) + outlook.plan.drift.map(\.key.description)
                        + outlook.desired.environments.map(\.slug)
                        + outlook.desired.entries.keys.map(\.description)))
        }
        let isKnown = basis.known.contains(key)
        let item = told(key)
        let resource = outlook.desired.resources.first { $0.key == key }
        let change = outlook.plan.changes.first { $0.key == key }
        let doubt = wishDoubt(key, resource, change, isKnown: isKnown, basis.doubt)
        var provenance: Provenance?
        if let resource {
            let marks = Provenance.marks(resource, outlook.desired)
            provenance = Provenance(
                resource, outlook.desired,
                commits: withHistory ? await source.origins(of: marks, at: outlook.desired.revision) : [:], sensitive)
        }
        let shard = basis.share.shard(of: key, wantedBy: resource?.environment)
        let service = basis.services[shard]
        let circumstances = Circumstances(
            lease: try await store.lease(name: Store.lease(ofShard: shard)),
            failures: try await failures(of: key, before: change, in: outlook.plan), service: service,
            services: basis.services, lastRun: basis.lastRun?.id,
            // Where no service runs the next pass is one by hand.
            waits: budgets?.waits(for: outlook.plan.requests, in: service == nil ? .manual : .commit) ?? [:],
            share: basis.share)
        let finder = ObstacleFinder(outlook: outlook, circumstances: circumstances, now: time.now)
        var path = [key]
        // No change is planned of what can't be read, and still it isn't as anybody wants it for sure.
        let obstacle =
            finder.first(for: key, path: &path) ?? (change == nil ? doubt?.obstacle(to: key, isKnown: isKnown) : nil)
        let entry = outlook.inventory.entries.first { $0.key == key }
        let drift = basis.drift[key]
        return Explanation(
            key: key, outlook: outlook, resource: resource, doubt: doubt, entry: entry, change: change, drift: drift,
            findings: ExplainedFinding.all(
                item, outlook.hasSeen(whatRulesSayOf: key) ? nil : drift, outlook.plan.diagnostics),
            provenance: provenance, obstacle: obstacle, path: path, nextWake: nextWake(obstacle, service),
            lastRun: basis.lastRun,
            environment: isKnown
                ? resource?.environment ?? entry?.environment ?? change?.environment
                : item?.environment ?? drift?.environment)
    }

    /// The last steps that failed, or whose fate nobody knows, of a resource and of the nearest of what its change waits for.
    private func failures(
        of key: ResourceKey, before change: PlannedChange?, in plan: Plan
    ) async throws(StoreFault) -> [ResourceKey: JournalEntry] {
        var keys = [key]
        if let change, change.verdict == .allowed {
            keys += AllowedChanges(plan).before(change).prefix(Self.lookedAtBefore)
        }
        var failures: [ResourceKey: JournalEntry] = [:]
        for key in keys {
            if let step = try await store.lastStep(of: key), step.state != .done { failures[key] = step }
        }
        return failures
    }

    /// So many of the changes that come before one are looked up in the journal.
    private static let lookedAtBefore = 50

    /// What each shard's service last said; a process of this machine that is gone says nothing any more.
    private func servicesByShard() async throws(StoreFault) -> [Int: ServiceSign] {
        guard shards.count > 1 else {
            guard let sign = try await store.serviceSign(), !LeaseHolder.isGone(sign.holder, ours: holder) else {
                return [:]
            }
            return [0: sign]
        }
        var services: [Int: ServiceSign] = [:]
        for (service, own) in try await store.shardStanding().shares(seenFrom: holder) {
            for shard in own { services[shard] = service }
        }
        return services
    }

    /// Whether a document that can't be read may want a resource that nothing else names.
    private func isInDoubt(_ key: ResourceKey, _ doubt: WishDoubt) -> Bool {
        switch doubt.about(key)?.extent {
        case nil: false
        case .kind, .resource: true
        case .environment, .environments, .everything: schemas[key.kind] != nil
        }
    }

    /// What can't be read of what is wanted; what is ours and surely goes is in no doubt.
    private func wishDoubt(
        _ key: ResourceKey, _ resource: DesiredResource?, _ change: PlannedChange?, isKnown: Bool, _ doubt: WishDoubt
    ) -> UnknownScope? {
        if resource != nil { return doubt.exactly(key) }
        if isKnown, change?.hold != .unknownWish { return nil }
        return doubt.about(key, of: change?.environment)
    }

    func nextWake(_ obstacle: Obstacle?, _ service: ServiceSign?) -> Explanation.Wake {
        let now = time.now
        guard let service, let next = service.nextPassAt, next + .minutes(1) > now else {
            return Explanation.Wake(
                at: nil,
                reason: "no service waits for its next pass: look now with `reconcile`, or start `reconcile run`")
        }
        guard let until = obstacle?.until, until > next else {
            let backOff = service.failures > 0 ? ", after \(service.failures) failed in a row" : ""
            return Explanation.Wake(at: next, reason: "the service's next pass\(backOff)")
        }
        return Explanation.Wake(at: until, reason: "what is in the way ends then; until then each pass finds it so")
    }
}
