public import Basics
internal import Diff
public import HTTPClient

extension ProviderNames {
    /// A fault of this provider.
    public func fault(
        _ problem: ProviderProblem, _ call: ProviderCall, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: provider, operation: call.operation, code: problem.code(self), message: message,
            place: call.place, hint: hint, status: status, providerCode: providerCode, requestID: requestID,
            disposition: disposition, problem: problem)
    }

    /// What a status that is no success means.
    public func fault(
        status: Int, _ error: ProviderError, _ call: ProviderCall, requestID: String?, attempts: Int = 1,
        retryAfter: Duration? = nil
    ) -> ProviderFault {
        let problem = error.problem ?? statuses[status] ?? problem(ofStatus: status)
        let after = attempts > 1 ? " after \(attempts) attempts" : ""
        let said = error.message.map { ": \($0)" } ?? ""
        var text = error.text ?? texts[problem] ?? usualText(problem, status: status)
        if problem == .overBudget || problem == .serverError { text += after }
        var hint = hint(problem, call)
        if status == 402, problem == .notPermitted { hint = self.hint(.paymentRequired, call) }
        let disposition: Disposition =
            switch problem {
            case .notFound: .observeAgain
            case .conflict: .retry(after: error.wait)
            case .overBudget: .retry(after: retryAfter)
            case .serverError: call.isRead ? .retry(after: retryAfter) : .observeAgain
            case .refused: .waitForNewCommit
            default: .stop
            }
        return fault(
            problem, call, problem == .unexpected ? text : text + said, hint: hint, status: status,
            providerCode: error.code, requestID: error.requestID ?? requestID, disposition)
    }

    private func problem(ofStatus status: Int) -> ProviderProblem {
        switch status {
        case 401: .credentialRefused
        case 402: codes[.paymentRequired] == nil ? .notPermitted : .paymentRequired
        case 403: .notPermitted
        case 404, 410: .notFound
        case 409, 412, 423: .conflict
        case 429: .overBudget
        case 408, 500...: .serverError
        case 400..<500: .refused
        default: .unexpected
        }
    }

    private func usualText(_ problem: ProviderProblem, status: Int) -> String {
        switch problem {
        case .credentialRefused: "\(title) refused the \(noun)"
        case .notPermitted: "the \(noun) may not do this"
        case .paymentRequired: "the account is blocked, or its plan does not allow this"
        case .notFound: "\(title) knows no such object"
        case .conflict: "\(title) can't do this in the object's present state"
        case .overBudget: "the \(noun)'s request budget is used up"
        case .serverError: "\(title) answered \(status)"
        case .refused: "\(title) refused the request with \(status)"
        default: "\(title) answered \(status), which this call never should"
        }
    }

    /// What a missing answer means.
    public func fault(_ fault: HTTPFault, _ call: ProviderCall) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: call.isRead)
        switch missing.meaning {
        case .overBudget:
            let text = texts[.overBudget] ?? usualText(.overBudget, status: 429)
            return self.fault(
                .overBudget, call, "\(text): \(fault.message)", hint: hint(.overBudget, call), status: 429,
                missing.disposition)
        case .effectUnknown:
            return self.fault(
                .lost, call, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .notReached where fault.isOfShare:
            // Nobody spoke to it; what is wrong is here, and its remedy goes wherever the reason goes.
            return self.fault(
                .notReached, call, "\(title) was not asked: \(fault.messageAndHint)",
                hint: "run `reconcile doctor`", missing.disposition)
        case .answerLost, .notReached:
            return self.fault(
                missing.meaning == .answerLost ? .lost : .notReached, call,
                "\(title) could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that can't be read, or lacks what it must have.
    public func broken(
        _ call: ProviderCall, status: Int, _ what: String, requestID: String? = nil
    ) -> ProviderFault {
        fault(
            .brokenAnswer, call, "the answer can't be read: \(what)", hint: hint(.brokenAnswer, call), status: status,
            requestID: requestID, call.isRead ? .retry(after: nil) : .observeAgain)
    }

    /// An answer in another form than the provider's: it comes from something in between.
    func foreign(_ call: ProviderCall, _ response: HTTPResponse) -> ProviderFault {
        let type = response.header("content-type") ?? "of no declared type"
        guard codes[.notJSON] != nil else {
            return broken(call, status: response.status, "it is a page for people (\(type))")
        }
        return fault(
            .notJSON, call, "the answer is no JSON (\(type))", hint: hint(.notJSON, call), status: response.status,
            requestID: response.requestID, call.isRead ? .stop : .observeAgain)
    }
}

extension ProviderFault {
    public var isNotFound: Bool { problem == .notFound }

    /// Whether a write may have had its effect although no answer says so.
    public var mayHaveHappened: Bool {
        switch problem {
        case .lost, .serverError, .brokenAnswer, .notJSON: true
        default: false
        }
    }

    /// The same words for an outcome: nothing happened, or nobody knows.
    ///
    /// That the provider knows no such object is known, whichever status says so; a page of a proxy is no such word.
    public var stepOutcome: StepOutcome {
        disposition == .observeAgain && !isNotFound ? .unknown(self) : .failed(self)
    }

    /// `GET /api/v1/…: the answer can't be read`, in one line for a report.
    public var sentence: String { "\(place ?? operation): \(message)" }

    /// The same with its code: `DOCKER-0006: the engine could not be reached (GET /_ping)`.
    public var reason: String { "\(code): \(message) (\(place ?? operation))" }

    /// A list of which nothing could be read; 404 may hide it, so it proves nothing.
    public var emptyList: PagedList {
        PagedList(items: [], completeness: .unknown(reason: sentence), isMissing: isNotFound)
    }
}
