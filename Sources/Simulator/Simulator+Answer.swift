import Basics
import Formats
import Web

extension Simulator {
    /// Who asks, where, and by which fault it is hit.
    private struct Visit {
        let request: WebRequest
        let now: Timestamp
        let requestID: String
        let token: String
        /// From `/v2` on, without the provider's prefix.
        let path: String
        let fault: FaultKind?
    }

    /// The way of every request: who is it, may it pass, is it hit, and then the handler.
    func respond(to request: WebRequest, _ state: inout State) -> WebResponse {
        let now = options.time.now + state.clockOffset
        state.requestCount += 1
        let ordinal = state.requestCount
        let requestID = Self.requestID(seed: options.seed, ordinal: ordinal)
        settle(&state, at: now)

        let prefix = "/digitalocean"
        let path =
            request.path.hasPrefix(prefix + "/") ? String(request.path.dropFirst(prefix.utf8.count)) : request.path
        let token = Self.token(of: request)
        let isKnown = token.map { options.token == nil || options.token == $0 } ?? false
        var visit = Visit(
            request: request, now: now, requestID: requestID, token: token ?? "", path: path, fault: nil)
        var response: WebResponse
        var fault: FaultKind?
        if let verdict = admit(visit, &state), isKnown {
            response = verdict
        } else if !isKnown {
            response = refuse(.unauthorized, visit)
        } else {
            fault = state.faults.next(request.method, path, ordinal: ordinal)
            visit = Visit(
                request: request, now: now, requestID: requestID, token: token ?? "", path: path, fault: fault)
            response = perform(visit, &state)
        }
        finish(&response, visit, &state)
        log(visit, response, &state)
        return response
    }

    // MARK: Before the handler

    private static func token(of request: WebRequest) -> String? {
        guard let value = request.header("authorization") else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
        return String(parts[1])
    }

    /// Counts the request; the answer when it is one too many.
    private func admit(_ visit: Visit, _ state: inout State) -> WebResponse? {
        let isKeyList = visit.request.method == "GET" && visit.path == "/v2/account/keys"
        let verdict = state.windows[visit.token, default: RateWindow()].admit(
            at: visit.now, limits: options.limits, isKeyList: isKeyList)
        switch verdict {
        case .allowed: return nil
        case .hourExceeded: return refuse(.tooManyRequests, visit)
        case .burstExceeded(let retryAfter):
            var response = refuse(.tooManyRequests, visit)
            response.headers.append(("ratelimit-remaining", "0"))
            response.headers.append(("retry-after", "\(retryAfter)"))
            return response
        }
    }

    private func settle(_ state: inout State, at now: Timestamp) {
        let before = state.provider.world.pending.count
        state.provider.now = now
        state.provider.world.settle(at: now)
        if state.provider.world.pending.count != before { state.version += 1 }
        guard state.faults.late.contains(where: { $0.due <= now }) else { return }
        let due = state.faults.late.filter { $0.due <= now }
        state.faults.late.removeAll { $0.due <= now }
        for item in due { _ = handle(item.call, &state) }
    }

    // MARK: The handler and its faults

    private func perform(_ visit: Visit, _ state: inout State) -> WebResponse {
        switch visit.fault {
        case .tooManyRequests(let retryAfter):
            var response = refuse(.tooManyRequests, visit)
            response.headers.append(("ratelimit-remaining", "0"))
            if let retryAfter { response.headers.append(("retry-after", "\(retryAfter)")) }
            return response
        case .serverErrorBefore: return refuse(.serverError, visit)
        case .preconditionFailed:
            return refuse(.precondition("The cluster isn't ready: its first backup is still running."), visit)
        case .dropBefore: return WebResponse(status: 500, fault: .drop)
        case .timeoutBefore(let delay):
            var response = refuse(
                Refusal(status: 504, id: "gateway_timeout", message: "The server did not answer in time."), visit)
            response.delay = delay
            return response
        case .html(let status):
            return .text(
                status,
                "<html>\r\n<head><title>\(status)</title></head>\r\n<body><center><h1>\(status)</h1></center></body>\r\n</html>\r\n",
                type: "text/html")
        default: break
        }
        guard visit.path.hasPrefix("/v2/") else { return refuse(.notFound, visit) }
        let call: Call
        do throws(Refusal) {
            call = try makeCall(visit)
        } catch {
            return refuse(error, visit)
        }
        if let scopes = options.scopes, !Provider.scopes(call).allSatisfy(scopes.contains) {
            return refuse(.forbidden, visit)
        }
        if visit.request.method == "GET", state.faults.hides(visit.path) { return refuse(.notFound, visit) }
        switch visit.fault {
        case .lateEffect(let delay):
            state.faults.late.append((visit.now + delay, call))
            return WebResponse(status: 500, fault: .drop)
        case .staleRead(let writes) where call.method == "GET":
            let recent = state.history.filter { $0.at >= visit.now - options.staleness }
            guard let world = recent.suffix(max(0, writes)).first?.world else { break }
            var old = state.provider
            old.world = world
            return render(Result { () throws(Refusal) in try old.answer(call) }, visit)
        default: break
        }
        var response = render(handle(call, &state), visit)
        spoil(&response, visit, &state)
        return response
    }

