public import Basics

/// The limits of a server; what goes beyond them is refused by status, not by luck.
public struct WebServerOptions: Sendable {
    /// The most bytes of a request's body; more is answered by 413.
    public var bodyLimit: Int
    /// The most bytes of the body of a request to a path, where that is less than `bodyLimit`; nil: the same everywhere.
    public var bodyLimitOfPath: (@Sendable (String) -> Int)?
    /// The most bytes of a request's header lines; more is answered by 431.
    public var headerLimit: Int
    /// The most connections at once; more are closed as they come.
    public var connectionLimit: Int
    /// The most connections from one address; 0 means no such limit.
    public var connectionsPerAddress: Int
    /// A connection on which nothing has moved for this long is closed, whole seconds; time in a handler doesn't count.
    public var idleTimeout: Duration
    /// A whole request has to come within this long of its connection's begin, or of the answer before it.
    public var requestTimeout = Duration.seconds(75)
    /// The certificate and its key, for TLS 1.2 and 1.3; nil: plain HTTP.
    public var identity: WebIdentity?
    /// Words a refusal of what is no sound request, of its target, status and reason; nil: in plain text.
    public var refusal: (@Sendable (_ target: String, _ status: Int, _ reason: String) -> WebResponse?)?
    /// Where the task of a request is at home; nil, and of those of which it says nil: where Swift has all others.
    public var home: (@Sendable (WebRequest) -> (any TaskExecutor)?)?
    /// What a response's delay, and the drain time, are measured by.
    public var time: any TimeSource

    public init(
        bodyLimit: Int = 8 << 20, headerLimit: Int = 32 << 10, connectionLimit: Int = 4_096,
        connectionsPerAddress: Int = 0, idleTimeout: Duration = .seconds(60), time: any TimeSource = SystemTime()
    ) {
        self.bodyLimit = max(0, bodyLimit)
        self.headerLimit = min(max(1_024, headerLimit), 1 << 20)
        self.connectionLimit = min(max(1, connectionLimit), 1 << 20)
        self.connectionsPerAddress = min(max(0, connectionsPerAddress), 1 << 20)
        self.idleTimeout = min(max(.seconds(1), idleTimeout), .hours(24))
        self.time = time
    }

    /// The most bytes of the body of a request to a target, which may have a query.
    func bodyLimit(ofTarget target: String) -> Int {
        guard let bodyLimitOfPath else { return bodyLimit }
        return max(0, min(bodyLimit, bodyLimitOfPath(String(target.prefix { $0 != "?" }))))
    }
}
