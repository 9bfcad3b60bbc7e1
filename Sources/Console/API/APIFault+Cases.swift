import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

extension APIEndpoints {
    /// Letters, a hyphen and four digits: nothing that leads out of a folder.
    public static func isErrorCode(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...12).contains(parts[0].count), parts[1].count == 4 else { return false }
        return parts[0].allSatisfy { (65...90).contains($0) } && parts[1].allSatisfy { (48...57).contains($0) }
    }
}

extension APIFault {
    static func noRoute(_ path: String) -> APIFault {
        // Where others look for what providers send to.
        let provider = HookProvider.allCases.first { path == "\(APIEndpoints.prefix)/webhooks/\($0.rawValue)" }
        return APIFault(
            "ROUTE_NOT_FOUND", "API-0001", 404, "there is nothing at \(path.prefix(200))",
            hint: provider.map { "Have \($0.title) send its hooks to POST \($0.path)" }
                ?? "See all routes: GET /api/v1/openapi.json", details: ["path": .string(String(path.prefix(200)))])
    }

    static func noMethod(_ method: String, allowed: [String]) -> APIFault {
        var fault = APIFault(
            "METHOD_NOT_ALLOWED", "API-0002", 405,
            "this path knows \(allowed.joined(separator: ", ")) and not \(method)",
            hint: "See all routes: GET /api/v1/openapi.json")
        fault.headers = [("Allow", allowed.joined(separator: ", "))]
        fault.details = ["method": .string(method), "allowed": .strings(allowed)]
        return fault
    }

    static func badParameter(_ problem: RequestProblem) -> APIFault { bad(.query, problem) }

    static func badHeader(_ problem: RequestProblem) -> APIFault { bad(.header, problem) }

    static func badBody(_ problem: RequestProblem) -> APIFault { bad(.body, problem) }

    /// The one place where what a request got wrong becomes a sentence.
    private static func bad(_ part: RequestProblem.Part, _ problem: RequestProblem) -> APIFault {
        let (name, code) = part == .body ? ("INVALID_BODY", "API-0004") : ("INVALID_PARAMETER", "API-0003")
        return APIFault(
            name, code, 400, problem.message(of: part),
            hint: problem.advice ?? (problem.remedy.map { $0 + " " } ?? "")
                + "See what the route takes: GET /api/v1/openapi.json",
            details: problem.details(of: part))
    }

    static func noPillar(_ pillar: String, among known: Set<String>) -> APIFault {
        var fault = APIFault.notFound(
            "no rule of the advisor is of the pillar \(Paint.plain(pillar))", hint: "See all: GET /api/v1/advisor")
        if let near = Suggestion.nearest(to: pillar, in: known.sorted()) {
            fault.details["did_you_mean"] = .string(near)
        }
        return fault
    }

    static let notAcceptable = APIFault(
        "NOT_ACCEPTABLE", "API-0005", 406, "this API answers in version 1 as JSON, and the header Accept takes neither",
        hint: "Send Accept: application/vnd.odooops.v1+json")

    static let badMediaType = APIFault(
        "UNSUPPORTED_MEDIA_TYPE", "API-0006", 415, "the body's type is not JSON",
        hint: "Send Content-Type: application/json")

    static func notFound(_ what: String, hint: String) -> APIFault {
        APIFault("NOT_FOUND", "API-0007", 404, what, hint: hint)
    }

    static let otherRequest = APIFault(
        "IDEMPOTENCY_KEY_REUSED", "API-0008", 422,
        "this Idempotency-Key was used for another request within the last day",
        hint: "Send a new key with a new request; the same key only with the same method, path and body.")

    static let underWay: APIFault = {
        var fault = APIFault(
            "REQUEST_UNDER_WAY", "API-0009", 409,
            "the first request with this Idempotency-Key is still being worked on",
            hint: "Send it again in a moment: its answer is kept for a day.")
        fault.headers = [("Retry-After", "5")]
        return fault
    }()

    /// Never done a second time by itself: whether that is right is for a person to say, who can look.
    static func unanswered(since: Timestamp) -> APIFault {
        APIFault(
            "OUTCOME_UNKNOWN", "API-0016", 409,
            "the first request with this Idempotency-Key came at \(since) and was never answered: "
                + "whether it was done is not known",
            hint: "Look whether it was done: GET /api/v1/audit-logs. If not, send it with a new key.")
    }

