/// A limit that holds for one kind of call of a credential: a method, a channel, a project's endpoint.
public struct RequestScope: Sendable, Hashable {
    /// Tells it from the others of the same credential: `chat.postMessage C024BE91L`.
    public var key: String
    public var windows: [RequestBudgetConfiguration.Window]
    /// The most requests of it under way at once.
    public var concurrency: Int
    /// How many of the window's units this call takes, where the provider weighs calls by points.
    public var weight: Int

    public init(
        _ key: String, _ windows: [RequestBudgetConfiguration.Window], concurrency: Int = 16, weight: Int = 1
    ) {
        self.key = key
        self.windows = windows
        self.concurrency = max(1, concurrency)
        self.weight = max(1, weight)
    }
}
