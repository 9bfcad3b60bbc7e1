/// The texts of a channel's messages; names in braces stand for what a message or a notice has.
public struct NoticeTemplates: Sendable, Hashable {
    /// Over the notices, and the subject of a mail.
    public var title: NoticeTemplate
    /// One for each notice.
    public var line: NoticeTemplate
    /// Below them.
    public var footer: NoticeTemplate

    public init() {
        title = NoticeTemplate(verbatim: [.field("severity"), .text(": "), .field("headline")])
        line = NoticeTemplate(verbatim: [.text("- "), .field("at"), .text(" UTC: "), .field("summary")])
        footer = NoticeTemplate(verbatim: [])
    }

    /// What a title and a footer may name.
    public static let messageFields = ["channel", "count", "group", "headline", "id", "severity"]
    /// What a line may name; `payload.NAME` beside them.
    public static let noticeFields = ["at", "environment", "kind", "run", "severity", "subject", "summary"]
}

/// A text with names in braces: `{severity}: {headline}`; a brace of the text itself stands twice.
public struct NoticeTemplate: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case field(String)
    }

    /// Why a text is no template.
    public enum Fault: Error, Sendable, Hashable {
        /// A brace that has no partner.
        case brace
        case unknownField(String)
    }

    private let parts: [Part]

    fileprivate init(verbatim parts: [Part]) { self.parts = parts }

    /// - Parameters:
    ///   - text: as the configuration has it.
    ///   - fields: the names that may stand in it; `payload.` allows any name after it.
    /// - Throws: `Fault`.
    public init(_ text: String, fields: [String]) throws(Fault) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "{" where rest.first == "{", "}" where rest.first == "}":
                literal.append(character)
                rest.removeFirst()
            case "}": throw .brace
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw .brace }
                let name = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                let isPayload = fields.contains("kind") && name.hasPrefix("payload.") && name.utf8.count > 8
                guard isPayload || fields.contains(name) else { throw .unknownField(name) }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.field(name))
            default: literal.append(character)
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The text with values in place of names.
    ///
    /// - Parameters:
    ///   - escape: makes a value harmless for the receiver; the template's own text is left as it is.
    ///   - value: of a name; nil: nothing.
    /// - Returns: the text.
    func fill(escape: (String) -> String, _ value: (String) -> String?) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .field(let name): text += escape(value(name) ?? "")
            }
        }
        return text
    }
}
