import Basics

/// Reads out of the rules that a repository has for those who work in it which provider of mail takes the place of another.
///
/// Of sentences one form alone is read, `Mailgun → Zoho Mail`, and of tables a row that names a provider and says in another
/// cell that it is gone. Nothing is wanted from it, and nothing is left alone for it: what still uses that provider is told.
enum MailRules {
    /// A provider that is not to be used any more.
    struct Replacement: Equatable {
        /// As in `providers`.
        let old: String
        /// The one to use; nil where only the end of the old one is told.
        let new: String?
        let mark: SourceMark
    }

    static let folder = ".claude/rules/"

    /// Whether a path is that of such rules.
    static func isOne(_ path: String) -> Bool { path.hasPrefix(folder) && path.hasSuffix(".md") }

    /// By the word that people write, where their servers are.
    private static let providers: [String: [String]] = [
        "mailgun": ["mailgun.org", "mailgun.com"], "zoho": ["zoho.com", "zoho.eu", "zoho.in"],
        "sendgrid": ["sendgrid.net"], "postmark": ["postmarkapp.com"], "mailjet": ["mailjet.com"],
        "brevo": ["brevo.com", "sendinblue.com"], "gmail": ["gmail.com"], "ses": ["amazonaws.com"],
        "sparkpost": ["sparkpostmail.com"], "mandrill": ["mandrillapp.com"],
    ]

    private static let ends: Set<String> = ["removed", "deprecated", "retired", "decommissioned"]

    static func replacements(in bytes: [UInt8], _ file: String) -> [Replacement] {
        PagePart.all(in: bytes).flatMap { part, line -> [Replacement] in
            switch part {
            case .other(let text), .heading(let text):
                return arrows(in: text, SourceMark(file: file, line: line, column: 1))
            case .row(let text, isHeader: false):
                let mark = SourceMark(file: file, line: line, column: 1)
                let found = arrows(in: text, mark)
                return found.isEmpty ? row(text, mark) : found
            case .row, .example: return []
            }
        }
    }

    /// Whether what is said of mail uses a provider.
    static func uses(_ name: String, provider: String?, host: String?) -> Bool {
        if provider?.lowercased().split(whereSeparator: { !$0.isLetter }).contains(Substring(name)) == true {
            return true
        }
        guard let host = host.map(HostName.normal) else { return false }
        return (providers[name] ?? []).contains { HostName.lies(host, in: $0) }
    }

    /// The word before each arrow and the one after, where both are of providers.
    private static func arrows(in text: Substring, _ mark: SourceMark) -> [Replacement] {
        var found: [Replacement] = []
        for arrow in ["→", "->", "=>"] {
            var rest = text
            while let range = rest.firstRange(of: arrow) {
                let old = words(rest[..<range.lowerBound]).last
                rest = rest[range.upperBound...]
                guard let old, let new = words(rest).first, old != new, providers[old] != nil, providers[new] != nil
                else {
                    continue
                }
                found.append(Replacement(old: old, new: new, mark: mark))
            }
        }
        return found
    }

    /// Of a row such as `| Mailgun | Removed |`, whose first cell names a provider.
    private static func row(_ text: Substring, _ mark: SourceMark) -> [Replacement] {
        let cells = text.split(separator: "|").map { words($0) }.filter { !$0.isEmpty }
        guard let old = cells.first?.first, providers[old] != nil,
            cells.dropFirst().contains(where: { ends.contains($0.first ?? "") })
        else { return [] }
        return [Replacement(old: old, new: nil, mark: mark)]
    }

    private static func words(_ text: Substring) -> [String] {
        text.split { !$0.isLetter && !$0.isNumber }.map { $0.lowercased() }
    }
}

extension MailReader {
    /// Tells each document that sends mail through a provider which the rules have replaced.
    func compare(_ rules: [MailRules.Replacement]) {
        var told: Set<String> = []
        for rule in rules {
            for statement in statements {
                guard MailRules.uses(rule.old, provider: statement.provider?.value, host: statement.host?.value),
                    told.insert("\(rule.old) \(statement.file)").inserted
                else { continue }
                let instead = rule.new.map { "replace \(rule.old) by \($0)" } ?? "have done with \(rule.old)"
                report.warning(
                    .mailDisagreement,
                    "\(statement.file) sends mail through \(quoted(statement.host?.value ?? rule.old)), and the rules "
                        + "in \(rule.mark.file) \(instead)",
                    at: statement.host?.mark ?? statement.provider?.mark ?? statement.source,
                    hint: "Decide which is right and make both say the same; the document counts until then.",
                    notes: [Diagnostic.Note("the rule is here", at: rule.mark)])
            }
        }
    }
}
