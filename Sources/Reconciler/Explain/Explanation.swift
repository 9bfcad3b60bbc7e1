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
    /// Nil where nothing wants it.
    public let resource: DesiredResource?
    /// Nil where it isn't ours.
    public let entry: InventoryEntry?
    /// Nil where nothing is to be done.
    public let change: PlannedChange?
    public let drift: DriftRecord?
    public let provenance: Provenance?
    /// What is in the way; nil when nothing is.
    public let obstacle: Obstacle?
    /// From the resource to the one at which the obstacle stands, both among them; one alone where it stands there.
    public let path: [ResourceKey]
    public let nextWake: Wake
    public let lastRun: RunRecord?

    /// The environment that it belongs to; nil where it belongs to none.
    public var environment: String? { resource?.environment ?? entry?.environment ?? change?.environment }

    /// What the provider shows of it, in one line.
    public var observation: String {
        guard let kind = outlook.observed.kinds[key.kind] else { return "no driver looked at \(key.kind)" }
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
            ?? "See the keys with: reconcile --dry-run"
    }
}

extension Reconciler {
    /// Looks, and says why a resource stands as it does; leaves no trace.
    ///
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the source or the store.
    public func explain(_ name: String) async throws -> Explanation {
        try await explain(name, in: look(), withHistory: true)
    }

    /// Says why a resource stands as it does, by what was seen already; asks no provider and no repository elsewhere.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - outlook: what was seen.
    ///   - withHistory: whether to look up who changed its lines last.
    /// - Returns: the explanation.
    /// - Throws: `UnknownKeyFault` when nothing is called so; a `Fault` of the store.
    public func explain(_ name: String, in outlook: Outlook, withHistory: Bool) async throws -> Explanation {
        let known = Set(
            outlook.desired.resources.map(\.key) + outlook.inventory.entries.map(\.key)
                + outlook.plan.changes.map(\.key))
        guard let key = ResourceKey(name), known.contains(key) else {
            throw UnknownKeyFault(name, known: Set(known.map(\.description)))
        }
        let resource = outlook.desired.resources.first { $0.key == key }
        var provenance: Provenance?
        if let resource {
            let marks = Provenance.marks(resource, outlook.desired)
            provenance = Provenance(
                resource, outlook.desired,
                commits: withHistory ? await source.origins(of: marks, at: outlook.desired.revision) : [:], sensitive)
        }
        let service = try await store.serviceSign()
        let lastRun = try await store.runs(limit: 20, before: nil).first { !$0.isDryRun }
        let circumstances = Circumstances(
            lease: try await store.lease(name: Self.leaseName),
            failure: try await store.lastStep(of: key).flatMap { $0.state == .failed ? $0 : nil }, service: service,
            lastRun: lastRun?.id, waits: budgets?.waits(for: outlook.plan.requests) ?? [:])
        let finder = ObstacleFinder(outlook: outlook, circumstances: circumstances, now: time.now)
        var path = [key]
        let obstacle = finder.first(for: key, path: &path)
        return Explanation(
            key: key, outlook: outlook, resource: resource,
            entry: outlook.inventory.entries.first { $0.key == key },
            change: outlook.plan.changes.first { $0.key == key },
            drift: try await store.openDrift().first { $0.key == key }, provenance: provenance, obstacle: obstacle,
            path: path, nextWake: nextWake(obstacle, service),
            lastRun: lastRun)
    }

    private func nextWake(_ obstacle: Obstacle?, _ service: ServiceSign?) -> Explanation.Wake {
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
