import Basics
import Formats

/// Reads the channels that a document names: a list of names or mappings, or a mapping whose keys are for itself.
struct SlackChannels {
    let file: String
    let drafts: DraftSet
    private var report: Report { drafts.report }

    func read(_ root: Node) { read(Fields(root, "the document of Slack channels", in: file, report)) }

    /// Under which they stand.
    static let keys = ["channels", "allowed_channels"]

    /// Reads `channels` and `allowed_channels`.
    func read(_ fields: Fields) {
        for key in Self.keys {
            guard let entry = fields.entry(key) else { continue }
            if let items = entry.value.items {
                for item in items { readChannel(item) }
            } else if let entries = entry.value.entries {
                for inner in entries { readChannel(inner) }
            } else {
                fields.fail(
                    .wrongType, "`\(key)` of \(fields.subject) is \(entry.value.shapeName) where a list is needed",
                    at: entry.value.mark(in: file), hint: "Write one channel a line, each after `- `.", key: key)
            }
        }
        fields.finishLeniently()
        if let cause = fields.fault { report.unknown(.kind(.slackChannel), cause) }
    }

    private func readChannel(_ section: Node.Entry) {
        guard section.isAmbiguous else { return readChannel(section.value) }
        // The parser has told it already, with both places.
        report.unknown(
            .kind(.slackChannel),
            Cause(
                code: "FMT-0003", reason: "the channel \(quoted(section.key)) stands more than once",
                mark: section.keyMark(in: file)))
    }

    private func readChannel(_ node: Node) {
        guard node.entries != nil else {
            let entry = Fields(
                Node(.map([]), line: node.line, column: node.column), "a Slack channel", in: file, report)
            add(entry.text(node, "a Slack channel"), [], entry)
            return
        }
        let entry = Fields(node, "a Slack channel", in: file, report)
        let name = entry.text("name", required: true)
        var attributes: [WantedAttribute] = []
        for (key, attribute) in [("private", "is_private"), ("member", "is_member"), ("archived", "is_archived")] {
            attributes += WantedAttribute.of(attribute, entry.flag(key))
        }
        entry.finishLeniently()
        add(name, attributes, entry)
    }

    private func add(_ name: Text?, _ attributes: [WantedAttribute], _ entry: Fields) {
        let written = name?.value ?? ""
        var isValid = false
        let plain = (written.hasPrefix("#") ? String(written.dropFirst()) : written).lowercased()
        if let name {
            entry.describe(as: "the Slack channel \(quoted(name.value))")
            // Letters of other scripts are fine, so only what Slack never takes is refused.
            isValid =
                !plain.isEmpty && plain.unicodeScalars.count <= 80
                && !plain.unicodeScalars.contains {
                    $0.value <= 32 || "#.,:;!?/\\@&<>()[]{}'\"".unicodeScalars.contains($0)
                }
            if !isValid {
                entry.fail(
                    .invalidName, "\(entry.subject) has a name that no channel can have", at: name.mark,
                    hint: "Write its name with or without `#`: letters, digits, `-` and `_`, at most 80.")
            }
        }
        // Under a name that can't be used it may be meant for any channel.
        let key = isValid ? ResourceKey(.slackChannel, plain) : nil
        guard drafts.isSound(entry, key, .slackChannel), let key, let name else { return }
        var draft = Draft(key, attributes, source: name.mark)
        draft.isProtected = true
        // Two documents may need one channel, as long as they want the same of it.
        if let other = drafts.drafts[key], other.attributes.map(\.name) == attributes.map(\.name),
            other.attributes.map(\.value) == attributes.map(\.value)
        {
            return
        }
        drafts.add(draft)
    }
}
