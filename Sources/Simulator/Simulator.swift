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
    }

    /// How many worlds of before are kept, for stale reads.
    static let historyLimit = 8

    let options: SimulatorOptions
    let state: Locked<State>
    /// The version that was written last.
    private let saved = Locked<(version: UInt64, fault: SimulatorFault?)>((0, nil))

    /// Makes a simulator with an empty account, or with the one that is kept at `options.statePath`.
    ///
    /// - Throws: `SimulatorFault` `SIM-0001` when there is a state and it can't be read.
    public init(options: SimulatorOptions = SimulatorOptions()) throws(SimulatorFault) {
        self.options = options
        var provider = Provider(
            world: World(seed: options.seed), now: options.time.now, lifecycle: options.lifecycle,
            dropletLimit: options.dropletLimit, firewallNamesAreUnique: options.firewallNamesAreUnique,
            showsCredentials: options.scopes?.contains("database:view_credentials") ?? true)
        if let path = options.statePath, FileSystem.exists(path) {
            provider.world = try Self.load(path, seed: options.seed)
        } else {
            provider.world.found(at: options.time.now)
        }
        state = Locked(State(provider: provider, faults: FaultState(plan: options.faults)))
    }

    // MARK: Answering

    /// Answers one request to the provider or to the control endpoint under `/_simulator/`.
    public func answer(_ request: WebRequest) async -> WebResponse {
        if request.path.hasPrefix("/_simulator/") { return control(request) }
        let (response, change) = state.withLock { state in
            let before = state.version
            let response = respond(to: request, &state)
            return (response, state.version == before ? nil : (state.version, state.provider.world))
        }
        if let (version, world) = change { save(world, version: version) }
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
            }
        }
    }

    /// Moves the provider's clock beyond the time source's, and finishes what is due.
    public func advance(by duration: Duration) {
        state.withLock { state in
            state.clockOffset += duration
            state.provider.world.settle(at: options.time.now + state.clockOffset)
            state.version += 1
        }
        saveNow()
    }

    /// Finishes everything that is in progress.
    public func settle() {
        state.withLock { state in
            state.provider.world.settleAll(at: options.time.now + state.clockOffset)
            state.version += 1
        }
        saveNow()
    }

    // MARK: Saving

    func saveNow() {
        guard options.statePath != nil else { return }
        let (version, world) = state.withLock { ($0.version, $0.provider.world) }
        save(world, version: version)
    }

    /// Why the state could not be written the last time; nil when it was.
    public var saveFault: SimulatorFault? { saved.withLock { $0.fault } }

    private func save(_ world: World, version: UInt64) {
        guard let path = options.statePath else { return }
        let bytes = [UInt8](json: world.value)
        // Two answers can end in any order; the older state never replaces the newer one.
        saved.withLock { saved in
            guard version > saved.version else { return }
            do throws(FileSystemFault) {
                try FileSystem.write(bytes, to: path, mode: 0o600)
                saved = (version, nil)
            } catch {
                saved.fault = .notSaved(path, error.message)
            }
        }
    }

    private static func load(_ path: String, seed: UInt64) throws(SimulatorFault) -> World {
        let value: Value
        do {
            value = try JSON.parse(FileSystem.read(path))
        } catch let fault as any Fault {
            throw .unreadableState(path, fault.message)
        } catch {
            throw .unreadableState(path, "\(error)")
        }
        guard let world = World(value, seed: seed) else {
            throw .unreadableState(path, "it is no state of this simulator")
        }
        return world
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
