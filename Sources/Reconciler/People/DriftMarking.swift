public import Basics
public import DesiredState
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
    /// - Returns: the marks, one for each difference that is acknowledged.
    /// - Throws: `RequestFault` where there is nothing to acknowledge; `StoreFault`.
    public func make(in store: Store, by actor: Actor, at now: Timestamp) async throws -> [DriftMark] {
        let until = (lasting ?? (kind == .muted ? .hours(24) : nil)).map { now + $0 }
        let differences = try await store.openDrift(keys: [key])
        if kind == .acknowledged, differences.isEmpty {
            let others = try await store.openDrift()
            let near = Suggestion.nearest(to: key.description, in: Set(others.map(\.key.description)))
            throw RequestFault(
                .conflict, "\(key) doesn't differ, so there is nothing to acknowledge",
                hint: near.map { "Did you mean \($0)?" } ?? "See what differs: reconcile drift")
        }
        let digests = kind == .muted ? [nil] : differences.map { Optional($0.difference) }
        return try await store.markDrift(
            digests.map {
                DriftMark(
                    key: key, kind: kind, difference: $0, reason: reason, by: actor.name, createdAt: now, until: until)
            }, origin: actor.detail())
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
