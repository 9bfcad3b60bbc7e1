internal import Basics
internal import CMicroHTTPD
internal import Glibc
internal import MicroHTTPDShim

/// The server's life: start, the requests under way, the clean stop.
final class WebServerCore: Sendable {
    private enum Phase {
        /// Draining still serves what comes on open connections; closing answers it by 503.
        case idle, serving, draining, closing, stopped
    }

    private struct State {
        var phase = Phase.idle
        var daemon: OpaquePointer?
        /// What the daemon calls; kept as long as it lives.
        var callbacks: Callbacks?
        var watching: Task<Void, Never>?
        var descriptor: CInt = -1
        var active: [ObjectIdentifier: WebExchange] = [:]
        var nextWaiter: UInt64 = 0
        /// Nil until the waiter is asleep; gone when it need not wait.
        var drainWaiters: [UInt64: CheckedContinuation<Void, Never>?] = [:]
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    let options: WebServerOptions
    let handler: @Sendable (WebRequest) async -> WebResponse
    let connections: WebConnections
    let identity: IdentityInUse?
    private let state: Locked<State>

    /// - Throws: `WebFault` when certificate and key can't be used.
    init(
        options: WebServerOptions, handler: @escaping @Sendable (WebRequest) async -> WebResponse
    ) throws(WebFault) {
        self.options = options
        self.handler = handler
        connections = WebConnections(timeout: options.requestTimeout)
        identity = if let identity = options.identity { try IdentityInUse(identity) } else { nil }
        state = Locked(State())
    }

    var activeRequests: Int { state.withLock { $0.active.count } }

    /// Whether connections are to be closed after their answer.
    var isStopping: Bool { state.withLock { $0.phase != .serving } }

    func start(address: String, port: UInt16) throws(WebFault) -> UInt16 {
        let descriptor = web_listen(address, port, 1_024)
        guard descriptor >= 0 else {
            let status = -descriptor
            let hint =
                switch status {
                case EADDRINUSE: "see who listens there with: ss -ltnp 'sport = :\(port)'"
                case EACCES: "take a port above 1023"
                case EINVAL: "give a numeric address such as 127.0.0.1 or ::1"
                default: nil as String?
                }
            throw WebFault(
                code: "WEB-0001", message: "cannot listen: \(String(cString: strerror(status)))",
                place: "\(address):\(port)", hint: hint)
        }
        var settings = web_settings(
            connection_limit: UInt32(options.connectionLimit),
            connections_per_address: UInt32(options.connectionsPerAddress),
            idle_seconds: UInt32(options.idleTimeout.components.seconds),
            connection_memory: options.headerLimit * 2 + 16_384)
        // Kept alive until the daemon has stopped: its thread calls back with this pointer.
        let context = Unmanaged.passRetained(self)
        let callbacks = Callbacks(
            web_callbacks(
                context: context.toOpaque(), handler: handleAccess, begin: beginExchange, completed: completeExchange,
                opened: openConnection, closed: closeConnection, identity: identity?.pointer))
        // The phase is set first, for a request may come before the call has returned.
        state.withLock { state in
            state.phase = .serving
            state.descriptor = descriptor
            state.callbacks = callbacks
        }
        guard let daemon = web_start(descriptor, &settings, callbacks.pointer) else {
            context.release()
            close(descriptor)
            state.withLock { $0.phase = .stopped }
            throw WebFault(
                code: "WEB-0002", message: "the server's thread could not be started", place: "\(address):\(port)",
                hint: "look at the limits of open files and threads: ulimit -n -u")
        }
        let connections = connections
        let watching = Task { await connections.watch() }
        state.withLock { state in
            state.daemon = daemon
            state.watching = watching
        }
        return web_port(descriptor)
    }

    /// Counts an exchange as under way; false when the server is closing and it must not be.
    func register(_ exchange: WebExchange) -> Bool {
        state.withLock { state in
            guard state.phase == .serving || state.phase == .draining else { return false }
            state.active[ObjectIdentifier(exchange)] = exchange
            return true
        }
    }

    func unregister(_ exchange: WebExchange) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.active[ObjectIdentifier(exchange)] = nil
            guard state.active.isEmpty else { return [] }
            defer { state.drainWaiters = [:] }
            return state.drainWaiters.values.compactMap { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    func stop(drain: Duration) async {
        guard beginDraining() else { return await stopped() }
        // A stream has no end of its own that anybody could wait for.
        endStreams()
        await drained(within: drain)
        for exchange in state.withLock({ Array($0.active.values) }) { exchange.abandon() }
        // What was abandoned is answered by 503 at once; a client that doesn't read gets one more second.
        await drained(within: .seconds(1))
        await withCheckedContinuation { continuation in
            startThread { [self] in
                shutDown()
                continuation.resume()
            }
        }
    }

    /// Stops without waiting for anybody.
    func abandon() {
        guard beginDraining() else { return }
        for exchange in state.withLock({ Array($0.active.values) }) { exchange.abandon() }
        // A thread of its own, because the caller may be the last task of a request.
        startThread { [self] in shutDown() }
    }

    /// Whether this is the call that stops the server, and not a later one.
    private func beginDraining() -> Bool {
        state.withLock { state in
            guard state.phase == .serving else { return false }
            state.phase = .draining
            return true
        }
    }

    private func endStreams() { for exchange in state.withLock({ Array($0.active.values) }) { exchange.endStream() } }

    private func stopped() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.phase == .stopped { return true }
                state.stopWaiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Closes the door and waits until no request is under way, or until the time is over.
    private func drained(within limit: Duration) async {
        if let daemon = state.withLock({ $0.daemon }) { _ = MHD_quiesce_daemon(daemon) }
        let id = state.withLock { state in
            state.nextWaiter += 1
            if !state.active.isEmpty { state.drainWaiters.updateValue(nil, forKey: state.nextWaiter) }
            return state.nextWaiter
        }
        let timer = Task { [self] in
            try? await options.time.sleep(for: limit)
            let waiter = state.withLock { $0.drainWaiters.removeValue(forKey: id) ?? nil }
            waiter?.resume()
        }
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.drainWaiters[id] != nil else { return false }
                state.drainWaiters[id] = .some(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
        timer.cancel()
    }

    private func shutDown() {
        let (daemon, descriptor) = state.withLock { state in
            state.phase = .closing
            state.watching?.cancel()
            return (state.daemon, state.descriptor)
        }
        if let daemon {
            _ = MHD_quiesce_daemon(daemon)
            endStreams()
            // The library ends the process when a connection is suspended at its stop.
            while let exchange = state.withLock({ $0.active.values.first { !$0.isResumed } }) {
                exchange.abandon()
                sched_yield()
            }
            MHD_stop_daemon(daemon)
        }
        // Not before: the daemon's thread may still have been about to accept.
        close(descriptor)
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.phase = .stopped
            state.daemon = nil
            state.callbacks = nil
            defer { state.stopWaiters = [] }
            return state.stopWaiters
        }
        Unmanaged.passUnretained(self).release()
        for waiter in waiters { waiter.resume() }
    }
}

/// What the daemon calls, at an address that stays.
private final class Callbacks: @unchecked Sendable {  // Written once, before anybody reads it.
    let pointer: UnsafeMutablePointer<web_callbacks>

    init(_ callbacks: web_callbacks) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: callbacks)
    }

    deinit { pointer.deallocate() }
}
