public import Basics
import Formats
public import Store

/// Reads of a delivery what is needed to keep it: who, which, about what.
///
/// What it says is read later.
public struct HookEnvelope {
    /// What a post turned out to be.
    public enum Reading: Sendable, Hashable {
        case delivery(DeliveryRecord)
        /// Slack wants to hear this text back, once, when the address is set up.
        case challenge(String)
        /// It can't be kept, and why.
        case refusal(String)
    }

    private let provider: HookProvider
    private let header: (String) -> String?
    private let body: [UInt8]
    private let now: Timestamp

    /// - Parameters:
    ///   - provider: whose signature was found good.
    ///   - header: gives a header's value by its name.
    ///   - body: as it came.
    ///   - now: when it came.
    public init(_ provider: HookProvider, header: @escaping (String) -> String?, body: [UInt8], at now: Timestamp) {
        self.provider = provider
        self.header = header
        self.body = body
        self.now = now
    }

    /// The most bytes of a hint that are kept: it is only a reason to look.
    static let keptHintLimit = 64 << 10

    /// Reads it.
    public func read() -> Reading {
        if provider == .slack, header("Content-Type")?.lowercased().contains("form-urlencoded") == true {
            return delivery("form", id: nil, scope: nil, lane: .record, root: nil)
        }
        let root: Value
        do throws(JSONFault) {
            root = try JSON.parse(body)
        } catch {
            return .refusal("the body is no JSON: \(error.message); set the hook to send application/json")
        }
        guard root.objectValue != nil else { return .refusal("the body is no JSON object") }
        switch provider {
        case .github: return gitHub(root)
        case .vercel: return vercel(root)
        case .mailgun: return mailgun(root)
        case .slack: return slack(root)
        case .plane: return plane(root)
        }
    }

    // MARK: Each provider's own form

    private func gitHub(_ root: Value) -> Reading {
        guard let event = header("X-GitHub-Event"), let id = header("X-GitHub-Delivery") else {
            return .refusal("X-GitHub-Event or X-GitHub-Delivery is missing")
        }
        let action = root["action"]?.stringValue.map { ".\($0)" } ?? ""
        let isHint = ["push", "create", "delete", "release", "pull_request"].contains(event)
        return delivery(
            event + action, id: id, scope: root["repository"]?["full_name"]?.stringValue,
            lane: isHint ? .hint : .record, root: root)
    }

    private func vercel(_ root: Value) -> Reading {
        guard let event = root["type"]?.stringValue, let id = root["id"]?.stringValue else {
            return .refusal("`type` or `id` is missing")
        }
        let payload = root["payload"]
        let project = payload?["project"]?["id"]?.stringValue ?? payload?["projectId"]?.stringValue
        return delivery(event, id: id, scope: project, lane: .hint, root: root)
    }

    private func mailgun(_ root: Value) -> Reading {
        // The token is used once; it is what the signature covers, unlike anything that the event says of itself.
        guard let token = root["signature"]?["token"]?.stringValue,
            let event = root["event-data"]?["event"]?.stringValue
        else { return .refusal("`signature.token` or `event-data.event` is missing") }
        var kept = root.objectValue ?? Value.Object()
        kept["signature"] = nil
        let domain = root["event-data"]?["domain"]?["name"]?.stringValue
        return delivery(event, id: token, scope: domain, lane: .record, root: .object(kept))
    }

    private func slack(_ root: Value) -> Reading {
        let type = root["type"]?.stringValue ?? "unknown"
        if type == "url_verification" {
            guard let challenge = root["challenge"]?.stringValue else { return .refusal("`challenge` is missing") }
            return .challenge(challenge)
        }
        return delivery(
            root["event"]?["type"]?.stringValue ?? type, id: root["event_id"]?.stringValue,
            scope: root["team_id"]?.stringValue, lane: .record, root: root)
    }

    private func plane(_ root: Value) -> Reading {
        guard let event = root["event"]?.stringValue ?? header("X-Plane-Event") else {
            return .refusal("`event` is missing")
        }
        let action = root["action"]?.stringValue.map { ".\($0)" } ?? ""
        let project = root["data"]?["project"]?.stringValue ?? root["data"]?["project_id"]?.stringValue
        // Plane draws a new X-Plane-Delivery for each attempt; the bytes are the same.
        return delivery(event + action, id: root["event_id"]?.stringValue, scope: project, lane: .record, root: root)
    }

    // MARK: The record

    private func delivery(
        _ event: String, id: String?, scope: String?, lane: DeliveryRecord.Lane, root: Value?
    ) -> Reading {
        let digest = Digest(of: body)
        let id = id ?? digest.description
        guard Self.isName(event), Self.isName(id) else {
            return .refusal("the event's name or id holds more than 200 or other than printable characters")
        }
        var text = root.map { HookBody.text($0) }
        if lane == .hint, (text?.utf8.count ?? 0) > Self.keptHintLimit { text = nil }
        var headers = Value.Object()
        for name in provider.keptHeaders {
            if let value = header(name), value.utf8.count <= 200 {
                headers[name.lowercased()] = .string(Redaction.redact(value))
            }
        }
        return .delivery(
            DeliveryRecord(
                provider: provider.rawValue, deliveryID: id, event: event,
                scope: scope.flatMap { Self.isName($0) ? $0 : nil }, lane: lane, headers: .object(headers), body: text,
                bodyDigest: digest, bodyBytes: body.count, receivedAt: now))
    }

    private static func isName(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
