import Basics
import Formats

/// Which pull requests have a preview.
extension PoliciesReader {
    mutating func readPreviews(_ fields: Fields) {
        guard let section = fields.fields("previews") else { return }
        var rule = PreviewRule(source: section.mark)
        if let name = section.text("repository") {
            if name.value.split(separator: "/", omittingEmptySubsequences: false).map(\.isEmpty) == [false, false] {
                rule.repository = name.value
            } else {
                section.fail(
                    .invalidName, "`repository` of \(section.subject) is \(quoted(name.value))", at: name.mark,
                    hint: "Write owner/name as GitHub shows them.")
            }
        }
        for node in section.nodes("allow", required: true) ?? [] {
            if let allowance = allowance(node, section) { rule.allow.append(allowance) }
        }
        if let word = section.word("forks", of: PreviewRule.Forks.allCases.map(\.rawValue)) {
            rule.forks = PreviewRule.Forks(rawValue: word.value) ?? .never
        }
        rule.forkSecrets = section.flag("fork_secrets")?.value ?? false
        rule.drafts = section.flag("drafts")?.value ?? true
        if let limit = section.integer("limit", in: 0...1_000) { rule.limit = Int(limit.value) }
        section.allow("description", "notes")
        section.finish()
        reading.policy.previews = rule
        // Whoever would have a preview by what can't be read keeps it.
        if let cause = section.fault { reading.previewsFault = cause }
    }

    private func allowance(_ node: Node, _ section: Fields) -> PreviewRule.Allowance? {
        let entry = Fields(node, "an entry of `allow` of \(section.subject)", in: file, report)
        let label = entry.text("label", orNumber: true)
        let head = entry.text("head").flatMap { pattern($0, entry) }
        let base = entry.text("base").flatMap { pattern($0, entry) }
        entry.allow("description", "notes")
        entry.finish()
        if entry.fault == nil, label == nil, head == nil, base == nil {
            entry.fail(
                .missingKey, "\(entry.subject) has neither `label` nor `head` nor `base`", at: node.mark(in: file),
                hint: "Write `{base: \"**\"}` if every pull request is meant.")
        }
        section.absorb(entry)
        guard entry.fault == nil else { return nil }
        return PreviewRule.Allowance(label: label?.value, head: head, base: base, source: node.mark(in: file))
    }
}
