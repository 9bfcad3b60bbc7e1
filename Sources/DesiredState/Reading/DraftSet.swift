import Basics
import Formats

/// Resources under way of which no two have one key.
final class DraftSet {
    let report: Report
    private(set) var drafts: [ResourceKey: Draft] = [:]
    private var seen: [ResourceKey: SourceMark] = [:]

    init(_ report: Report) { self.report = report }

    /// Keeps a resource; of two with one key neither stands.
    func add(_ draft: Draft) {
        guard let first = seen[draft.key] else {
            seen[draft.key] = draft.source
            drafts[draft.key] = draft
            return
        }
        drafts[draft.key] = nil
        report.declaredTwice(draft, first: first)
    }

    /// Makes an entry with a fault unknown: the resource where its name is known, else its kind.
    ///
    /// - Returns: whether the entry is sound.
    func isSound(_ entry: Fields, _ key: ResourceKey?, _ kind: ResourceKind) -> Bool {
        if let key, let character = key.name.invisibleCharacter {
            report.unknown(
                .kind(kind),
                report.error(
                    .invisibleCharacter, "the name of \(entry.subject) holds the invisible character \(character)",
                    at: entry.mark, hint: "Write the name anew: with it, it is another one than it seems."))
            return false
        }
        guard let cause = entry.fault else { return true }
        if let key { lose(key, cause, at: entry.mark) }
        if key == nil || entry.hasDuplicates || entry.isNoMapping {
            // What a lost `- name:` line leaves behind: the next entry may have been swallowed.
            report.unknown(.kind(kind), cause)
        }
        return false
    }

    /// Makes one resource unknown, whoever else declares it.
    func lose(_ key: ResourceKey, _ cause: Cause, at mark: SourceMark) {
        seen[key] = seen[key] ?? mark
        drafts[key] = nil
        report.unknown(.resource(key), cause)
    }
}

extension WantedAttribute {
    /// Attributes of what is written; nothing where nothing is.
    static func of(_ name: String, _ text: Text?) -> [WantedAttribute] {
        text.map { [WantedAttribute(name, .literal(.string($0.value)), at: $0.mark)] } ?? []
    }

    static func of(_ name: String, _ flag: (value: Bool, mark: SourceMark)?) -> [WantedAttribute] {
        flag.map { [WantedAttribute(name, .literal(.bool($0.value)), at: $0.mark)] } ?? []
    }

    static func of(_ name: String, _ number: (value: Int64, mark: SourceMark)?) -> [WantedAttribute] {
        number.map { [WantedAttribute(name, .literal(.int($0.value)), at: $0.mark)] } ?? []
    }

    /// A list that is compared without order: sorted, so that its order in the document doesn't count.
    static func of(_ name: String, set texts: [Text]?, at mark: SourceMark?) -> [WantedAttribute] {
        texts.map {
            let sorted = Set($0.map(\.value)).sorted { $0.precedesByBytes($1) }
            return [WantedAttribute(name, .literal(.strings(sorted)), at: mark)]
        } ?? []
    }
}

extension Fields {
    /// Where a value is that has to stay secret; the value itself never stands in a document.
    ///
    /// - Parameters:
    ///   - key: under which it is written.
    ///   - what: for messages, where the subject has no name yet.
    /// - Returns: the reference as an attribute; nothing where it is none, which is reported.
    func reference(_ key: String, of what: String? = nil) -> [WantedAttribute] {
        guard let text = text(key) else { return [] }
        guard SecretReference(text.value) == nil else { return WantedAttribute.of(key, text) }
        // The text may be the value itself, so it is not shown; a line of its own would be quoted without its key.
        let keyMark = keyMark(of: key)
        fail(
            .wrongType, "`\(key)` of \(what ?? subject) is no reference",
            at: keyMark.flatMap { $0.line < text.mark.line ? $0 : nil } ?? text.mark,
            hint: "Write `env:NAME` or `file:PATH`; a value itself never belongs into the repository.")
        return []
    }
}

extension Node {
    /// The text of a key, for comparisons in which a fault has been told elsewhere.
    func text(_ key: String) -> String? { self[key]?.value.scalar?.value.stringValue }

    /// The node at a path of keys; nil where the path ends before.
    func at(_ path: String...) -> Node? {
        var node = self
        for key in path {
            guard let entry = node[key], !entry.isAmbiguous else { return nil }
            node = entry.value
        }
        return node
    }
}

extension Report {
    /// Says of the second of two resources with one key that neither stands.
    @discardableResult
    func declaredTwice(_ draft: Draft, first: SourceMark) -> Cause {
        let cause = error(
            .duplicateName, "\(draft.key) is declared twice", at: draft.source,
            hint: "Keep one of the two; until then it is left alone.", notes: [Diagnostic.Note("first here", at: first)]
        )
        unknown(.resource(draft.key), cause)
        return cause
    }
}
