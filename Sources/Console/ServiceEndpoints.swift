public import Basics
import ConsoleAccess
import Formats
public import Reconciler
public import Store
public import Web

/// What the service answers besides its work: health, readiness, metrics, and the hook that asks for a pass.
public struct ServiceEndpoints: Sendable {
    private let service: Service
    private let probe: StoreProbe
    private let metrics: Metrics
    private let time: any TimeSource
    private let interval: Duration
    private let door: @Sendable () -> HookEndpoints.Door
    private let hooks: HookEndpoints?

    /// The endpoints of one service; `door` is that of `POST /hooks/reconcile`, `hooks` takes what providers send.
    ///
    /// A door whose secret leads to no value refuses every post; without a secret only this machine itself may post.
    public init(
        service: Service, store: Store, metrics: Metrics, time: any TimeSource, interval: Duration,
        hooks: HookEndpoints? = nil, door: @escaping @Sendable () -> HookEndpoints.Door = { .closed }
    ) {
        self.service = service
        probe = StoreProbe(store, time: time)
        self.metrics = metrics
        self.time = time
        self.interval = interval
        self.door = door
        self.hooks = hooks
    }

    /// How long a pass may take before the loop counts as stuck.
    static let longestPass = Duration.minutes(30)

    /// Whether the loop has given a sign of life lately.
    public static func isAlive(_ status: Service.Status, now: Timestamp, interval: Duration) -> Bool {
        if status.isRunning { return now - status.beatAt < longestPass }
        guard let next = status.nextPassAt else { return now - status.beatAt < .minutes(1) }
        return now < next + .minutes(1) + interval
    }

    /// Answers health, readiness, metrics and the hook that asks for a pass.
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - isForwarded: whether it came through a proxy, as the configuration has it; what it says itself counts anyway.
    /// - Returns: the answer.
    public func answer(_ request: WebRequest, isForwarded: Bool = false) async -> WebResponse {
        switch (request.method, request.path) {
        case ("GET", "/healthz"), ("HEAD", "/healthz"): return health()
        case ("GET", "/readyz"), ("HEAD", "/readyz"): return await readiness()
        case ("GET", "/metrics"), ("HEAD", "/metrics"):
            return .text(200, metrics.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        case ("POST", "/hooks/reconcile"): return await hook(request, isForwarded)
        case (_, "/healthz"), (_, "/readyz"), (_, "/metrics"):
            return .refusal(405, "this path is read with GET", allow: "GET, HEAD")
        case (_, "/hooks/reconcile"): return .refusal(405, "this path is called with POST", allow: "POST")
        default: return await hooks?.answer(request) ?? .refusal(404, "there is nothing at this path")
        }
    }

    private func health() -> WebResponse {
        let status = service.currentStatus
        let isAlive = Self.isAlive(status, now: time.now, interval: interval)
        return .json(isAlive ? 200 : 503, ["status": .string(isAlive ? "ok" : "stuck"), "loop": describe(status)])
    }

    private func readiness() async -> WebResponse {
        let status = service.currentStatus
        var reasons: [String] = []
        if status.isStopping { reasons.append("stopping") }
        if status.passes == 0 { reasons.append("no pass has ended yet") }
        if let fault = await probe.fault() { reasons.append(fault) }
        if let fault = status.lastFault {
            let isClock = (fault as? StoreFault)?.kind == .wrongClock
            reasons.append("\(fault.code): \(isClock ? fault.message : "the last pass failed")")
        }
        return .json(
            reasons.isEmpty ? 200 : 503,
            [
                "status": .string(reasons.isEmpty ? "ready" : "not ready"), "reasons": .strings(reasons),
                "loop": describe(status),
            ])
    }

    private func hook(_ request: WebRequest, _ isForwarded: Bool) async -> WebResponse {
        switch door() {
        case .guarded(let secret):
            guard let signature = request.header("X-Hub-Signature-256"), signature.hasPrefix("sha256="),
                let given = Hex.decode(signature.dropFirst(7)),
                secret.reveal({ equalInConstantTime(given, hmacSHA256(key: Array($0.utf8), request.body)) })
            else {
                return .refusal(
                    401, "the signature is missing or wrong: X-Hub-Signature-256 is sha256= and the HMAC of the body")
            }
        case .broken(let reference):
            return .refusal(503, "hook_secret is configured and leads to no value: \(reference)")
        case .closed:
            // A proxy at this machine brings everybody, and a browser what any page tells it.
            guard !isForwarded, ClientOrigin.isByHandHere(request) else {
                return .refusal(
                    403, "without hook_secret only this machine itself may ask for a pass: name one in reconciler.yaml")
            }
        }
        await service.ask(.webhook)
        return .json(202, ["status": "accepted", "message": "a pass begins as soon as the present one has ended"])
    }

    private func describe(_ status: Service.Status) -> Value {
        .object([
            "passes": .int(Int64(status.passes)), "running": .bool(status.isRunning),
            "failures_in_a_row": .int(Int64(status.failures)),
            "last_run": status.lastRunID.map { .string($0) } ?? .null,
            "last_success_at": status.lastSuccessAt.map { .string($0.description) } ?? .null,
            // Anybody may ask: what a fault says may name things that only people with access should know.
            "last_fault": .text(status.lastFault?.code),
            "next_pass_at": status.nextPassAt.map { .string($0.description) } ?? .null,
        ])
    }
}
