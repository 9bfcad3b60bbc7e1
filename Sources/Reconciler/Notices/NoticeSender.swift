public import Basics
import Drivers
import Formats
public import HTTPClient
public import Store

/// Brings messages to the receiver of one channel.
public protocol NoticeSender: Sendable {
    /// Sends a message, once; the same claim's id twice is the same message wherever the receiver can tell.
    func send(_ claim: NoticeClaim) async -> NoticeAnswer
}

/// What sending came to.
public enum NoticeAnswer: Sendable, Hashable {
    case sent(receipt: String?)
    /// It may be tried again, after a while that the receiver may name.
    case failed(code: String, reason: String, after: Duration?, mayHaveArrived: Bool)
    /// An earlier attempt may have arrived, and only time tells.
    case waiting(reason: String, for: Duration)
    /// An earlier attempt may have arrived, and would be seen by now, if only one could look.
    case unseen(code: String, reason: String)
    /// Trying again would change nothing.
    case refused(code: String, reason: String)

    init(_ fault: ProviderFault) {
        let reason = fault.message + (fault.hint.map { ": \($0)" } ?? "")
        switch fault.problem {
        case .refused, .impossible: self = .refused(code: fault.code, reason: reason)
        default:
            var after: Duration?
            if case .retry(let wait) = fault.disposition { after = wait }
            self = .failed(
                code: fault.code, reason: reason, after: after, mayHaveArrived: fault.disposition == .observeAgain)
        }
    }
}

/// A channel that nothing can be sent to, as things stand: it is tried again, for a secret may be put in its place.
struct UnusableSender: NoticeSender {
    let reason: String

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        .failed(code: "NOTICE-0001", reason: reason, after: nil, mayHaveArrived: false)
    }
}

/// Slack, by its driver: the message bears our id, and is looked for before it is posted.
struct SlackSender: NoticeSender {
    let driver: any MessagePosting
    let channel: String
    let templates: NoticeTemplates
    let context: DriverContext

    /// The text of a block ends at 3,000 characters.
    static let limit = 2_900

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        let text = NoticeLetter(claim, templates).text(limit: Self.limit, hasTitle: true, escape: Self.escape)
        let result = await driver.post(
            text, in: channel, key: "notice/\(claim.message.id)", since: claim.message.createdAt - .minutes(5), context)
        switch result {
        case .success(let name): return .sent(receipt: name)
        case .failure(let fault): return NoticeAnswer(fault)
        }
    }

    /// The three characters that begin Slack's own words, such as a call to everybody (api.slack.com, Escaping text).
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }
}

/// E-mail, by the driver of Mailgun: it takes each post for a new mail, so that one that may have arrived is looked for
/// until it would surely be seen.
struct MailSender: NoticeSender {
    let driver: any MailSending
    let domain: String
    let from: String
    let to: [String]
    let templates: NoticeTemplates
    let context: DriverContext
    let time: any TimeSource

    static let limit = 64_000

    func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        let tag = "odooops-\(claim.message.id)"
        if let unsure = claim.unsureSince {
            let seen = await driver.sentMail(tag: tag, domain: domain, since: claim.message.createdAt, context)
            switch seen {
            case .success(.some(let name)): return .sent(receipt: name)
            case .success(.none) where time.now - unsure >= driver.mailSettling: break
            case .success(.none):
                return .waiting(reason: "the answer was lost: whether it was sent is not seen yet", for: .minutes(2))
            case .failure(let fault):
                let reason = "whether it was sent can't be seen: \(fault.message)"
                // Nobody would hear of what waits for ever for a look that fails.
                let isSettled = time.now - unsure >= driver.mailSettling
                return isSettled
                    ? .unseen(code: fault.code, reason: reason) : .waiting(reason: reason, for: .minutes(2))
            }
        }
        let letter = NoticeLetter(claim, templates)
        let title = letter.title { $0 }
        let mail = OutgoingMail(
            domain: domain, from: from, to: to, subject: "[odooops] " + String(title.prefix(200)),
            text: letter.text(limit: Self.limit, hasTitle: true) { $0 }, tag: tag)
        switch await driver.send(mail, context) {
        case .success(let name): return .sent(receipt: name)
        case .failure(let fault): return NoticeAnswer(fault)
        }
    }
}

/// A webhook: JSON, signed over its instant and its bytes, named by our id.
public struct WebhookSender: NoticeSender {
    private let url: String
    private let secret: Secret
    private let transport: any HTTPTransport
    private let time: any TimeSource

    /// The longest that the receiver may take.
    static let timeout = Duration.seconds(10)

    public init(url: String, secret: Secret, transport: any HTTPTransport, time: any TimeSource) {
        self.url = url
        self.secret = secret
        self.transport = transport
        self.time = time
    }

    public func send(_ claim: NoticeClaim) async -> NoticeAnswer {
        let body = Array(JSON.write(NoticeLetter(claim, NoticeTemplates()).document).utf8)
        let instant = String(time.now.seconds)
        let request = HTTPRequest(
            "POST", url,
            headers: [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("User-Agent", "odooops"),
                HTTPHeader("Idempotency-Key", claim.message.id), HTTPHeader("X-OdooOps-Delivery", claim.message.id),
                HTTPHeader("X-OdooOps-Timestamp", instant),
                HTTPHeader("X-OdooOps-Signature", Self.signature(of: body, at: instant, secret)),
            ], body: body, timeout: Self.timeout, bodyLimit: 1 << 16)
        let response: HTTPResponse
        do throws(HTTPFault) {
            response = try await transport.send(request)
        } catch {
            return .failed(
                code: error.code, reason: error.message, after: error.retryAfter, mayHaveArrived: error.mayHaveHadEffect
            )
        }
        switch response.status {
        case 200..<300: return .sent(receipt: response.requestID)
        // What a receiver says of its own state, and not of the message.
        case 401, 403, 404, 408, 423, 425, 429, 500...:
            return .failed(
                code: "NOTICE-0003", reason: "the receiver answered \(response.status)",
                after: response.retryAfter(now: time.now), mayHaveArrived: response.status >= 500)
        default:
            return .refused(code: "NOTICE-0002", reason: "the receiver refused it with \(response.status)")
        }
    }

    /// `sha256=` and the HMAC of the instant, a dot and the body.
    static func signature(of body: [UInt8], at instant: String, _ secret: Secret) -> String {
        secret.reveal { key in "sha256=" + Hex.encode(hmacSHA256(key: key.utf8, Array("\(instant).".utf8) + body)) }
    }
}
