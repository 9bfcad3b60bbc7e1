import Basics
import DesiredState
import HTTPClient
import Reconciler
import Simulator
import SimulatorKit
import Store
import StoreSQLite

/// Where a process may stand still just before a request is let out.
struct StandingTransport: HTTPTransport {
    let gate: EffectGate
    let inner: PermittedTransport

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        if request.method != "GET", request.method != "HEAD" {
            await gate.standStill(before: .write, RequestPlace(request).label)
        }
        return try await inner.send(request)
    }
}

/// The way to the providers.
struct GatedTransport: HTTPTransport {
    let gate: EffectGate
    let simulator: Simulator
    let ledger: WriteLedger
    let receiver: Receiver

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let place = RequestPlace(request)
        let isWrite = request.method != "GET" && request.method != "HEAD"
        switch await gate.arrive(isWrite ? .write : .read, place.label) {
        case .pass: break
        case .dead: throw Self.fault(.cancelled, request)
        case .strike(let disturbance):
            switch disturbance {
            case .crashAfter:
                _ = try await perform(request, place)
                gate.shut()
                throw Self.fault(.cancelled, request)
            case .answerLost:
                _ = try await perform(request, place)
                throw Self.fault(.lost, request)
            case .requestLost, .unobserved: throw Self.fault(.notSent, request)
            default:
                if place.host == Receiver.host { return try receiver.answer(request, under: disturbance) }
                if let kind = Self.kind(of: disturbance) {
                    simulator.order(FaultOrder(request.method, place.simulated, kind))
                }
            }
        }
        let response = try await perform(request, place)
        // What was sent before the process ended reaches nobody any more.
        if gate.isDead { throw Self.fault(.cancelled, request) }
        return response
    }

    private func perform(_ request: HTTPRequest, _ place: RequestPlace) async throws(HTTPFault) -> HTTPResponse {
        if place.host == Receiver.host { return try receiver.answer(request) }
        let effect = await ledger.begin(request, place, simulator)
        let response = try await InProcessTransport(simulator).send(request)
        if let effect, (200..<300).contains(response.status) { ledger.note(effect) }
        return response
    }

    private static func kind(of disturbance: Disturbance) -> FaultKind? {
        switch disturbance {
        case .refused: .tooManyRequests(retryAfter: 1)
        case .serverError: .serverErrorBefore
        case .serverErrorAfter: .serverErrorAfter
        case .lateEffect: .lateEffect(.seconds(3))
        case .hiddenAfterCreate: .notFoundAfterCreate(reads: 2)
        case .staleByOne: .staleRead(writes: 1)
        case .staleByThree: .staleRead(writes: 3)
        case .truncated: .truncatedJSON
        default: nil
        }
    }

    static func fault(_ kind: HTTPFault.Kind, _ request: HTTPRequest) -> HTTPFault {
        HTTPFault(
            kind, code: "TEST-0001", message: "the harness cut the line", place: "\(request.method) \(request.url)")
    }
}

/// Where a request goes, as a point is named and as the simulator takes orders.
struct RequestPlace: Sendable {
    let label: String
    /// The path as fault orders know it: that of other providers begins with their name.
    let simulated: String
    let host: Substring
    let path: Substring

    init(_ request: HTTPRequest) {
        let rest = request.url.split(separator: "//", maxSplits: 1).last ?? ""
        host = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(host.count)
        path = target.prefix { $0 != "?" }
        let provider = host.prefix { $0 != "." }
        label = "\(request.method) \(provider)/\(Self.form(of: path))\(target.dropFirst(path.count))"
        simulated = provider == "digitalocean" ? String(path) : "/\(provider)\(path)"
    }

    /// A path whose numbers may be others the next time.
    static func form(of path: Substring) -> String {
        path.split(separator: "/").map { isNumbered($0) ? "*" : String($0) }.joined(separator: "/")
    }

    static func isNumbered(_ segment: Substring) -> Bool {
        segment.allSatisfy(\.isNumber) || segment.count == 36 && segment.filter { $0 == "-" }.count == 4
            || segment.hasPrefix("prj_")
    }
}

/// The way to the store.
struct GatedEngine: SQLEngine {
    let gate: EffectGate
    let engine: SQLiteEngine
    /// Who writes, as its points are named.
    var label = "store"

    var dialect: SQLDialect { engine.dialect }
    var place: String { engine.place }

    private static let dead = StoreFault(.unreachable, code: "TEST-0002", message: "the process has ended")

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        switch await gate.arrive(.commit, label) {
        case .pass: break
        case .dead: throw Self.dead
        case .strike(let disturbance):
            switch disturbance {
            case .crashAfter:
                _ = try await engine.transaction(body)
                gate.shut()
                throw Self.dead
            case .storeFails: throw StoreFault(.unreachable, code: "TEST-0004", message: "the store does not answer")
            case .storeAnswerLost:
                _ = try await engine.transaction(body)
                throw StoreFault(.unknown, code: "TEST-0005", message: "the answer to the commit was lost")
            default: break
            }
        }
        return try await engine.transaction(body)
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        await gate.standStill()
        if gate.isDead { throw Self.dead }
        return try await engine.read(body)
    }

    func close() async {}
}

/// The way to the repository.
struct GatedSource: Source {
    let gate: EffectGate
    let repository: Repository
    /// What comes when a pass has begun.
    let others: @Sendable () async -> Void

    func read(_ log: Log) async throws -> SourceSnapshot {
        gate.beginPass()
        await others()
        switch await gate.arrive(.fetch, "git") {
        case .pass: return SourceSnapshot(tree: repository.tree)
        case .dead: throw SourceFault(message: "the process has ended")
        case .strike(.crashAfter):
            gate.shut()
            throw SourceFault(message: "the process has ended")
        case .strike(.staleSource): return SourceSnapshot(tree: repository.treeBefore)
        case .strike: throw SourceFault(message: "the repository does not answer")
        }
    }
}

/// The repository does not answer.
struct SourceFault: Fault {
    let code = "TEST-0003"
    let message: String
    let place: String? = nil
    let hint: String? = nil
    let disposition = Disposition.retry(after: nil)
}

/// A repository that people push to.
final class Repository: Sendable {
    private let trees: Locked<[SourceTree]>

    init(_ tree: SourceTree) { trees = Locked([tree]) }

    var tree: SourceTree { trees.withLock { $0[$0.count - 1] } }
    /// What was there before the last push.
    var treeBefore: SourceTree { trees.withLock { $0[max(0, $0.count - 2)] } }

    func push(_ tree: SourceTree) { trees.withLock { $0 = [$0[$0.count - 1], tree] } }
}

/// The clock of a process's machine: stands still with the process, and may be wrong.
struct ProcessTime: TimeSource {
    let gate: EffectGate
    let world: SimulatedTime
    /// What the loop waits for between two passes; false where it isn't the loop that waits.
    let betweenPasses: @Sendable (Duration) async throws -> Bool

    var now: Timestamp { world.now + gate.clockOffset }
    var uptime: Duration { world.uptime }

    func sleep(for duration: Duration) async throws {
        await gate.standStill()
        // A wait that is over has no turn any more.
        try Task.checkCancellation()
        if try await betweenPasses(duration) { return }
        if gate.isDead { throw CancellationError() }
        try await world.sleep(for: duration)
    }

    func idle(for duration: Duration) async throws {
        try await world.idle(for: duration)
        await gate.standStill()
        if gate.isDead { throw CancellationError() }
    }
}
