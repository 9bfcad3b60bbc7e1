import Basics
import Formats
import Web

/// Carries the requests of one provider: who may pass, which fault hits, what is remembered.
struct AccountHost: Sendable {
    var account: any SimulatedProvider
    /// Accounts of before the last writes, newest last.
    private var history: [(account: any SimulatedProvider, at: Timestamp)] = []
    /// Requests whose effect comes later.
    private var late: [(due: Timestamp, request: SimulatedRequest)] = []

    init(_ account: any SimulatedProvider) { self.account = account }

    /// The way of every request; `faults` remembers what was created and is not to be seen yet.
    mutating func respond(
        to request: SimulatedRequest, expected: String?, staleness: Duration, faults: inout FaultState
    ) -> WebResponse {
        settle(at: request.now)
        if let refusal = account.admit(request, expected: expected) { return finish(refusal, request) }
        switch request.fault {
        case .tooManyRequests(let retryAfter):
            return finish(account.refusal(.tooManyRequests(retryAfter: retryAfter), request), request)
        case .serverErrorBefore: return finish(account.refusal(.serverError, request), request)
        case .dropBefore: return WebResponse(status: 500, fault: .drop)
        case .timeoutBefore(let delay):
            var response = account.refusal(.gatewayTimeout, request)
            response.delay = delay
            return finish(response, request)
        case .html(let status):
            return .text(
                status, "<html>\r\n<head><title>\(status)</title></head>\r\n<body>\(status)</body>\r\n</html>\r\n",
                type: "text/html")
        case .lateEffect(let delay) where request.method != "GET":
            late.append((request.now + delay, request))
            return WebResponse(status: 500, fault: .drop)
        case .staleRead(let writes) where request.method == "GET":
            let recent = history.filter { $0.at >= request.now - staleness }
            guard var old = recent.suffix(max(0, writes)).first?.account else { break }
            return finish(old.answer(request), request)
        default: break
        }
        if request.method == "GET", faults.hides("/\(type(of: account).name)\(request.path)") {
            return finish(account.refusal(.notFound, request), request)
        }
        var response = finish(handle(request), request)
        switch request.fault {
        case .serverErrorAfter: response = finish(account.refusal(.serverError, request), request)
        case .notFoundAfterCreate(let reads):
            if let path = Self.location(of: response, after: request) {
                faults.hidden["/\(type(of: account).name)\(path)"] = reads
            }
        default: request.fault?.spoil(&response)
        }
        return response
    }

    /// Finishes what is due.
    mutating func settle(at now: Timestamp) {
        account.settle(at: now)
        let due = late.filter { $0.due <= now }
        late.removeAll { $0.due <= now }
        for item in due { _ = handle(item.request) }
    }

    /// Runs the handler and remembers the account of before when it changed.
    private mutating func handle(_ request: SimulatedRequest) -> WebResponse {
        let before = account
        let response = account.answer(request)
        guard account.changes != before.changes, request.method != "GET" else { return response }
        history.append((before, request.now))
        if history.count > Simulator.historyLimit { history.removeFirst() }
        return response
    }

    private func finish(_ response: WebResponse, _ request: SimulatedRequest) -> WebResponse {
        var response = response
        for header in account.headers(request)
        where !response.headers.contains(where: { $0.name.lowercased() == header.name.lowercased() }) {
            response.headers.append(header)
        }
        return response
    }

    /// Where what was created can be read: below the list that it was posted to.
    private static func location(of response: WebResponse, after request: SimulatedRequest) -> String? {
        guard request.method == "POST", (200..<300).contains(response.status) else { return nil }
        let body: Value
        do throws(JSONFault) {
            body = try JSON.parse(response.body)
        } catch {
            return nil
        }
        guard let id = body["id"] ?? body["uid"] ?? body["name"] else { return nil }
        let text = id.stringValue ?? id.intValue.map { String($0) }
        let list = request.path.hasSuffix("/") ? String(request.path.dropLast()) : request.path
        return text.map { "\(list)/\($0)" }
    }
}

/// Every provider that is simulated beside DigitalOcean.
enum SimulatedProviders {
    static let all: [any SimulatedProvider.Type] = [
        GitHubAccount.self,
        MailgunAccount.self,
        PlaneAccount.self,
        SlackAccount.self,
        SpacesAccount.self,
        SupabaseAccount.self,
        VercelAccount.self,
    ]
}
