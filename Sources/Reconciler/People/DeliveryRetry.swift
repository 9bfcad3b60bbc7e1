public import Basics
import Formats
public import Store

/// A person has a delivery of a hook worked on again; the command line and the API do it alike.
public enum DeliveryRetry {
    /// Brings it back, with its audit record.
    ///
    /// - Throws: `RequestFault` where there is nothing to try again; `StoreFault`.
    public static func make(
        _ delivery: DeliveryRecord, in store: Store, by actor: Actor, at now: Timestamp
    ) async throws {
        var detail = Value.Object()
        detail["provider"] = .string(delivery.provider)
        detail["event"] = .string(delivery.event)
        let audit = actor.audit("hooks.retry", of: delivery.id, at: now, detail)
        guard try await store.retryDelivery(delivery.id, audit: audit) else {
            throw RequestFault(
                .conflict, "delivery \(delivery.id) is \(delivery.state.rawValue), and there is nothing to try again",
                hint: "List those that went wrong with: reconcile hooks list --state dead")
        }
    }
}
