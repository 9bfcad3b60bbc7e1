public import Basics
import Formats
public import HTTPClient

/// Sends the spans of each run to a collector, by OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp).
///
/// A pass only puts its spans into a queue that holds so many and no more: a collector that is slow, away or gone costs
/// spans, and never a moment of a pass.
public final class Tracer: Sendable {
    /// Where spans go, and with what.
    public struct Options: Sendable {
        /// The full address, such as `http://127.0.0.1:4318/v1/traces`.
        public var url: String
        /// Sent with each request; the values may be credentials.
        public var headers: [(name: String, value: Secret)]
        /// Spans that wait at the most; what comes beyond it is dropped.
        public var queueLimit: Int
        /// Spans of one request at the most.
        public var batch: Int
        public var timeout: Duration
        /// Before a batch is sent again; twice and three times as long for the next ones.
        public var pause = Duration.seconds(1)

        public init(
            url: String, headers: [(name: String, value: Secret)] = [], queueLimit: Int = 8_192, batch: Int = 512,
            timeout: Duration = .seconds(10)
        ) {
            self.url = url
            self.headers = headers
            self.queueLimit = queueLimit
            self.batch = max(1, batch)
            self.timeout = timeout
        }
    }

    /// How the sending fares.
    public struct Counts: Sendable, Hashable {
        public var sent = 0
        public var dropped = 0
        public var waiting = 0
    }

    private struct State {
        var queue: [Value] = []
        var counts = Counts()
        var isSending = false
        var isClosed = false
        /// Since when the collector refuses: it is told once, and not with each batch.
        var isAway = false
    }

    private let options: Options
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let log: Log
    private let resource: Value
    private let state = Locked(State())

    /// How often a batch is sent before it is given up.
    private static let attempts = 3

    public init(
        _ options: Options, transport: any HTTPTransport, time: any TimeSource, log: Log, host: String = ""
    ) {
        self.options = options
        self.transport = transport
        self.time = time
        self.log = log
        resource = .object([
            "attributes": Span.attributes([
                ("service.name", "odooops-reconciler"), ("service.instance.id", .string(host)),
            ])
        ])
    }

    public var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.waiting = state.queue.count
            return counts
        }
    }

    /// Takes the spans of one run; what doesn't fit is dropped, the oldest first.
    func send(_ spans: [Span], of trace: String) {
        let values = spans.map { $0.value(of: trace) }
        let begins = state.withLock { state -> Bool in
            guard !state.isClosed else {
                state.counts.dropped += values.count
                return false
            }
            state.queue += values
            let excess = state.queue.count - options.queueLimit
            if excess > 0 {
                state.queue.removeFirst(excess)
                state.counts.dropped += excess
            }
            guard !state.isSending, !state.queue.isEmpty else { return false }
            state.isSending = true
            return true
        }
        if begins { Task.detached { [self] in await drain() } }
    }

    /// Waits until all is sent or given up, at the most so long; what is left then is dropped.
    public func close(within limit: Duration = .seconds(2)) async {
        let deadline = time.uptime + limit
        while time.uptime < deadline, state.withLock({ $0.isSending }) {
            do { try await time.idle(for: .milliseconds(20)) } catch { break }
        }
        state.withLock { state in
            state.isClosed = true
            state.counts.dropped += state.queue.count
            state.queue = []
        }
    }

    private func drain() async {
        while true {
            let batch = state.withLock { state -> [Value] in
                let batch = Array(state.queue.prefix(options.batch))
                state.queue.removeFirst(batch.count)
                if batch.isEmpty { state.isSending = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            let fault = await post(batch)
            let isNews = state.withLock { state -> Bool in
                if fault == nil { state.counts.sent += batch.count } else { state.counts.dropped += batch.count }
                defer { state.isAway = fault != nil }
                return fault != nil && !state.isAway
            }
            if isNews, let fault {
                log.warning("the collector takes no traces: spans are dropped", ["fault": fault])
            }
        }
    }

    /// - Returns: why it was not taken; nil when it was.
    private func post(_ spans: [Value]) async -> String? {
        let body = JSON.write(
            .object([
                "resourceSpans": .list([
                    .object([
                        "resource": resource,
                        "scopeSpans": .list([
                            .object(["scope": .object(["name": "odooops.reconciler"]), "spans": .list(spans)])
                        ]),
                    ])
                ])
            ]))
        var request = HTTPRequest(
            "POST", options.url, headers: [HTTPHeader("Content-Type", "application/json")], body: Array(body.utf8),
            timeout: options.timeout, bodyLimit: 1 << 20)
        for header in options.headers {
            header.value.reveal { request.headers.append(HTTPHeader(header.name, $0)) }
        }
        var fault = "nothing was sent"
        for attempt in 1...Self.attempts {
            var wait = options.pause * attempt
            do throws(HTTPFault) {
                let response = try await transport.send(request)
                if (200..<300).contains(response.status) { return nil }
                fault = "HTTP \(response.status)"
                // Only these may be tried again.
                guard [429, 502, 503, 504].contains(response.status) else { return fault }
                if let seconds = response.header("Retry-After").flatMap({ Int64($0) }) {
                    wait = .seconds(min(max(0, seconds), 30))
                }
            } catch {
                fault = "\(error.code): \(error.message)"
            }
            guard attempt < Self.attempts, !state.withLock({ $0.isClosed }) else { break }
            do { try await time.idle(for: wait) } catch { break }
        }
        return fault
    }
}
