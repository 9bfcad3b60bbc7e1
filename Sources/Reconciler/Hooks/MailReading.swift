import Basics
import DesiredState
import Formats
import Store

/// Reads the events of messages as Mailgun writes them, in its hooks and in its list alike.
enum MailReading {
    /// Nil where it lacks id, name or instant.
    static func record(_ data: Value) -> MailEventRecord? {
        guard let id = data["id"]?.stringValue, let event = data["event"]?.stringValue,
            let at = instant(data["timestamp"])
        else { return nil }
        let headers = data["message"]?["headers"]
        let variables = data["user-variables"]
        return MailEventRecord(
            eventID: id, event: event, at: at,
            messageID: bare(headers?["message-id"]?.stringValue) ?? "mailgun-event:\(id)",
            environment: environment(variables, data["tags"]?.listValue ?? []),
            subject: headers?["subject"]?.stringValue,
            sender: headers?["from"]?.stringValue ?? data["envelope"]?["sender"]?.stringValue,
            recipient: data["recipient"]?.stringValue ?? headers?["to"]?.stringValue,
            transport: variables?["transport"]?.stringValue ?? data["envelope"]?["transport"]?.stringValue,
            stamp: variables?["stamp"]?.stringValue, raw: HookBody.redacted(data))
    }

    /// A delivery of which the same event is read again, as if a hook had brought it.
    ///
    /// - Parameters:
    ///   - event: which the store refuses.
    ///   - domain: in whose list it stood.
    ///   - now: when it was read there.
    /// - Returns: it, not kept yet.
    static func delivery(of event: MailEventRecord, in domain: String, at now: Timestamp) -> DeliveryRecord {
        let body = HookBody.text(["event-data": event.raw])
        return DeliveryRecord(
            provider: "mailgun", deliveryID: "list:\(event.eventID)", event: event.event, scope: domain, lane: .record,
            body: body, bodyDigest: Digest(of: body), bodyBytes: body.utf8.count, receivedAt: now)
    }

    private static func bare(_ id: String?) -> String? {
        guard var id else { return nil }
        if id.hasPrefix("<"), id.hasSuffix(">") { id = String(id.dropFirst().dropLast()) }
        return id.isEmpty ? nil : id
    }

    /// The environment that the sender named, in the words of the table.
    private static func environment(_ variables: Value?, _ tags: [Value]) -> String {
        let named = [variables?["env"], variables?["environment"]].compactMap { $0?.stringValue }
        let words = named + tags.compactMap(\.stringValue).map { $0.hasPrefix("env:") ? String($0.dropFirst(4)) : $0 }
        for word in words {
            switch Tier(alias: word.lowercased()) {
            case .production: return "prod"
            case .staging: return "stage"
            case .dev, .preview: return "dev"
            case nil: continue
            }
        }
        return "unknown"
    }

    private static func instant(_ value: Value?) -> Timestamp? {
        switch value {
        case .int(let seconds): Timestamp(decimalSeconds: String(seconds))
        case .number(let text), .string(let text): Timestamp(decimalSeconds: text)
        default: nil
        }
    }
}
