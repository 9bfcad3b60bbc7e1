internal import Basics
internal import Drivers
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/spaces.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "SPACES-0001"
    case notAllowed = "SPACES-0002"
    case notFound = "SPACES-0003"
    case nameTaken = "SPACES-0004"
    case notEmpty = "SPACES-0005"
    case busy = "SPACES-0006"
    case slowDown = "SPACES-0007"
    case clockSkew = "SPACES-0008"
    case wrongRegion = "SPACES-0009"
    case refused = "SPACES-0010"
    case serverError = "SPACES-0011"
    case brokenAnswer = "SPACES-0012"
    case lost = "SPACES-0013"
    case notReached = "SPACES-0014"
    case tookTooLong = "SPACES-0015"
    case impossible = "SPACES-0016"
    case notAsSent = "SPACES-0017"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `buckets.list`.
    let operation: String
    let method: String
    let path: String
    let region: String

    var place: String { "\(method) \(path) in \(region)" }
    var isRead: Bool { method == "GET" || method == "HEAD" }
}

/// What S3 says of an error; empty where it says nothing, as to a HEAD.
struct ErrorBody: Sendable {
    var code: String?
    var message: String?
    var requestID: String?
    /// The region that the bucket is in, where the request went to another.
    var region: String?

    init() {}

    init(_ response: HTTPResponse) {
        requestID = response.requestID
        region = response.header("x-amz-bucket-region")
        guard let root = try? XMLNode.parse(response.body), root.name == "Error" else { return }
        code = root.text("Code")
        message = root.text("Message")
        requestID = root.text("RequestId") ?? requestID
        region = root.text("Region") ?? region
    }
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        error: ErrorBody = ErrorBody(), _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "spaces", operation: site.operation, code: code.rawValue, message: message, place: site.place,
            hint: hint, status: status, providerCode: error.code, requestID: error.requestID,
            disposition: disposition)
    }

    /// What an answer that is no success means.
    static func answer(_ response: HTTPResponse, site: CallSite, now: Timestamp) -> ProviderFault {
        let error = ErrorBody(response)
        let status = response.status
        let said = error.message.map { ": \($0)" } ?? error.code.map { ": \($0)" } ?? ""
        func fault(
            _ code: FaultCode, _ message: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            .make(code, site, message, hint: hint, status: status, error: error, disposition)
        }
        if let named = named(error, site, said, response, now: now, fault) { return named }
        switch status {
        case 401, 403:
            return fault(
                .notAllowed, "the access key may not do this\(said)", .stop,
                hint: "give the key a grant for the bucket, or for all of them")
        case 404, 410: return fault(.notFound, "there is no such thing\(said)", .observeAgain)
        case 301, 302, 307, 308:
            return fault(
                .wrongRegion, "the bucket is in another region\(said)", .stop,
                hint: "correct the bucket's region in the repository")
        case 429, 503:
            return fault(.slowDown, "too many requests\(said)", .retry(after: response.retryAfterSeconds))
        case 409, 412, 423: return fault(.busy, "this can't be done at the moment\(said)", .retry(after: nil))
        case 500...:
            return fault(.serverError, "the server answered \(status)\(said)", .retry(after: nil))
        default:
            return fault(
                .refused, "the request was refused with \(status)\(said)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is the server's own")
        }
    }

    /// What S3's own codes mean (AWS, S3 API reference, "Error responses").
    private static func named(
        _ error: ErrorBody, _ site: CallSite, _ said: String, _ response: HTTPResponse, now: Timestamp,
        _ fault: (FaultCode, String, Disposition, String?) -> ProviderFault
    ) -> ProviderFault? {
        switch error.code {
        case "InvalidAccessKeyId", "SignatureDoesNotMatch":
            return fault(
                .credentialRefused, "the access key or its secret is wrong\(said)", .stop,
                "put a valid pair into SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY, then run `reconcile doctor`")
        case "RequestTimeTooSkewed":
            let theirs = response.header("date").map { ", the server's says \($0)" } ?? ""
            return fault(
                .clockSkew, "this machine's clock is more than 15 minutes wrong: it says \(now)\(theirs)", .stop,
                "set the clock, for example with `timedatectl set-ntp true`")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            let region = error.region.map { " in \($0)" } ?? " in another region"
            return fault(
                .wrongRegion, "the bucket is\(region), the request went to \(site.region)\(said)", .stop,
                "correct the bucket's region in the repository")
        case "BucketAlreadyExists":
            return fault(
                .nameTaken, "the bucket's name belongs to somebody else, or was given up less than weeks ago", .stop,
                "names are shared by all customers: choose another in the repository")
        case "BucketNotEmpty":
            return fault(
                .notEmpty, "the bucket still holds objects, and those are never deleted with it", .stop,
                "empty it by hand, if that is what you want")
        case "OperationAborted":
            return fault(.busy, "another operation on the bucket is under way\(said)", .retry(after: .seconds(30)), nil)
        case "SlowDown", "ServiceUnavailable", "Throttling", "RequestLimitExceeded":
            return fault(.slowDown, "too many requests\(said)", .retry(after: response.retryAfterSeconds), nil)
        case "NoSuchBucket", "NoSuchKey", "NoSuchLifecycleConfiguration", "NoSuchUpload":
            return fault(.notFound, "there is no such thing\(said)", .observeAgain, nil)
        default: return nil
        }
    }

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        let missing = MissingAnswer(fault, isRead: site.isRead)
        switch missing.meaning {
        case .overBudget:
            return make(.slowDown, site, fault.message, status: 503, missing.disposition)
        case .effectUnknown:
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", missing.disposition)
        case .notReached where fault.isOfShare:
            return make(
                .notReached, site, "Spaces was not asked: \(fault.messageAndHint)",
                hint: "run `reconcile doctor`", missing.disposition)
        case .answerLost, .notReached:
            return make(
                missing.meaning == .answerLost ? .lost : .notReached, site,
                "the server could not be reached: \(fault.message)", hint: fault.hint ?? "run `reconcile doctor`",
                missing.disposition)
        }
    }

    /// An answer that isn't what it has to be.
    static func broken(_ site: CallSite, status: Int, _ what: String) -> ProviderFault {
        make(
            .brokenAnswer, site, "the answer can't be read: \(what)", hint: "is SPACES_ENDPOINT_URL right?",
            status: status, site.isRead ? .retry(after: nil) : .observeAgain)
    }

    var isNotFound: Bool { code == FaultCode.notFound.rawValue }

    /// Whether there surely is no such bucket: S3 says so itself, and not a proxy in its place.
    var saysNoBucket: Bool { isNotFound && providerCode == "NoSuchBucket" }

    /// The same words for an outcome: nothing happened, or nobody knows.
    ///
    /// A 5xx to a write may come after its effect.
    func outcome(ofWrite isWrite: Bool) -> StepOutcome {
        let isOpen = code == FaultCode.serverError.rawValue || disposition == .observeAgain && !isNotFound
        return isWrite && isOpen ? .unknown(self) : .failed(self)
    }
}

extension HTTPResponse {
    var retryAfterSeconds: Duration? {
        header("retry-after").flatMap { Int64($0) }.flatMap { (0...86_400).contains($0) ? .seconds($0) : nil }
    }
}
