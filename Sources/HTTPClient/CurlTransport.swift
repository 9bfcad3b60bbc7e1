/// How the transport connects.
public struct CurlOptions: Sendable {
    /// The longest to look up, connect and shake hands.
    public var connectTimeout: Duration
    /// More requests to one host wait for one of these to be free.
    public var connectionsPerHost: Int
    /// Connects to this socket in place of the URL's host.
    public var unixSocket: String?
    /// Certificates of authorities to trust in place of the system's.
    public var authorities: String?
    /// A PEM file that proves to the server who we are (mTLS); the key's file may be the same.
    public var clientCertificate: String?
    public var clientKey: String?

    public init(
        connectTimeout: Duration = .seconds(10), connectionsPerHost: Int = 16, unixSocket: String? = nil,
        authorities: String? = nil, clientCertificate: String? = nil, clientKey: String? = nil
    ) {
        self.connectTimeout = max(.milliseconds(1), connectTimeout)
        self.connectionsPerHost = min(max(1, connectionsPerHost), 1_024)
        self.unixSocket = unixSocket
        self.authorities = authorities
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey ?? clientCertificate
    }
}

/// Requests over libcurl: one thread of its own, connections kept and shared, HTTP/2 where it is offered.
///
/// It sends each request once at most. libcurl would quietly send a request again when a kept connection dies without
/// an answer; that is stopped here, because the other side may have acted on the first.
public final class CurlTransport: HTTPTransport {
    private let engine: CurlEngine

    public init(_ options: CurlOptions = CurlOptions()) {
        engine = CurlEngine(options: options)
        engine.start()
    }

    deinit { engine.stop() }

    public func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let transfer = try CurlTransfer(request)
        let result: Result<HTTPResponse, HTTPFault> = await withTaskCancellationHandler {
            await withCheckedContinuation { engine.add(transfer, $0) }
        } onCancel: {
            engine.cancel(transfer)
        }
        return try result.get()
    }

    /// How many connections have been opened so far; the rest of the requests used one that was kept.
    public var connectionsOpened: Int { engine.connectionsOpened }
}
