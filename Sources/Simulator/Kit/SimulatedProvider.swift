import Basics
import Formats
import Web

/// One provider's account: what it holds, whom it lets in, what it answers.
///
/// The shared way of requests (``AccountHost``) gives it faults, latency, stale reads, a log and a state file. All of it
/// is decided by the seed, the clock and the order of requests.
protocol SimulatedProvider: Sendable {
    /// `vercel`: its place in the path, `/vercel/…`, and the first label of its host, `vercel.localhost`.
    static var name: String { get }

    /// An account as a new customer has it.
    init(seed: UInt64, now: Timestamp, limits: AccountLimits)

    /// An account as ``value`` wrote it; nil when the document is none.
    init?(_ value: Value, seed: UInt64, limits: AccountLimits)

    /// The whole account as one document.
    var value: Value { get }

    /// Grows with each change of the account, so that unchanged ones need not be written.
    var changes: UInt64 { get }

    /// Every secret value that the account holds or handed out, so that tests can look for them where they must not be.
    var secrets: [String] { get }

    /// Moves the account's clock, and finishes what is due.
    mutating func settle(at now: Timestamp)

    /// Finishes everything that is in progress.
    mutating func settleAll()

    /// Takes over what is decided at DigitalOcean's API: keys of Spaces are made there.
    mutating func learn(from world: World)

    /// Refuses who bears no credential, or a wrong one, or comes too often; nil lets the request in.
    ///
    /// What is expected is the credential of `SimulatorOptions.credentials`; nil lets any in, but never none.
    mutating func admit(_ request: SimulatedRequest, expected: String?) -> WebResponse?

    /// Answers a request that was let in.
    mutating func answer(_ request: SimulatedRequest) -> WebResponse

    /// Sets the account up beside what is there: a document of the provider's own form, for tests and rehearsals.
    ///
    /// - Throws: `SimulatorFault` `SIM-0003`.
    mutating func seed(_ document: Value) throws(SimulatorFault)

    /// Fills a new account from what a run saw, ids and all; what an observation doesn't hold is made up.
    mutating func load(_ seen: Observation)

    /// Adds what nobody can do without who has such an account, as its only project.
    mutating func furnish()

    /// The variables, beside those of its address and credential, that lead a client to what the account holds.
    var variables: [(name: String, value: String)] { get }

    /// An answer that says no in the provider's own form.
    func refusal(_ kind: AccountRefusal, _ request: SimulatedRequest) -> WebResponse

    /// Headers that every answer bears: limits, request id.
    func headers(_ request: SimulatedRequest) -> [(name: String, value: String)]
}

extension SimulatedProvider {
    mutating func learn(from world: World) {}

    mutating func furnish() {}

    var variables: [(name: String, value: String)] { [] }
}

/// The refusals that the shared way of requests needs in each provider's own form.
enum AccountRefusal: Sendable, Hashable {
    case serverError
    case gatewayTimeout
    case notFound
    /// `retryAfter` in seconds; nil leaves it out.
    case tooManyRequests(retryAfter: Int?)
}

/// Whether a provider's published limits hold.
enum AccountLimits: Sendable, Hashable {
    case published
    /// Never refuses.
    case generous
}

/// One request as a provider sees it.
struct SimulatedRequest: Sendable {
    let method: String
    /// Without the provider's prefix; starts with a slash.
    let path: String
    /// The parts of the path between its slashes, each percent-decoded on its own, without empty ones.
    let segments: [String]
    /// All parts of the path as it was asked for, the provider's prefix and empty ones with them: what a signature covers.
    let wholePath: [String]
    let query: [(name: String, value: String)]
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    /// What links begin with: scheme, host and mount, without a slash at the end.
    let base: String
    let now: Timestamp
    /// Drawn from the seed and the number of the request.
    let requestID: String
    /// The fault that hits it.
    ///
    /// The provider itself plays what only it can: actions that end in an error, pages that shift, soft failures, 202
    /// and 412.
    let fault: FaultKind?

    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// The token of `Authorization: Bearer …`.
    var bearer: String? {
        guard let value = header("authorization") else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
        return String(parts[1])
    }

    /// The body as JSON; nil when it is none.
    var json: Value? {
        do throws(JSONFault) {
            return try JSON.parse(body)
        } catch {
            return nil
        }
    }

    /// By how much pages after the first are moved.
    var shift: Int { if case .shiftedPages(let by) = fault { by } else { 0 } }
}
