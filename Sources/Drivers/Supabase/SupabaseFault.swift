internal import Basics
internal import Drivers
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/supabase.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "SB-0001"
    case forbidden = "SB-0002"
    case notFound = "SB-0003"
    case conflict = "SB-0004"
    case refused = "SB-0005"
    case overBudget = "SB-0006"
    case serverError = "SB-0007"
    case notJSON = "SB-0008"
    case brokenAnswer = "SB-0009"
    case lost = "SB-0010"
    case notReached = "SB-0011"
    case paymentRequired = "SB-0012"
    case notDeployed = "SB-0013"
    case noValue = "SB-0014"
    case branchFailed = "SB-0015"
    case noProject = "SB-0016"
    case tookTooLong = "SB-0017"
    case impossible = "SB-0018"
    case unexpected = "SB-0019"
    case digestDiffers = "SB-0020"
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

/// What the provider says of an error: `{"message": …}`.
struct ErrorBody: Sendable {
    var code: String?
    var message: String?
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "supabase", operation: site.operation, code: code.rawValue, message: message, place: site.place,
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
            return fault(.credentialRefused, "Supabase refused the token\(said)", .stop, hint: Self.tokenHint)
        case 403:
            return fault(
                .forbidden, "the token may not do this\(said)", .stop,
                hint: "give the token's owner a role in the project's organization that allows it")
        case 402:
            return fault(
                .paymentRequired, "the account is blocked, or its plan does not allow this\(said)", .stop,
                hint: "look at the organization's plan at Supabase")
        case 404, 410: return fault(.notFound, "Supabase knows no such object\(said)", .observeAgain)
        case 409, 412, 423:
            return fault(
                .conflict, "Supabase can't do this in the object's present state\(said)", .retry(after: nil),
                hint: "the message is Supabase's own")
        case 429:
            return fault(
                .overBudget, "Supabase's limit of requests is reached\(after)\(said)", .retry(after: retryAfter),
                hint: "another program may use the same token; give this one its own")
        case 500...:
            return fault(
                .serverError, "Supabase answered \(status)\(after)\(said)",
                site.isRead ? .retry(after: retryAfter) : .observeAgain)
        case 400..<500:
            return fault(
                .refused, "Supabase refused the request with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is Supabase's own")
        default:
            return fault(
                .unexpected, "Supabase answered \(status), which this call never should", .stop,
                hint: "is SUPABASE_API_URL right? It is the address without `/v1`")
        }
    }

    private static let tokenHint = "put a valid token into SUPABASE_ACCESS_TOKEN, then run `reconcile doctor`"

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: site.isRead)
        switch missing.meaning {
        case .overBudget:
            return make(
                .overBudget, site, "Supabase's limit of requests is reached: \(fault.message)",
                hint: "another program may use the same token; give this one its own", status: 429,
                missing.disposition)
        case .effectUnknown:
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .answerLost, .notReached:
            return make(
                missing.meaning == .answerLost ? .lost : .notReached, site,
                "Supabase could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that is no JSON at all.
    static func notJSON(_ site: CallSite, status: Int, contentType: String?) -> ProviderFault {
        make(
            .notJSON, site, "the answer is no JSON (\(contentType ?? "of no declared type"))",
            hint: "a proxy, or a wrong SUPABASE_API_URL?", status: status, site.isRead ? .stop : .observeAgain)
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
