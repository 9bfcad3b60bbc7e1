internal import Basics

/// One call to a provider, as a driver puts it.
public struct APIRequest: Sendable {
    public var method: String
    /// From its slash on, `percentEncoded` where a part isn't a literal; or a whole URL that the provider gave as its
    /// next page, which has to be of the client's own origin.
    public var path: String
    /// Names and values, not yet encoded.
    public var query: [(String, String)]
    /// Beside those of the client; the same name wins over it.
    public var headers: [HTTPHeader] = []
    public var body: RequestBody?
    /// Who is served first when the budget is short.
    public var priority = RequestPriority.commit
    /// The limits that hold for this kind of call beside that of the credential; the first is the one that a provider's
    /// answer speaks of.
    public var scopes: [RequestScope] = []
    /// The longest for one attempt.
    public var timeout = Duration.seconds(30)
    /// The longest for the whole call, waits included.
    public var deadline = Duration.minutes(5)
    /// The most bytes that the answer may have.
    public var bodyLimit = 64 << 20
    /// Whether saying it twice is saying it once; nil leaves that to the method.
    public var isRepeatable: Bool?
    /// Whether a GET asks for the answer only if it has changed, where the client has a cache.
    public var isConditional = true
    /// How many redirects of a GET are followed, within the same origin.
    public var redirects = 0
    /// What else is secret in it and in its answer.
    public var redaction = Redaction.none

    public init(_ method: String, _ path: String, query: [(String, String)] = [], body: RequestBody? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// What a call came to.
public struct APIAnswer: Sendable {
    public let response: HTTPResponse
    /// Counts from 1.
    public let attempts: Int
    /// The provider said that nothing has changed: the response is the one that was kept.
    public let isUnchanged: Bool
}

extension HTTPResponse {
    /// The provider's name for this exchange, which its support asks for.
    public var requestID: String? {
        for name in [
            "x-request-id", "x_request_id", "x-github-request-id", "x-vercel-id", "x-slack-req-id", "x-amz-request-id",
            "sb-request-id", "cf-ray",
        ] {
            if let value = header(name), !value.isEmpty { return value }
        }
        return nil
    }
}
