import Basics
public import Formats
public import Store

/// A message as its receiver gets it: the same notices and settings give the same bytes.
struct NoticeLetter: Sendable {
    let id: String
    let channel: String
    let group: String
    let createdAt: Timestamp
    let notices: [Notice]
    let templates: NoticeTemplates

    /// With `only`, it is about that notice of the message alone.
    init(_ claim: NoticeClaim, _ templates: NoticeTemplates, only: Notice? = nil) {
        id = claim.message.id
        channel = claim.message.channel
        group = claim.message.group
        createdAt = claim.message.createdAt
        notices = only.map { [$0] } ?? claim.notices
        self.templates = templates
    }

    /// That of the notice that matters most.
    var severity: Notice.Severity { notices.map(\.kind.severity).max() ?? .info }

    var headline: String {
        if notices.count == 1, let only = notices.first { return "\(only.kind.words), \(only.subject)" }
        return "\(notices.count) notices" + (group.isEmpty ? "" : " of \(group)")
    }

    // MARK: Text

    /// One line: what a mail has as its subject.
    func title(escape: (String) -> String) -> String {
        templates.title.fill(escape: { escape(Self.oneLine($0)) }, field)
    }

    /// Title, lines and footer; lines that would make it too long are counted instead.
    ///
    /// - Parameters:
    ///   - limit: the most UTF-8 bytes.
    ///   - hasTitle: false where the title stands elsewhere.
    ///   - escape: makes a value harmless.
    /// - Returns: the text.
    func text(limit: Int, hasTitle: Bool, escape: (String) -> String) -> String {
        let escape = { (text: String) in escape(Self.oneLine(text)) }
        let footer = templates.footer.fill(escape: escape, field)
        var lines = hasTitle ? [templates.title.fill(escape: escape, field)] : []
        var size = lines.reduce(footer.utf8.count + 60) { $0 + $1.utf8.count + 1 }
        for (index, notice) in notices.enumerated() {
            let line = Self.shortened(
                templates.line.fill(escape: escape) { Self.field($0, of: notice) }, to: limit / 3)
            guard size + line.utf8.count + 1 <= limit else {
                lines.append("… and \(notices.count - index) more: reconcile notices show \(id.prefix(13))")
                break
            }
            size += line.utf8.count + 1
            lines.append(line)
        }
        if !footer.isEmpty { lines.append(footer) }
        return Self.shortened(lines.joined(separator: "\n"), to: limit)
    }

    private func field(_ name: String) -> String? {
        switch name {
        case "id": id
        case "channel": channel
        case "group": group
        case "count": String(notices.count)
        case "severity": severity.rawValue
        case "headline": headline
        default: nil
        }
    }

    private static func field(_ name: String, of notice: Notice) -> String? {
        switch name {
        case "at": return notice.at.minuteText
        case "environment": return notice.environment
        case "kind": return notice.kind.rawValue
        case "run": return notice.runID
        case "severity": return notice.kind.severity.rawValue
        case "subject": return notice.subject
        case "summary": return notice.summary
        default:
            guard name.hasPrefix("payload."), let value = notice.payload[String(name.dropFirst(8))] else { return nil }
            return value.stringValue ?? JSON.write(value)
        }
    }

    /// What acts unseen becomes a space: a value can't begin a line, a header or a field of its own, nor turn what follows it.
    static func oneLine(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(scalar.actsUnseen ? " " : scalar) }
        return String(result)
    }

    private static func shortened(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.startIndex
        var size = 3
        while end < text.endIndex {
            let next = text.index(after: end)
            size += text[end..<next].utf8.count
            if size > limit { break }
            end = next
        }
        return text[..<end] + "…"
    }

    // MARK: JSON

    /// What a webhook gets.
    var document: Value {
        var object = Value.Object()
        object["version"] = .int(1)
        object["id"] = .string(id)
        object["channel"] = .string(channel)
        object["group"] = .string(group)
        object["created_at"] = .string(createdAt.description)
        object["severity"] = .string(severity.rawValue)
        object["headline"] = .string(headline)
        object["count"] = .int(Int64(notices.count))
        object["notices"] = .list(notices.map(\.document))
        return .object(object)
    }
}

extension Notice {
    /// As webhooks and `--json` show it.
    public var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["kind"] = .string(kind.rawValue)
        object["severity"] = .string(kind.severity.rawValue)
        object["subject"] = .string(subject)
        object["environment"] = environment.map { .string($0) } ?? .null
        object["at"] = .string(at.description)
        object["run"] = runID.map { .string($0) } ?? .null
        object["summary"] = .string(summary)
        object["payload"] = payload
        return .object(object)
    }
}
