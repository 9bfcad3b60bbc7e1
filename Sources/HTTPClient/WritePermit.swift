import Basics

/// The right of a task to change something at a provider, asked for at the last moment before a request leaves.
///
/// A process that stood still while it held a lease may wake up in the middle of a step, long after another one has taken
/// over. Nothing at a provider can refuse it then, so that it has to refuse itself.
public struct WritePermit: Sendable {
    /// The permit of the present task; nil where none is needed.
    @TaskLocal public static var current: WritePermit?

    private let check: @Sendable () async -> Bool

    /// - Parameter check: whether the right still stands.
    public init(_ check: @escaping @Sendable () async -> Bool) { self.check = check }

    /// Whether the right still stands.
    public func holds() async -> Bool { await check() }
}

/// Sends what asks, and what changes something only as long as the permit of the task stands.
public struct PermittedTransport: HTTPTransport {
    private let inner: any HTTPTransport

    public init(_ inner: any HTTPTransport) { self.inner = inner }

    public func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        if request.method != "GET", request.method != "HEAD", let permit = WritePermit.current, await !permit.holds() {
            throw HTTPFault(
                .notSent, code: "HTTP-0013",
                message:
                    "the request was held back: the lease under which it was to be sent is another's or can't be proved",
                place: request.place, hint: "whoever holds the lease now does the rest",
                // Longer than any call waits, so that it isn't tried again.
                retryAfter: .hours(1))
        }
        return try await inner.send(request)
    }
}