    /// Runs the handler and remembers the world of before when it changed something.
    private func handle(_ call: Call, _ state: inout State) -> Result<Answer, Refusal> {
        let before = state.provider.world
        let result = Result { () throws(Refusal) in try state.provider.answer(call) }
        guard call.method != "GET", case .success = result else { return result }
        state.history.append((before, state.provider.now))
        if state.history.count > Self.historyLimit { state.history.removeFirst() }
        state.version += 1
        return result
    }

    /// Faults of the answer, after the effect.
    private func spoil(_ response: inout WebResponse, _ visit: Visit, _ state: inout State) {
        switch visit.fault {
        case .serverErrorAfter: response = refuse(.serverError, visit)
        case .notFoundAfterCreate(let reads):
            for path in state.provider.created { state.faults.hidden[path] = reads }
        default: visit.fault?.spoil(&response)
        }
    }

    private func makeCall(_ visit: Visit) throws(Refusal) -> Call {
        var body = Value.Object()
        if !visit.request.body.isEmpty {
            let parsed: Value?
            do throws(JSONFault) {
                parsed = try JSON.parse(visit.request.body)
            } catch {
                parsed = nil
            }
            guard let object = parsed?.objectValue else { throw .badBody }
            body = object
        }
        let host = visit.request.header("host") ?? "api.digitalocean.com"
        let scheme = host.hasSuffix("digitalocean.com") ? "https" : "http"
        let mount = visit.request.path.utf8.count == visit.path.utf8.count ? "" : "/digitalocean"
        var call = Call(
            method: visit.request.method, path: visit.path.dropFirst(4).split(separator: "/").map { String($0) },
            query: visit.request.query, body: body, base: "\(scheme)://\(host)\(mount)/v2")
        call.actionFails = visit.fault == .actionErrors
        if case .shiftedPages(let by) = visit.fault { call.shift = by }
        return call
    }

    // MARK: The answer

    private func render(_ result: Result<Answer, Refusal>, _ visit: Visit) -> WebResponse {
        switch result {
        case .success(let answer):
            WebResponse(
                status: answer.status,
                headers: answer.body.isEmpty ? [] : [("content-type", "application/json; charset=utf-8")],
                body: answer.body)
        case .failure(let refusal): refuse(refusal, visit)
        }
    }

    private func refuse(_ refusal: Refusal, _ visit: Visit) -> WebResponse {
        WebResponse(
            status: refusal.status, headers: [("content-type", "application/json; charset=utf-8")],
            body: refusal.body(requestID: visit.requestID))
    }

    /// What every answer has: its limits, its number, and the latency.
    private func finish(_ response: inout WebResponse, _ visit: Visit, _ state: inout State) {
        let window = state.windows[visit.token] ?? RateWindow()
        func add(_ name: String, _ value: String) {
            if !response.headers.contains(where: { $0.name == name }) { response.headers.append((name, value)) }
        }
        add("ratelimit-limit", "\(options.limits.perHour)")
        add("ratelimit-remaining", "\(window.remaining(limits: options.limits))")
        add("ratelimit-reset", "\(window.reset(at: visit.now))")
        add("x-request-id", visit.requestID)
        response.delay += options.latency
    }

    private func log(_ visit: Visit, _ response: WebResponse, _ state: inout State) {
        guard options.logLimit > 0 else { return }
        if state.log.count >= options.logLimit { state.log.removeFirst(max(1, options.logLimit / 10)) }
        let query = visit.request.query.map { "\(Paging.encode($0.name))=\(Paging.encode($0.value))" }
        state.log.append(
            LoggedRequest(
                method: visit.request.method,
                path: visit.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
                status: response.fault == .drop ? 0 : response.status, time: visit.now, requestID: visit.requestID,
                fault: visit.fault?.text))
    }

    static func requestID(seed: UInt64, ordinal: UInt64) -> String {
        let high = FaultPlan.mix(seed &+ ordinal)
        let digits = Array(Hex.encode(high) + Hex.encode(FaultPlan.mix(high)))
        return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
            .map { String($0) }.joined(separator: "-")
    }
}
