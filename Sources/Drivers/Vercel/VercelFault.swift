internal import Basics
internal import Drivers
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/vercel.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "VC-0001"
    case forbidden = "VC-0002"
    case notFound = "VC-0003"
    case conflict = "VC-0004"
    case refused = "VC-0005"
    case overBudget = "VC-0006"
    case serverError = "VC-0007"
    case notJSON = "VC-0008"
    case brokenAnswer = "VC-0009"
    case lost = "VC-0010"
    case notReached = "VC-0011"
    case paymentRequired = "VC-0012"
    case refusedInSuccess = "VC-0013"
    case noValue = "VC-0014"
    case notVerified = "VC-0015"
    case jobFailed = "VC-0016"
    case tookTooLong = "VC-0017"
    case impossible = "VC-0018"
    case unexpected = "VC-0019"
    case nameTaken = "VC-0020"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `projects.list`.
    let operation: String
    let method: String
    let path: String

    init(_ operation: String, _ method: String, _ path: String) {
        self.operation = operation
        self.method = method
        self.path = path
    }

    var place: String { "\(method) \(path)" }
    var isRead: Bool { method == "GET" }
}

/// What the provider says of an error: `{"error": {"code", "message"}}`, with `err` for `error` here and there.
struct ErrorBody: Sendable {
    var code: String?
    var message: String?
    /// Said beside a 403 whose cause is the token itself.
    var isTokenInvalid = false
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "vercel", operation: site.operation, code: code.rawValue, message: message, place: site.place,
            hint: hint, status: status, providerCode: providerCode, requestID: requestID, disposition: disposition)
    }

    /// What an answer that is no success means; `error` holds the provider's own words, if it had any.
    static func answer(
        _ status: Int, _ error: ErrorBody, site: CallSite, attempts: Int, requestID: String?, retryAfter: Duration?
    ) -> ProviderFault {
        let said = error.message.map { ": \($0)" } ?? ""
        let after = attempts > 1 ? " after \(attempts) attempts" : ""
        func fault(
            _ code: FaultCode, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            .make(
                code, site, message, hint: hint, status: status, providerCode: error.code, requestID: requestID,
                disposition)
        }
        switch status {
        case 401:
            return fault(.credentialRefused, "Vercel refused the token\(said)", .stop, hint: Self.tokenHint)
        case 403 where error.isTokenInvalid:
            return fault(.credentialRefused, "Vercel refused the token\(said)", .stop, hint: Self.tokenHint)
        case 403:
            return fault(
                .forbidden, "the token may not do this, or the team is another\(said)", .stop,
                hint: "give the token's account access to the team, and put the team's id into VERCEL_TEAM_ID")
        case 402:
            return fault(
                .paymentRequired, "the account is blocked, or its plan does not allow this\(said)", .stop,
                hint: "look at the team's billing at Vercel")
        case 404, 410: return fault(.notFound, "Vercel knows no such object\(said)", .observeAgain)
        case 409, 412, 423:
            return fault(
                .conflict, "Vercel can't do this in the object's present state\(said)", .retry(after: nil),
                hint: "is the name in use elsewhere? The message is Vercel's own")
        case 429:
            return fault(
                .overBudget, "Vercel's limit of requests is reached\(after)\(said)", .retry(after: retryAfter),
                hint: "another program may use the same token; give this one its own")
        case 500...:
            return fault(
                .serverError, "Vercel answered \(status)\(after)\(said)",
                site.isRead ? .retry(after: retryAfter) : .observeAgain)
        case 400..<500:
            return fault(
                .refused, "Vercel refused the request with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is Vercel's own")
        default:
            return fault(
                .unexpected, "Vercel answered \(status), which this call never should", .stop,
                hint: "is VERCEL_API_URL right? It is the address without a version")
        }
    }

    private static let tokenHint = "put a valid token into VERCEL_TOKEN, then run `reconcile doctor`"

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: site.isRead)
        switch missing.meaning {
        case .overBudget:
            return make(
                .overBudget, site, "Vercel's limit of requests is reached: \(fault.message)",
                hint: "another program may use the same token; give this one its own", status: 429,
                missing.disposition)
        case .effectUnknown:
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .answerLost, .notReached:
            return make(
                missing.meaning == .answerLost ? .lost : .notReached, site,
                "Vercel could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that is no JSON at all.
    static func notJSON(_ site: CallSite, status: Int, contentType: String?) -> ProviderFault {
        make(
            .notJSON, site, "the answer is no JSON (\(contentType ?? "of no declared type"))",
            hint: "a proxy, or a wrong VERCEL_API_URL?", status: status, site.isRead ? .stop : .observeAgain)
    }

    /// JSON that ends too early, or lacks what it must have.
    static func broken(_ site: CallSite, status: Int, _ what: String) -> ProviderFault {
        make(
            .brokenAnswer, site, "the answer can't be read: \(what)", status: status,
            site.isRead ? .retry(after: nil) : .observeAgain)
    }

    /// The same for an outcome: nothing happened, or nobody knows.
    var outcome: StepOutcome { disposition == .observeAgain && !isNotFound ? .unknown(self) : .failed(self) }

    var isNotFound: Bool { code == FaultCode.notFound.rawValue }
}
