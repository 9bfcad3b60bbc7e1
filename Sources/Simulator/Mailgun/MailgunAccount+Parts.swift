import Basics
import Formats
import Web

extension MailgunAccount {
    // MARK: Webhooks

    mutating func answerWebhooks(_ request: SimulatedRequest, at place: Int) -> WebResponse {
        switch request.method {
        case "GET":
            var hooks = Value.Object()
            for event in Self.events {
                hooks[event] = domains[place].webhooks[event].map { .members(["urls": .strings($0)]) } ?? .null
            }
            return .document(200, .members(["webhooks": .object(hooks)]))
        case "POST":
            let form = request.form
            guard let event = form.first(where: { $0.name == "id" })?.value, Self.events.contains(event) else {
                return Self.reason("id is missing or no event")
            }
            if domains[place].webhooks[event] != nil { return Self.reason("Webhook \(event) already exists") }
            return put(form, event, at: place, "Webhook has been created")
        default: return Self.said(405, "Method Not Allowed")
        }
    }

    mutating func answerWebhook(_ request: SimulatedRequest, at place: Int, _ event: String) -> WebResponse {
        guard let urls = domains[place].webhooks[event] else { return Self.said(404, "Webhook not found") }
        switch request.method {
        case "GET": return .document(200, .members(["webhook": .members(["urls": .strings(urls)])]))
        // The whole list is replaced, also by one URL.
        case "PUT": return put(request.form, event, at: place, "Webhook has been updated")
        case "DELETE":
            domains[place].webhooks[event] = nil
            changes += 1
            return .document(
                200,
                .members([
                    "message": "Webhook has been deleted", "webhook": .members(["urls": .strings(urls)]),
                ]))
        default: return Self.said(405, "Method Not Allowed")
        }
    }

    private mutating func put(
        _ form: [(name: String, value: String)], _ event: String, at place: Int, _ message: String
    ) -> WebResponse {
        let urls = form.filter { $0.name == "url" }.map(\.value)
        guard !urls.isEmpty, urls.allSatisfy({ $0.hasPrefix("http://") || $0.hasPrefix("https://") }) else {
            return Self.reason("url is missing or no URL")
        }
        guard urls.count <= 3 else { return Self.reason("at most 3 URLs are allowed for each event") }
        domains[place].webhooks[event] = urls
        changes += 1
        return .document(
            200, .members(["message": .string(message), "webhook": .members(["urls": .strings(urls)])]))
    }

    private static func reason(_ text: String) -> WebResponse {
        .document(400, .members(["Reason": .string(text)]))
    }

    // MARK: Events

    /// A page by instant; the next one is always named, also where there is none.
    func answerEvents(_ request: SimulatedRequest, of domain: Domain) -> WebResponse {
        let limit = request.parameter("limit").flatMap { Int($0) } ?? 100
        guard (1...300).contains(limit) else { return Self.said(400, "limit must be between 1 and 300") }
        let begin = request.parameter("begin").flatMap { Double($0) }
        let end = request.parameter("end").flatMap { Double($0) }
        let ascends = ["yes", "true"].contains(request.parameter("ascending") ?? "no")
        let (low, high) = ascends || begin ?? 0 <= end ?? .infinity ? (begin, end) : (end, begin)
        var found = domain.events.filter { event in
            let at = Self.number(event["timestamp"])
            return Self.number(event["visible_at"]) <= Double(now.microseconds) / 1e6
                && at >= low ?? 0 && at <= high ?? .infinity
                && request.parameter("event").map { event["event"] == .string($0) } ?? true
                && request.parameter("recipient").map { event["recipient"] == .string($0) } ?? true
                && request.parameter("tags").map { event["tags"]?.listValue?.contains(.string($0)) == true } ?? true
        }
        found.sort { Self.number($0["timestamp"]) < Self.number($1["timestamp"]) }
        if !ascends { found.reverse() }
        let page = found.prefix(limit)
        let last = page.last.map { Self.number($0["timestamp"]) } ?? (begin ?? 0)
        let first = page.first.map { Self.number($0["timestamp"]) } ?? (begin ?? 0)
        let paging: Value.Object = [
            "next": .string(link(request, begin: page.isEmpty ? last : last + (ascends ? 1e-6 : -1e-6))),
            "previous": .string(link(request, begin: first)),
        ]
        let items = page.map { event in
            Value.object(Value.Object(event.members.filter { $0.name != "visible_at" && $0.name != "text" }))
        }
        return .document(200, .members(["items": .list(Array(items)), "paging": .object(paging)]))
    }

    private func link(_ request: SimulatedRequest, begin: Double) -> String {
        let micros = Int64((begin * 1e6).rounded())
        let rest = String(micros % 1_000_000)
        let text = "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
        let others = request.query.filter { $0.name != "begin" }.map { "&\($0.name)=\(Paging.encode($0.value))" }
        return "\(request.base)\(request.path)?begin=\(text)\(others.joined())"
    }

    static func number(_ value: Value?) -> Double {
        switch value {
        case .int(let number): Double(number)
        case .number(let text): Double(text) ?? 0
        default: 0
        }
    }

    // MARK: Messages

