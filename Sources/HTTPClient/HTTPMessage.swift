public import Basics

/// One request to a provider.
public struct HTTPRequest: Sendable {
    public var method: String
    public var url: String
    public var headers: [HTTPHeader]
    public var body: [UInt8]
    /// The longest that one attempt may take, from connecting to the last byte.
    public var timeout: Duration
    /// The most bytes that an answer may have.
    public var bodyLimit: Int

    public init(
        _ method: String, _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [],
        timeout: Duration = .seconds(30),
        bodyLimit: Int = 64 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.bodyLimit = bodyLimit
    }
}

/// One header field; the name in any case.
public struct HTTPHeader: Sendable, Hashable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension HTTPHeader: CustomStringConvertible, CustomReflectable {
    /// Values that tell how an exchange went; any other may be a credential and isn't shown.
    private static let plain: Set<String> = [
        "accept", "content-type", "content-length", "retry-after", "etag", "date", "ratelimit-limit",
        "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset",
    ]

    public var description: String { "\(name): \(Self.plain.contains(name.lowercased()) ? value : "<hidden>")" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(place), \(body.count) bytes" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

/// One answer.
public struct HTTPResponse: Sendable {
    public let status: Int
    public let headers: [HTTPHeader]
    public let body: [UInt8]

    public init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header of a name, whatever the case of its letters.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.matchesIgnoringCase(name) }?.value
    }
}

extension HTTPResponse: CustomStringConvertible, CustomReflectable {
    public var description: String { "status \(status), \(body.count) bytes" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

/// No whole answer arrived.
public struct HTTPFault: Fault {
    /// What is known of the request, which decides whether it may be sent again.
    public enum Kind: Sendable, Hashable {
        /// The request can't have reached the other side: name not found, connection refused.
        case notSent
        /// The request was sent and the answer did not come: whether it had an effect is not known.
        case lost
        /// The deadline passed; `sent` tells whether the request may have arrived.
        case timedOut(sent: Bool)
        /// The certificate or the handshake was refused.
        case tls
        /// The answer was longer than allowed.
        case tooLarge
        /// The task was cancelled.
        case cancelled
        /// The URL can't be used.
        case badURL
    }

    public let kind: Kind
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    /// How long the other side, or the budget, asks to be left alone; only where it is longer than a call may wait.
    public let retryAfter: Duration?

    public init(
        _ kind: Kind, code: String, message: String, place: String?, hint: String? = nil, retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.retryAfter = retryAfter
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }

    /// Whether nothing was sent because the budget that processes share can't be asked: the other side has no part in it.
    public var isOfShare: Bool { code == "HTTP-0012" }

    /// Whether the other side may have acted on the request.
    public var mayHaveHadEffect: Bool {
        switch kind {
        case .lost, .tooLarge, .cancelled: true
        case .timedOut(let sent): sent
        case .notSent, .tls, .badURL: false
        }
    }

    public var disposition: Disposition {
        switch kind {
        case .notSent: .retry(after: retryAfter)
        case .lost, .timedOut, .tooLarge: .observeAgain
        case .tls, .badURL, .cancelled: .stop
        }
    }
}

/// What carries requests: libcurl in the field, a table of answers in a unit test.
public protocol HTTPTransport: Sendable {
    /// Sends once; no retry, no redirect followed.
    ///
    /// - Throws: `HTTPFault` when no whole answer arrived. A status of 4xx or 5xx is an answer.
    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse
}
