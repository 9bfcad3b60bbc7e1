internal import Basics
internal import Drivers
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/digitalocean.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "DO-0001"
    case scopeMissing = "DO-0002"
    case notFound = "DO-0003"
    case conflict = "DO-0004"
    case refused = "DO-0005"
    case overBudget = "DO-0006"
    case serverError = "DO-0007"
    case notJSON = "DO-0008"
    case brokenAnswer = "DO-0009"
    case lost = "DO-0010"
    case notReached = "DO-0011"
    case actionFailed = "DO-0012"
    case tookTooLong = "DO-0013"
    case ambiguous = "DO-0014"
    case missingReference = "DO-0015"
    case impossible = "DO-0016"
    case tagInUse = "DO-0017"
    case nameTaken = "DO-0018"
    case unexpected = "DO-0019"
    case nowhereToKeep = "DO-0020"
    case stillInUse = "DO-0021"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `droplets.list`.
    let operation: String
    let method: String
    let path: String
    /// The token scope that the call needs.
    let scope: String
    /// Of a list that is read by page.
    var page: Int?

    var place: String { "\(method) \(path)" + (page.map { " page \($0)" } ?? "") }
    /// Whether sending it twice has the same effect as sending it once.
    var isIdempotent: Bool { method != "POST" && method != "PATCH" }
    var isRead: Bool { method == "GET" }
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "digitalocean", operation: site.operation, code: code.rawValue, message: message,
            place: site.place, hint: hint, status: status, providerCode: providerCode, requestID: requestID,
            disposition: disposition)
    }

    /// What an answer that is no success means; `error` holds the provider's own words, if it had any.
    static func answer(
        _ status: Int, _ error: ErrorBody, site: CallSite, attempts: Int, retryAfter: Duration?
    ) -> ProviderFault {
        let said = error.message.map { ": \($0)" } ?? ""
        let after = attempts > 1 ? " after \(attempts) attempts" : ""
        func fault(
            _ code: FaultCode, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            .make(
                code, site, message, hint: hint, status: status, providerCode: error.id, requestID: error.requestID,
                disposition)
        }
        switch status {
        case 401:
            return fault(
                .credentialRefused, "DigitalOcean refused the token\(said)", .stop,
                hint: "put a valid token into DIGITALOCEAN_ACCESS_TOKEN, then run `reconcile doctor`")
        case 403:
            return fault(
                .scopeMissing, "the token may not do this\(said)", .stop,
                hint: "give the token the scope `\(site.scope)`")
        case 404, 410:
            return fault(.notFound, "DigitalOcean knows no such object\(said)", .observeAgain)
        case 409, 412, 423:
            return fault(
                .conflict, "DigitalOcean can't do this in the object's present state\(said)",
                .retry(after: status == 412 ? .seconds(60) : nil))
        case 429:
            return fault(
                .overBudget, "the token's request budget is used up\(after)\(said)", .retry(after: retryAfter),
                hint: "another program may use the same token; give this one its own")
        case 500...:
            return fault(
                .serverError, "DigitalOcean answered \(status)\(after)\(said)",
                site.isRead ? .retry(after: retryAfter) : .observeAgain)
        case 400..<500 where error.message?.lowercased().contains("pending event") == true:
            return fault(
                .conflict, "another action on the object is still under way\(said)", .retry(after: .seconds(15)))
        case 400..<500:
            return fault(
                .refused, "DigitalOcean refused the request with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is DigitalOcean's own")
        default:
            return fault(
                .unexpected, "DigitalOcean answered \(status), which this call never should", .stop,
                hint: "is DIGITALOCEAN_API_URL right? It is the address without `/v2`")
        }
    }

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: site.isRead)
        switch missing.meaning {
        case .overBudget:
            return make(
                .overBudget, site, "the token's request budget is used up: \(fault.message)",
                hint: "another program may use the same token; give this one its own", status: 429,
                missing.disposition)
        case .effectUnknown:
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .answerLost, .notReached:
            return make(
                missing.meaning == .answerLost ? .lost : .notReached, site,
                "DigitalOcean could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that is no JSON at all.
    static func notJSON(_ site: CallSite, status: Int, contentType: String?) -> ProviderFault {
        make(
            .notJSON, site, "the answer is no JSON (\(contentType ?? "of no declared type"))",
            hint: "a proxy, or a wrong DIGITALOCEAN_API_URL?", status: status, site.isRead ? .stop : .observeAgain)
    }

    /// JSON that ends too early, or lacks what it must have.
    static func broken(_ site: CallSite, status: Int, _ what: String) -> ProviderFault {
        make(
            .brokenAnswer, site, "the answer can't be read: \(what)", status: status,
            site.isRead ? .retry(after: nil) : .observeAgain)
    }
}

/// What the provider says of an error, in either of its two forms.
struct ErrorBody: Sendable {
    var id: String?
    var message: String?
    var requestID: String?
}
