import Formats

/// What an entry of an environment that can't be read says of its branch.
struct BranchHint {
    /// What may be its branch.
    let candidates: [String]
    /// Whether nothing has to be guessed: it is written as it has to be, or not at all.
    let isTold: Bool

    /// Of an entry, however often it stands, and of those that slid into it by their indentation.
    static func all(of section: Node.Entry) -> [BranchHint] {
        ([section.value] + section.duplicates.map(\.value)).flatMap(all(in:))
    }

    private static func all(in entry: Node) -> [BranchHint] {
        guard let entries = entry.entries else { return [BranchHint(candidates: texts(entry), isTold: false)] }
        // By its name, or by one that is near to it.
        let near = entries.filter { closest(to: $0.key, among: [key]) != nil }
        let values = near.flatMap { [$0.value] + $0.duplicates.map(\.value) }
        let isTold = values.isEmpty || near[0].key == key && values.count == 1 && isSound(values[0])
        return [BranchHint(candidates: values.flatMap(texts), isTold: isTold)]
            + entries.filter { $0.value.looksLikeEnvironment }.flatMap(all(of:))
    }

    private static let key = "branch"

    private static func isSound(_ node: Node) -> Bool {
        switch node.scalar?.value {
        case .string(let text): !text.isEmpty && text.invisibleCharacter == nil && !PastedSecret.isMasked(in: text)
        case .int, .number: true
        default: false
        }
    }

    /// The texts of a value, or of the items of a list.
    private static func texts(_ node: Node) -> [String] {
        if let scalar = node.scalar { return scalar.value.isNull ? [] : [scalar.text] }
        return (node.items ?? []).compactMap { $0.scalar?.text }
    }
}

extension Node {
    /// Whether it has what only an environment has.
    var looksLikeEnvironment: Bool { entries != nil && (self["tier"] != nil || self["branch"] != nil) }

    /// Whether its keys are tiers, each with a mapping, as of templates.
    var looksLikeTemplates: Bool {
        guard let entries, !entries.isEmpty else { return false }
        return entries.allSatisfy { Tier(alias: $0.key) != nil && $0.value.entries != nil }
    }
}
