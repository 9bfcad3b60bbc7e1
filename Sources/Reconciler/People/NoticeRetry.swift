public import Basics
import Formats
public import Store

/// A person has a message sent again that was given up or waits; the command line and the API do it alike.
public enum NoticeRetry {
    /// Brings it back, with its audit record.
    ///
    /// - Throws: `RequestFault` where there is nothing to try again; `StoreFault`.
    public static func make(
        _ message: NoticeMessage, in store: Store, by actor: Actor, at now: Timestamp
    ) async throws {
        var detail = Value.Object()
        detail["channel"] = .string(message.channel)
        detail["notices"] = .int(Int64(message.count))
        let audit = actor.audit("notices.retry", of: message.id, at: now, detail)
        guard try await store.retryNoticeMessage(message.id, audit: audit) else {
            throw RequestFault(
                .conflict, "message \(message.id) is \(message.state.rawValue), and there is nothing to try again",
                hint: "List those that went wrong with: reconcile notices dead")
        }
    }
}
