public import Basics
public import HTTPClient

/// How faults speak of one provider: its name, its codes, and where its credential and address come from.
///
/// Drivers that use it share the numbers of their codes: `PL-0003` and `SL-0003` both mean that something isn't there.
public struct ProviderNames: Sendable {
    /// The first part of the names of its kinds, `plane`.
    public let provider: String
    /// As people write it.
    public let title: String
    /// Its codes, one for each ``ProviderProblem`` in that order: written out, so that each can be found.
    public let codes: [String]
    /// Variables that the credential and the address are usually given in.
    public let credential: String
    public let address: String

    public init(provider: String, title: String, codes: [String], credential: String, address: String) {
        self.provider = provider
        self.title = title
        self.codes = codes
        self.credential = credential
        self.address = address
    }
}

/// What can be wrong with a call; the number is the one of the fault's code.
public enum ProviderProblem: Int, Sendable, CaseIterable {
    case credentialRefused = 1
    case notPermitted, notFound, conflict, refused, overBudget, serverError, brokenAnswer, lost, notReached, ambiguous
    case impossible, unexpected

    /// `PL-0003`.
    public func code(_ names: ProviderNames) -> String {
        names.codes.indices.contains(rawValue - 1) ? names.codes[rawValue - 1] : "PROVIDER-0001"
    }
}

/// One call as the driver names it, for faults.
public struct ProviderCall: Sendable {
    /// `states.list`.
    public let operation: String
    public let method: String
    public let path: String
    /// What the credential has to be allowed, in the provider's own word; nil where there is none.
    public let permission: String?
    /// A POST that changes nothing, or a GET.
    public let isRead: Bool

    public init(
        _ operation: String, _ method: String, _ path: String, permission: String? = nil, isRead: Bool? = nil
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.permission = permission
        self.isRead = isRead ?? (method == "GET")
    }
}

/// What a provider says of an error, in whatever form.
public struct ProviderError: Sendable {
    public var code: String?
    public var message: String?

    public init(code: String? = nil, message: String? = nil) {
        self.code = code
        self.message = message
    }
}

extension ProviderNames {
    /// A fault of this provider.
    public func fault(
        _ problem: ProviderProblem, _ call: ProviderCall, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: provider, operation: call.operation, code: problem.code(self), message: message,
            place: "\(call.method) \(call.path)", hint: hint, status: status, providerCode: providerCode,
            requestID: requestID, disposition: disposition)
    }

    /// What a status that is no success means.
    public func fault(
        status: Int, _ error: ProviderError, _ call: ProviderCall, requestID: String?, attempts: Int = 1,
        retryAfter: Duration? = nil
    ) -> ProviderFault {
        let said = error.message.map { ": \($0)" } ?? ""
        let after = attempts > 1 ? " after \(attempts) attempts" : ""
        func made(
            _ problem: ProviderProblem, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            fault(
                problem, call, message, hint: hint, status: status, providerCode: error.code, requestID: requestID,
                disposition)
        }
        switch status {
        case 401:
            return made(
                .credentialRefused, "\(title) refused the credential\(said)", .stop,
                hint: "put a valid one into \(credential), then run `reconcile doctor`")
        case 402, 403:
            return made(
                .notPermitted, "the credential may not do this\(said)", .stop,
                hint: call.permission.map { "give it \($0)" } ?? "use a credential of somebody who may")
        case 404, 410: return made(.notFound, "\(title) knows no such object\(said)", .observeAgain)
        case 409, 412, 423:
            return made(.conflict, "\(title) can't do this in the object's present state\(said)", .retry(after: nil))
        case 429:
            return made(
                .overBudget, "the credential's request budget is used up\(after)\(said)", .retry(after: retryAfter),
                hint: "another program may use the same credential; give this one its own")
        case 408, 500...:
            return made(
                .serverError, "\(title) answered \(status)\(after)\(said)",
                call.isRead ? .retry(after: retryAfter) : .observeAgain)
        case 400..<500:
            return made(
                .refused, "\(title) refused the request with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is \(title)'s own")
        default:
            return made(
                .unexpected, "\(title) answered \(status), which this call never should", .stop,
                hint: "is \(address) right?")
        }
    }

    /// What a missing answer means.
    public func fault(_ fault: HTTPFault, _ call: ProviderCall) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: call.isRead)
        switch missing.meaning {
        case .overBudget:
            return self.fault(
                .overBudget, call, "the credential's request budget is used up: \(fault.message)",
                hint: "another program may use the same credential; give this one its own", status: 429,
                missing.disposition)
        case .effectUnknown:
            return self.fault(
                .lost, call, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
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
            .brokenAnswer, call, "the answer can't be read: \(what)",
            hint: "a proxy, or a wrong \(address)?", status: status, requestID: requestID,
            call.isRead ? .retry(after: nil) : .observeAgain)
    }
}

extension ProviderFault {
    /// The same words for an outcome: nothing happened, or nobody knows.
    public var stepOutcome: StepOutcome {
        disposition == .observeAgain && status != 404 ? .unknown(self) : .failed(self)
    }

    /// `GET /api/v1/…: the answer can't be read`, in one line for a report.
    public var sentence: String { "\(place ?? operation): \(message)" }
}
