/// One recorded exchange, credentials removed: the line format of `--record`, and of evidence.
///
/// Headers are no part of it, and with them the authorisation. Bodies are redacted when they are asked for, so that an
/// exchange that nobody writes down costs nothing.
public struct Exchange: Sendable {
    private enum Body: Sendable {
        case text(String)
        case bytes([UInt8])
        case request(RequestBody)
    }

    public let provider: String
    public let method: String
    public let url: String
    public let isForm: Bool
    /// 0: no answer arrived.
    public let status: Int
    public let duration: Duration
    /// Counts from 1.
    public let attempt: Int
    public let requestID: String?
    private let request: Body
    private let response: Body
    private let redaction: Redaction

    public init(
        provider: String, method: String, url: String, requestBody: String, isForm: Bool = false, status: Int,
        responseBody: String, duration: Duration, attempt: Int, requestID: String? = nil
    ) {
        self.provider = provider
        self.method = method
        self.url = url
        self.isForm = isForm
        self.status = status
        self.duration = duration
        self.attempt = attempt
        self.requestID = requestID
        request = .text(requestBody)
        response = .text(responseBody)
        redaction = .none
    }

    /// An exchange as it was on the wire; what is secret in it is removed when a body or the description is read.
    init(
        provider: String, method: String, url: String, body: RequestBody?, status: Int, responseBytes: [UInt8],
        duration: Duration, attempt: Int, requestID: String?, redaction: Redaction
    ) {
        self.provider = provider
        self.method = method
        self.url = url
        isForm = body?.isForm ?? false
        self.status = status
        self.duration = duration
        self.attempt = attempt
        self.requestID = requestID
        request = body.map { .request($0) } ?? .text("")
        response = .bytes(responseBytes)
        self.redaction = redaction
    }

    /// JSON text, or empty.
    public var requestBody: String { text(request) }

    /// JSON text, or empty; of other types only their length is kept.
    public var responseBody: String { text(response) }

    private func text(_ body: Body) -> String {
        switch body {
        case .text(let text): text
        case .bytes(let bytes): redaction.text(bytes)
        case .request(let body): body.recorded(redaction)
        }
    }
}

extension Exchange: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(method) \(url) → \(status) (\(provider), attempt \(attempt))" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
