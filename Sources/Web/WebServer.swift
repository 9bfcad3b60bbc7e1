public import Basics

/// A small HTTP/1.1 server: one thread that moves bytes, and a task for each request.
///
/// The connection is suspended while the handler runs, so a slow handler holds up nobody. Requests that two readers
/// could understand differently are refused before a handler sees them.
public final class WebServer: Sendable {
    private let core: WebServerCore

    /// The port that it listens on.
    public let port: UInt16

    /// Starts to listen and to serve.
    ///
    /// - Parameters:
    ///   - address: a numeric IPv4 or IPv6 address.
    ///   - port: 0 takes any free one.
    ///   - options: the limits.
    ///   - handler: answers one request; cancelled when the server stops before it has.
    /// - Throws: `WebFault` when the address can't be had, or certificate and key can't be used.
    public init(
        address: String, port: UInt16, options: WebServerOptions = WebServerOptions(),
        handler: @escaping @Sendable (WebRequest) async -> WebResponse
    ) throws(WebFault) {
        core = try WebServerCore(options: options, handler: handler)
        self.port = try core.start(address: address, port: port)
    }

    deinit {
        let core = core
        core.abandon()
    }

    /// How many requests are being answered right now.
    public var activeRequests: Int { core.activeRequests }

    /// How many connections are open.
    public var openConnections: Int { core.connections.count }

    /// When the certificate ends; nil without TLS.
    public var identityEnd: Timestamp? { core.identity?.end }

    /// Shows another certificate to those who connect from now on; nothing happens at a server without TLS.
    ///
    /// - Throws: `WebFault` when certificate and key can't be used; then the old ones stay.
    public func replace(identity: WebIdentity) throws(WebFault) { try core.identity?.replace(by: identity) }

    /// Stops accepting at once, lets running requests end, and closes everything.
    ///
    /// - Parameter drain: what still runs after this long is cancelled and answered by 503.
    public func stop(drain: Duration) async { await core.stop(drain: drain) }
}
