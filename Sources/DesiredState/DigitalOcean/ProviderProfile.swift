public import Basics

/// What `providers/<name>/provider.yaml` says of a provider's interface: limits that a driver keeps to.
public struct ProviderProfile: Sendable, Hashable {
    /// One thing that the provider offers, and whether it is used.
    public struct Capability: Sendable, Hashable {
        public let id: String
        /// As written: `active`, `planned`.
        public let status: String
        public let table: String?
        public let endpoint: String?
        public let isAllowed: Bool?
        public let source: SourceMark

        public init(
            id: String, status: String, table: String?, endpoint: String?, isAllowed: Bool?, source: SourceMark
        ) {
            self.id = id
            self.status = status
            self.table = table
            self.endpoint = endpoint
            self.isAllowed = isAllowed
            self.source = source
        }
    }

    public let id: String
    public let baseURL: String?
    /// Requests in an hour.
    public let requestsPerHour: Int?
    public let maximumAttempts: Int?
    /// HTTP statuses after which a request is made again.
    public let retriedStatuses: [Int]
    public let finalStatuses: [Int]
    /// The id of the secret in the registry; never its value.
    public let secretID: String?
    /// When it is ingested, as a cron expression.
    public let schedule: String?
    /// In the order in which they are written.
    public let capabilities: [Capability]
    public let source: SourceMark

    public init(
        id: String, baseURL: String?, requestsPerHour: Int?, maximumAttempts: Int?, retriedStatuses: [Int],
        finalStatuses: [Int], secretID: String?, schedule: String?, capabilities: [Capability], source: SourceMark
    ) {
        self.id = id
        self.baseURL = baseURL
        self.requestsPerHour = requestsPerHour
        self.maximumAttempts = maximumAttempts
        self.retriedStatuses = retriedStatuses
        self.finalStatuses = finalStatuses
        self.secretID = secretID
        self.schedule = schedule
        self.capabilities = capabilities
        self.source = source
    }
}
