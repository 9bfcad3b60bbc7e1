public import Basics

/// A delivery can't be kept or worked on.
public struct HookFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    public let disposition: Disposition

    private init(_ code: String, _ message: String, place: String?, hint: String?, _ disposition: Disposition) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.disposition = disposition
    }

    /// It lacks what an event of its name has.
    static func incomplete(_ what: String, of event: String) -> HookFault {
        HookFault(
            "HOOK-0001", "the event lacks \(what)", place: event,
            hint: "see what came with: reconcile hooks show ID --json", .stop)
    }

    /// Work on it began again and again, and never ended.
    static func abandoned(after attempts: Int) -> HookFault {
        HookFault(
            "HOOK-0002", "work on it began \(attempts.of("time")) and never ended", place: nil,
            hint: "look for a crash in the log of the service; then: reconcile hooks retry ID", .stop)
    }

    /// More deliveries wait for the store than are held in memory.
    static func crowded(_ count: Int) -> HookFault {
        HookFault(
            "HOOK-0003", "\(count.of("delivery waits", "deliveries wait")) for the store, and no more are taken",
            place: nil,
            hint: "the providers send them again; look at the store with: reconcile doctor", .retry(after: nil))
    }

    /// The store has not answered in time.
    static func silent(_ patience: Duration) -> HookFault {
        HookFault(
            "HOOK-0004", "the store has not kept the delivery within \(patience.shortText)", place: nil,
            hint: "the providers send it again; look at the store with: reconcile doctor", .retry(after: nil))
    }
}