    static let noService = APIFault(
        "NOT_AVAILABLE", "API-0012", 503, "this process runs no loop that could do that",
        hint: "Ask the service that reconciles: reconcile run")

    static let busy: APIFault = {
        var fault = APIFault(
            "BUSY", "API-0013", 409, "another explanation is being looked up", hint: "Ask again in a moment.")
        fault.headers = [("Retry-After", "2")]
        return fault
    }()

    /// What there is, or would be, is not what the request supposes.
    static func moved(_ what: String, hint: String) -> APIFault {
        APIFault("CONFLICT", "API-0017", 409, what, hint: hint)
    }

    static func badRange(_ what: String) -> APIFault {
        APIFault(
            "UNANSWERABLE_RANGE", "API-0015", 422, "the time can't be told like that: \(what)",
            hint: "Take a longer step, or a shorter time: GET /api/v1/metrics/range?figure=runs&step=1h")
    }

    static func tooLarge(_ most: Int) -> APIFault {
        APIFault(
            "BODY_TOO_LARGE", "API-0010", 413, "the body has more than \(most) bytes", hint: "Send a smaller body.")
    }

    /// What the server could not take for a request at all.
    static func unreadable(_ status: Int, _ reason: String) -> APIFault {
        let name =
            switch status {
            case 417: "EXPECTATION_FAILED"
            case 431: "HEADER_TOO_LARGE"
            case 503: "UNAVAILABLE"
            case 505: "VERSION_NOT_SUPPORTED"
            default: "MALFORMED_REQUEST"
            }
        return APIFault(
            name, "API-0014", status, "the request can't be read: \(reason)",
            hint: "Escape what stands in a path or a query, as curl --get --data-urlencode does.")
    }

    /// What went wrong, in the words of the API.
    init(_ error: any Error) {
        switch error {
        case let fault as APIFault: self = fault
        case let fault as AccessFault:
            let name =
                switch fault.status {
                case 400: "INVALID_BODY"
                case 401: "UNAUTHENTICATED"
                case 429: "RATE_LIMITED"
                case 503: "UNAVAILABLE"
                default: "FORBIDDEN"
                }
            self.init(name, fault.code, fault.status, fault.message, hint: fault.hint)
            if fault.status == 401 { headers = [("WWW-Authenticate", "Bearer realm=\"odooops\"")] }
            if let wait = fault.retryAfterSeconds {
                headers.append(("Retry-After", wait))
                details["retry_after_seconds"] = Int64(wait).map { .int($0) } ?? .null
            }
        case let fault as RequestFault:
            let (name, status) =
                switch fault.kind {
                case .notFound: ("NOT_FOUND", 404)
                case .conflict: ("CONFLICT", 409)
                case .invalid: ("INVALID_BODY", 400)
                }
            self.init(name, fault.code, status, fault.message, hint: fault.hint)
        case let fault as UnknownKeyFault: self.init("NOT_FOUND", fault.code, 404, fault.message, hint: fault.hint)
        case let fault as StoreFault where fault.code == "STORE-0024" || fault.code == "STORE-0026":
            self.init("CONFLICT", fault.code, 409, fault.message, hint: fault.hint)
        case let fault as StoreFault where fault.code == "STORE-0025":
            self.init("NOT_FOUND", fault.code, 404, fault.message, hint: fault.hint)
        case let fault as StoreFault where fault.kind == .unknown:
            // No word of when to send it again: it may be done already.
            self.init(
                "OUTCOME_UNKNOWN", fault.code, 503, "\(fault.message): whether it was done is not known",
                hint: "Look whether it was done: GET /api/v1/audit-logs.")
        case let fault as any Fault:
            // What a fault says of places and statements stays in the log.
            self.init("UNAVAILABLE", fault.code, 503, fault.message, hint: fault.hint)
            headers = [("Retry-After", "10")]
        default:
            self.init(
                "INTERNAL", "API-0011", 500, "something went wrong that nobody thought of",
                hint: "See the log of the service for the request's id, and report it.")
        }
    }
}