    /// How long an event of a message that was sent can't be read yet.
    static let eventDelay = 90.0

    /// Takes a message; each post is another one, and an event for each recipient shows it after a while.
    mutating func answerMessage(_ request: SimulatedRequest, at place: Int) -> WebResponse {
        let form = request.form
        func values(_ name: String) -> [String] { form.filter { $0.name == name }.map(\.value) }
        guard let from = values("from").first, from.contains("@") else {
            return Self.said(400, "from parameter is missing")
        }
        let recipients = values("to").flatMap { $0.split(separator: ",") }.map { String($0.drop { $0 == " " }) }
        guard !recipients.isEmpty, recipients.allSatisfy({ $0.contains("@") }) else {
            return Self.said(400, "to parameter is not a valid address. please check documentation")
        }
        guard let text = values("text").first ?? values("html").first else {
            return Self.said(400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified.")
        }
        changes += 1
        let name = domains[place].name
        let id = "\(SimulatedID.uuid("mailgun message \(changes)", seed: seedNumber, 0))@\(name)"
        let at = Double(now.microseconds) / 1e6
        for (index, recipient) in recipients.enumerated() {
            let headers = Value.members([
                "message-id": .string(id), "from": .string(from), "to": .string(recipient),
                "subject": .string(values("subject").first ?? ""),
            ])
            let message = Value.members([
                "headers": headers, "attachments": [], "size": .int(Int64(text.utf8.count)),
            ])
            domains[place].events.append([
                "id": .string(SimulatedID.uuid("mailgun event \(changes) \(index)", seed: seedNumber, 0)),
                "event": "accepted", "timestamp": .number(String(at)),
                "visible_at": .number(String(at + Self.eventDelay)), "recipient": .string(recipient),
                "tags": .strings(values("o:tag")), "message": message, "text": .string(text),
            ])
        }
        return .document(200, .members(["id": .string("<\(id)>"), "message": "Queued. Thank you."]))
    }

    // MARK: Setting up

    /// `{domains: [{name, state, dns_valid, webhooks: {EVENT: [URL]}, events: [{id, event, timestamp, visible_at}]}]}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        try document.refuseOthers(than: ["domains"], in: "a Mailgun account")
        guard let list = document["domains"]?.listValue else {
            throw .badWorld("a Mailgun account is {\"domains\": [{\"name\": …}]}")
        }
        for item in list {
            guard let name = item["name"]?.stringValue, !name.isEmpty else {
                throw .badWorld("a Mailgun domain needs a `name`")
            }
            let isValid = item["dns_valid"] != false
            var domain = newDomain(
                name, state: item["state"]?.stringValue ?? (isValid ? "active" : "unverified"), sending: isValid,
                receiving: isValid)
            for member in item["webhooks"]?.objectValue?.members ?? [] where Self.events.contains(member.name) {
                domain.webhooks[member.name] = (member.value.listValue ?? []).compactMap(\.stringValue)
            }
            for event in item["events"]?.listValue ?? [] {
                guard var object = event.objectValue, object["id"] != nil, object["timestamp"] != nil else {
                    throw .badWorld("an event of a Mailgun domain needs `id` and `timestamp`")
                }
                if object["event"] == nil { object["event"] = "delivered" }
                if object["visible_at"] == nil { object["visible_at"] = object["timestamp"] }
                domain.events.append(object)
            }
            domains.append(domain)
        }
        changes += 1
    }

    func newDomain(_ name: String, state: String, sending: Bool, receiving: Bool) -> Domain {
        Domain(
            object: object(name, state: state),
            sending: [
                Self.record("TXT", name, "v=spf1 include:mailgun.org ~all", isValid: sending),
                Self.record("TXT", "pic._domainkey.\(name)", "k=rsa; p=MIGf", isValid: sending),
            ],
            receiving: [Self.record("MX", nil, "mxa.mailgun.org", isValid: receiving)])
    }

    private func object(_ name: String, state: String) -> Value.Object {
        let id = SimulatedID.uuid("mailgun \(name)", seed: seedNumber, 0)
        return [
            "created_at": "Sun, 01 Mar 2026 10:00:00 UTC", "id": .string(String(id.filter { $0 != "-" }.prefix(24))),
            "is_disabled": false, "name": .string(name.lowercased()), "require_tls": false,
            "skip_verification": false, "smtp_login": .string("postmaster@\(name)"),
            "smtp_password": .string("smtp-\(id)"), "spam_action": "disabled", "state": .string(state),
            "type": "custom", "use_automatic_sender_security": true, "web_prefix": "email", "web_scheme": "https",
            "wildcard": false, "encrypt_incoming_message": false, "message_ttl": 259_200,
        ]
    }

    private static func record(_ type: String, _ name: String?, _ value: String, isValid: Bool) -> Value {
        var record: Value.Object = [
            "is_active": .bool(isValid), "cached": .list(isValid ? [.string(value)] : []),
            "record_type": .string(type), "valid": .string(isValid ? "valid" : "unknown"), "value": .string(value),
        ]
        if let name { record["name"] = .string(name) }
        if type == "MX" { record["priority"] = "10" }
        return .object(record)
    }
}
