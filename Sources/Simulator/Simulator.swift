public import Basics
import Formats
public import Web

/// The provider on loopback: state, paging, limits, asynchronous work and, on order, its faults.
///
/// ``answer(_:)`` is the whole of it: give it to a `WebServer`, or call it from a test without a socket. Everything is
/// decided by the seed, the clock and the order of requests.
public final class Simulator: Sendable {
    struct State: Sendable {
        var provider: Provider
        var faults: FaultState
        var windows: [String: RateWindow] = [:]
        var log: [LoggedRequest] = []
        var requestCount: UInt64 = 0
        /// How much the control endpoint has moved the clock.
        var clockOffset: Duration = .zero
        /// Worlds of before the last writes, newest last.
        var history: [(world: World, at: Timestamp)] = []
        /// Grows with each change.
        var version: UInt64 = 0
        /// The other providers by name.
        var hosts: [String: AccountHost] = [:]
    }

    /// How many worlds of before are kept, for stale reads.
    static let historyLimit = 8

    let options: SimulatorOptions
    let state: Locked<State>
    /// The version that was written last.
    let saved = Locked<(version: UInt64, fault: SimulatorFault?)>((0, nil))

    /// Makes a simulator with an empty account, or with the one that is kept at `options.statePath`.
    ///
    /// - Throws: `SimulatorFault` `SIM-0001` when there is a state and it can't be read.
    public init(options: SimulatorOptions = SimulatorOptions()) throws(SimulatorFault) {
        self.options = options
        var provider = Provider(
            world: World(seed: options.seed), now: options.time.now, lifecycle: options.lifecycle,
            dropletLimit: options.dropletLimit, firewallNamesAreUnique: options.firewallNamesAreUnique,
            showsCredentials: options.scopes?.contains("database:view_credentials") ?? true)
        var kept: Value?
        if let path = options.statePath { kept = try Self.load(path) }
        if let kept, let path = options.statePath {
            guard let world = World(kept, seed: options.seed) else {
                throw .unreadableState(path, "it is no state of this simulator")
            }
            provider.world = world
        } else {
            provider.world.found(at: options.time.now)
        }
        var state = State(provider: provider, faults: FaultState(plan: options.faults))
        for type in SimulatedProviders.all {
            var host = AccountHost(try Self.account(type, kept?["providers"]?[type.name], options: options))
            if options.isFurnished, kept == nil { host.account.furnish() }
            state.hosts[type.name] = host
        }
        self.state = Locked(state)
    }

    // MARK: Answering

    /// Answers one request to the provider or to the control endpoint under `/_simulator/`.
    public func answer(_ request: WebRequest) async -> WebResponse {
        if request.path.hasPrefix("/_simulator/") { return control(request) }
        let (response, change) = state.withLock { state in
            let before = state.version
            let response =
                Self.providerName(of: request, among: state.hosts).map { respond(to: request, at: $0, &state) }
                ?? respond(to: request, &state)
            return (response, state.version == before ? nil : Kept(state))
        }
        if let change { save(change) }
        return response
    }

    // MARK: Setting up

    /// Orders a fault; orders are tried in the order in which they came.
    public func order(_ fault: FaultOrder) { state.withLock { $0.faults.orders.append(fault) } }

    /// Forgets all orders and the plan of random faults.
    public func clearFaults() { state.withLock { $0.faults = FaultState(plan: nil) } }

    /// Replaces the plan of random faults; nil ends it.
    public func setFaultPlan(_ plan: FaultPlan?) { state.withLock { $0.faults.plan = plan } }

    /// What is still ordered.
    public var pendingOrders: [FaultOrder] { state.withLock { $0.faults.orders } }

    /// The requests so far, oldest first, at most `options.logLimit`.
    public var requestLog: [LoggedRequest] { state.withLock { $0.log } }

    /// Forgets the requests so far.
    public func clearRequestLog() { state.withLock { $0.log = [] } }

    /// Every password in the account, so that a test can look for them where they must not be.
    public var issuedSecrets: [String] {
        state.withLock { state in
            state.provider.world.clusters.flatMap { cluster in
                cluster.users.compactMap { $0["password"]?.stringValue }
            } + state.provider.world.issued + state.hosts.values.flatMap(\.account.secrets)
        }
    }

    /// Moves the provider's clock beyond the time source's, and finishes what is due.
    public func advance(by duration: Duration) {
        state.withLock { state in
            state.clockOffset += duration
            state.provider.world.settle(at: options.time.now + state.clockOffset)
            for name in state.hosts.keys { state.hosts[name]?.settle(at: options.time.now + state.clockOffset) }
            state.version += 1
        }
        saveNow()
    }

    /// Finishes everything that is in progress.
    public func settle() {
        state.withLock { state in
            state.provider.world.settleAll(at: options.time.now + state.clockOffset)
            for name in state.hosts.keys { state.hosts[name]?.account.settleAll() }
            state.version += 1
        }
        saveNow()
    }
}

/// One request as the simulator saw it.
public struct LoggedRequest: Sendable, Hashable {
    public let method: String
    /// With its query.
    public let path: String
    /// What was answered; 0 when the connection was dropped.
    public let status: Int
    public let time: Timestamp
    public let requestID: String
    /// The fault that hit it, as ``FaultKind/text``.
    public let fault: String?

    public init(method: String, path: String, status: Int, time: Timestamp, requestID: String, fault: String?) {
        self.method = method
        self.path = path
        self.status = status
        self.time = time
        self.requestID = requestID
        self.fault = fault
    }
}
