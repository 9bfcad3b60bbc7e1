import Basics
import Formats

extension GitHubReader {
    /// A label that some document wants in a repository.
    struct LabelWish {
        let repository: String
        let name: String
        var attributes: [WantedAttribute]
        let mark: SourceMark
        /// The repository's own entry, where that is what wants it.
        var entry: ResourceKey?
        /// Why what wants it can't be told yet.
        var doubt: Cause?

        var key: ResourceKey { ResourceKey(.gitHubLabel, "\(repository)/\(name)") }
        /// GitHub knows a label by its letters, capital or small.
        var sameness: String { "\(repository)/\(name)".lowercased() }
    }

    /// A label as documents write it: its name alone, or with how it looks.
    struct WrittenLabel {
        let name: Text
        let attributes: [WantedAttribute]
        let mark: SourceMark
    }

    /// Reads `labels` of an entry; the faults of a label are its own, and make all labels unknown where its name is lost.
    ///
    /// - Parameters:
    ///   - fields: the entry.
    ///   - repositories: where they are wanted, for a label with a fault to be unknown there alone.
    /// - Returns: those without a fault.
    func readLabels(_ fields: Fields, in repositories: [String]) -> [WrittenLabel] {
        (fields.nodes("labels") ?? []).compactMap { node in
            if node.scalar != nil {
                return fields.text(node, "a label of \(fields.subject)", key: "labels").map {
                    WrittenLabel(name: $0, attributes: [], mark: $0.mark)
                }
            }
            let entry = Fields(node, "a label of \(fields.subject)", in: fields.file, report)
            let name = entry.text("name", required: true)
            if let name { entry.describe(as: "the label \(quoted(name.value)) of \(fields.subject)") }
            let color = entry.text("color")
            if let color, !Self.isColor(color.value) {
                entry.fail(
                    .wrongType, "the color of \(entry.subject) is \(quoted(color.value))", at: color.mark,
                    hint: "Write six hexadecimal digits in quotes: `color: \"d73a4a\"`.", key: "color")
            }
            var attributes = WantedAttribute.of("color", color)
            attributes += WantedAttribute.of("description", entry.text("description"))
            entry.finish()
            guard let cause = entry.fault else {
                return name.map { WrittenLabel(name: $0, attributes: attributes, mark: node.mark(in: fields.file)) }
            }
            for repository in repositories {
                let key = name.map { ResourceKey(.gitHubLabel, "\(repository)/\($0.value)") }
                if let key { drafts.lose(key, cause, at: entry.mark) }
            }
            if name == nil || repositories.isEmpty { report.unknown(.kind(.gitHubLabel), cause) }
            if name == nil { doubt(.gitHubHook, under: "webhooks", of: fields, cause) }
            return nil
        }
    }

    private static func isColor(_ text: String) -> Bool {
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        return digits.utf8.count == 6
            && digits.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0 | 32) }
    }

    /// Puts together what all documents want: two may want one label, if they want the same of it.
    func addLabels(_ wishes: [LabelWish]) {
        let groups = Dictionary(grouping: wishes, by: \.sameness)
        for name in groups.keys.sorted(by: { $0.precedesByBytes($1) }) {
            guard let group = groups[name], let first = group.first(where: { $0.doubt == nil }) else {
                for wish in groups[name] ?? [] {
                    if let doubt = wish.doubt { drafts.lose(wish.key, doubt, at: wish.mark) }
                }
                continue
            }
            var attributes = first.attributes
            var contradiction: LabelWish?
            for other in group where other.doubt == nil {
                for attribute in other.attributes {
                    guard let known = attributes.first(where: { $0.name == attribute.name }) else {
                        attributes.append(attribute)
                        continue
                    }
                    if known.value != attribute.value { contradiction = other }
                }
            }
            if let contradiction {
                let cause = report.error(
                    .duplicateName, "two documents want different things of \(first.key)", at: contradiction.mark,
                    hint: "Make both say the same; until then it is left alone.",
                    notes: [Diagnostic.Note("the other one", at: first.mark)])
                for wish in group { drafts.lose(wish.key, cause, at: wish.mark) }
                continue
            }
            let entry = group.lazy.compactMap(\.entry).first
            add(Draft(first.key, attributes, source: first.mark, dependsOn: entry.map { [$0] } ?? []))
        }
    }

    /// Tells labels that stand where nobody makes them.
    func tellStrayLabels(_ root: Node, _ file: String) {
        guard let entries = root.entries, let entry = entries.first(where: { $0.key == "labels" }) else { return }
        report.warning(
            .unknownKey, "labels are wanted here of no repository, so that nobody makes them",
            at: entry.keyMark(in: file),
            hint:
                "Write them to a repository of `github/org_repos.yaml`, or to a project or its template: `labels: [bug]`."
        )
    }
}
