internal import Basics
internal import Drivers
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/github.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "GH-0001"
    case permissionMissing = "GH-0002"
    case notFound = "GH-0003"
    case conflict = "GH-0004"
    case refused = "GH-0005"
    case overBudget = "GH-0006"
    case serverError = "GH-0007"
    case notJSON = "GH-0008"
    case brokenAnswer = "GH-0009"
    case lost = "GH-0010"
    case notReached = "GH-0011"
    case gone = "GH-0012"
    case mergedInstead = "GH-0013"
    case ambiguous = "GH-0014"
    case identityUnknown = "GH-0015"
    case impossible = "GH-0016"
    case nameTaken = "GH-0017"
    case unexpected = "GH-0018"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `labels.list`.
    let operation: String
    let method: String
    let path: String
    /// The token permission that the call needs, as GitHub's settings name it: `Administration: write`.
    let permission: String
    /// Of a list that is read by page.
    var page: Int?

    var place: String { "\(method) \(path)" + (page.map { " page \($0)" } ?? "") }
    var isRead: Bool { method == "GET" }
}

/// What the provider says of an error: `{message, documentation_url, errors: [{resource, field, code, message}]}`.
struct ErrorBody: Sendable {
    var message: String?
    /// The code of the first of `errors`, such as `already_exists`.
    var code: String?
    var requestID: String?
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "github", operation: site.operation, code: code.rawValue, message: message, place: site.place,
            hint: hint, status: status, providerCode: providerCode, requestID: requestID, disposition: disposition)
    }

    /// What an answer that is no success means; `refusal` is set where a rate limit refused it.
    static func answer(
        _ status: Int, _ error: ErrorBody, site: CallSite, attempts: Int, refusal: RateReading.Refusal?
    ) -> ProviderFault {
        let said = error.message.map { ": \($0)" } ?? ""
        let after = attempts > 1 ? " after \(attempts) attempts" : ""
        func fault(
            _ code: FaultCode, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            .make(
                code, site, message, hint: hint, status: status, providerCode: error.code, requestID: error.requestID,
                disposition)
        }
        if let refusal {
            return fault(
                .overBudget, "GitHub's rate limit refused the request\(after)\(said)", .retry(after: refusal.wait),
                hint: "another program may use the same token; give this one its own")
        }
        switch status {
        case 401:
            return fault(
                .credentialRefused, "GitHub refused the token\(said)", .stop,
                hint: "put a valid token into GITHUB_TOKEN, then run `reconcile doctor`")
        case 403, 451:
            return fault(
                .permissionMissing, "the token may not do this\(said)", .stop,
                hint: "give the token the permission `\(site.permission)`")
        case 404:
            return fault(
                .notFound, "GitHub knows no such object, or hides it from this token\(said)", .observeAgain,
                hint: "is the name right, and has the token the permission `\(site.permission)`?")
        case 409, 423:
            return fault(
                .conflict, "GitHub can't do this in the object's present state\(said)", .retry(after: .seconds(5)))
        case 410:
            return fault(
                .gone, "this is switched off for the repository, or this version of the API has ended\(said)", .stop,
                hint: "are issues switched on in the repository's settings?")
        case 500...:
            return fault(
                .serverError, "GitHub answered \(status)\(after)\(said)",
                site.isRead ? .retry(after: nil) : .observeAgain)
        case 400..<500:
            return fault(
                .refused, "GitHub refused the request with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is GitHub's own")
        default:
            return fault(
                .unexpected, "GitHub answered \(status), which this call never should", .stop,
                hint: "is GITHUB_API_URL right, and was the repository renamed?")
        }
    }

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: site.isRead)
        switch missing.meaning {
        case .overBudget:
            return make(
                .overBudget, site, "GitHub's rate limit is used up: \(fault.message)",
                hint: "another program may use the same token; give this one its own", status: 429,
                missing.disposition)
        case .effectUnknown:
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .answerLost, .notReached:
            return make(
                missing.meaning == .answerLost ? .lost : .notReached, site,
                "GitHub could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that is no JSON at all.
    static func notJSON(_ site: CallSite, status: Int, contentType: String?) -> ProviderFault {
        make(
            .notJSON, site, "the answer is no JSON (\(contentType ?? "of no declared type"))",
            hint: "a proxy, or a wrong GITHUB_API_URL?", status: status, site.isRead ? .stop : .observeAgain)
    }

    /// JSON that ends too early, or lacks what it must have.
    static func broken(_ site: CallSite, status: Int, _ what: String) -> ProviderFault {
        make(
            .brokenAnswer, site, "the answer can't be read: \(what)", status: status,
            site.isRead ? .retry(after: nil) : .observeAgain)
    }

    var isNotFound: Bool { code == FaultCode.notFound.rawValue }

    /// Whether a write may have happened although no answer says so.
    var mayHaveHappened: Bool {
        [FaultCode.lost, .serverError, .brokenAnswer, .notJSON].contains { $0.rawValue == code }
    }
}
