public import Basics
public import DesiredState
import Diff
import Formats
public import Store

/// A person says that a difference is known; the command line and the API say it alike.
public struct DriftMarking: Sendable {
    public let key: ResourceKey
    public let kind: DriftMark.Kind
    public let reason: String
    /// Nil: an acknowledgement until the difference is another one, a muting for a day.
    public let lasting: Duration?

    public init(_ key: ResourceKey, _ kind: DriftMark.Kind, reason: String, lasting: Duration? = nil) {
        self.key = key
        self.kind = kind
        self.reason = reason
        self.lasting = lasting
    }

    /// Makes it, with its audit records.
    ///
    /// - Parameters:
    ///   - store: where differences and marks are.
    ///   - actor: who says it.
    ///   - now: when.
    ///   - wanted: what the last pass wanted, where it is at hand: it may differ soon.
    /// - Returns: the marks, one for each difference that is acknowledged.
    /// - Throws: `RequestFault` where there is nothing to acknowledge, or no such resource to mute; `StoreFault`.
    public func make(
        in store: Store, by actor: Actor, at now: Timestamp, wanted: [ResourceKey] = []
    ) async throws -> [DriftMark] {
        let until = (lasting ?? (kind == .muted ? .hours(24) : nil)).map { now + $0 }
        let differences = try await store.openDrift(keys: [key])
        if kind == .acknowledged, differences.isEmpty {
            let others = try await store.openDrift()
            let near = Suggestion.nearest(to: key.description, in: Set(others.map(\.key.description)))
            throw RequestFault(
                .conflict, "\(key) doesn't differ, so there is nothing to acknowledge",
                hint: near.map { "Did you mean \($0)?" } ?? "See what differs: reconcile drift")
        }
        if kind == .muted, differences.isEmpty { try await checkIsKnown(store, wanted) }
        let digests = kind == .muted ? [nil] : differences.map { Optional($0.difference) }
        return try await store.markDrift(
            digests.map {
                DriftMark(
                    key: key, kind: kind, difference: $0, reason: reason, by: actor.name, createdAt: now, until: until)
            }, origin: actor.detail())
    }

    /// Refuses a key that nothing bears: whoever mistyped one would believe that the other is quiet.
    private func checkIsKnown(_ store: Store, _ wanted: [ResourceKey]) async throws {
        var known = Set(wanted.map(\.description))
        known.formUnion(try await store.inventory().entries.map(\.key.description))
        guard !known.contains(key.description) else { return }
        let plan = try await store.latestPlan()?.document
        for list in ["changes", "drift"] {
            known.formUnion((plan?[list]?.listValue ?? []).compactMap { $0["key"]?.stringValue })
        }
        known.formUnion(try await store.openDrift().map(\.key.description))
        guard !known.contains(key.description) else { return }
        let near = Suggestion.nearest(to: key.description, in: known)
        throw RequestFault(
            .notFound, "there is no resource \(key): nothing wants it, it is not ours, and it doesn't differ",
            hint: near.map { "Did you mean \($0)?" } ?? "See what differs: reconcile drift")
    }

    /// Takes back what was said of a resource.
    ///
    /// - Returns: how much there was.
    /// - Throws: `RequestFault` where nothing was said; `StoreFault`.
    public static func end(
        _ key: ResourceKey, in store: Store, by actor: Actor, at now: Timestamp
    ) async throws -> Int {
        let count = try await store.unmarkDrift(
            key,
            audit: actor.audit("drift.unmark", of: key.description, at: now))
        guard count > 0 else {
            throw RequestFault(
                .notFound, "\(key) is neither acknowledged nor muted", hint: "See what is: reconcile drift")
        }
        return count
    }
}
