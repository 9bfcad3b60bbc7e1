import Basics
public import Formats
import Web

extension Simulator {
    /// The provider that a request is for, by the first part of its path or the first label of its host; nil: DigitalOcean.
    static func providerName(of request: WebRequest, among hosts: [String: AccountHost]) -> String? {
        if let first = request.segments.first, hosts[first] != nil { return first }
        guard let host = request.header("host"), let label = host.split(separator: ".").first else { return nil }
        return hosts[String(label)] == nil ? nil : String(label)
    }

    /// Answers a request for a provider beside DigitalOcean.
    func respond(to request: WebRequest, at name: String, _ state: inout State) -> WebResponse {
        guard var account = state.hosts[name] else { return WebResponse(status: 500) }
        let now = options.time.now + state.clockOffset
        state.requestCount += 1
        let isMounted = request.segments.first == name
        let path = isMounted ? String(request.path.dropFirst(name.utf8.count + 1)) : request.path
        let host = request.header("host") ?? "\(name).test"
        let fault = state.faults.next(request.method, "/\(name)\(path)", ordinal: state.requestCount)
        let simulated = SimulatedRequest(
            method: request.method, path: path.isEmpty ? "/" : path,
            segments: request.segments.dropFirst(isMounted ? 1 : 0).filter { !$0.isEmpty },
            wholePath: request.segments, query: request.query, headers: request.headers, body: request.body,
            base: "http://\(host)" + (isMounted ? "/\(name)" : ""), now: now,
            requestID: Self.requestID(seed: options.seed, ordinal: state.requestCount), fault: fault)
        let before = account.account.changes
        var hidden = state.faults
        account.account.learn(from: state.provider.world)
        var response = account.respond(
            to: simulated, expected: options.credentials[name], staleness: options.staleness, faults: &hidden)
        state.faults = hidden
        state.hosts[name] = account
        if account.account.changes != before { state.version += 1 }
        response.delay += options.latency
        record(request, at: "/\(name)\(path)", response, simulated, &state)
        return response
    }

    private func record(
        _ request: WebRequest, at path: String, _ response: WebResponse, _ simulated: SimulatedRequest,
        _ state: inout State
    ) {
        guard options.logLimit > 0 else { return }
        if state.log.count >= options.logLimit { state.log.removeFirst(max(1, options.logLimit / 10)) }
        let query = request.query.map { "\(Paging.encode($0.name))=\(Paging.encode($0.value))" }
        state.log.append(
            LoggedRequest(
                method: request.method, path: path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
                status: response.fault == .drop ? 0 : response.status, time: simulated.now,
                requestID: simulated.requestID, fault: simulated.fault?.text))
    }

    /// Sets up the account of a provider beside DigitalOcean, from a document of that provider's own form.
    ///
    /// - Throws: `SimulatorFault` `SIM-0003` when there is no such provider, or with what is wrong with the document.
    public func seed(_ name: String, _ document: Value) throws(SimulatorFault) {
        try state.withLock { (state) throws(SimulatorFault) in
            guard var host = state.hosts[name] else { throw .badWorld("there is no simulated provider \(name)") }
            try host.account.seed(document)
            state.hosts[name] = host
            state.version += 1
        }
        saveNow()
    }

    /// What the account of a provider beside DigitalOcean holds; null when there is none.
    public func account(_ name: String) -> Value { state.withLock { $0.hosts[name]?.account.value } ?? .null }
}
