import Basics
import Formats

/// What the file of an integration says, held against its row of the index.
final class IntegrationFile: DocumentReading {
    /// The row with what the file adds.
    let integration: Integration

    init(_ root: Node, in file: String, given row: IntegrationsIndex.Row, _ report: Report) {
        var integration = Integration(row, file: file)
        integration.detail = IntegrationDetail(root)
        // Of what both say the index counts.
        integration.marks.merge(IntegrationDetail.marks(root, in: file)) { row, _ in row }
        self.integration = integration
        let comparison = Comparison(root: root, file: file, report: report)
        comparison.compare("status", row.status)
        if let category = row.category { comparison.compare("category", category) }
        if let vendor = row.vendor { comparison.compare("vendor", vendor) }
        comparison.compareID(row.id)
    }

    private struct Comparison {
        let root: Node
        let file: String
        let report: Report

        /// Where both say something and it differs, neither is silently taken for right.
        func compare(_ key: String, _ written: Text) {
            guard let other = root[key]?.value, case .string(let value)? = other.scalar?.value, value != written.value
            else { return }
            report.warning(
                .integrationDisagreement,
                "the index says `\(key)` \(quoted(written.value)), and \(file) says \(quoted(value))",
                at: written.mark,
                hint: "Make both say the same. The index is taken until then.",
                notes: [Diagnostic.Note("the file says \(quoted(value))", at: other.mark(in: file))])
        }

        /// The file's own name for itself: `id`, or `name` where that is an identifier.
        func compareID(_ id: Text) {
            guard let node = (root["id"] ?? root["name"])?.value, let own = node.scalar?.text, own != id.value,
                own.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 })
            else { return }
            report.warning(
                .integrationDisagreement,
                "the index calls it \(quoted(id.value)), and \(file) calls itself \(quoted(own))",
                at: id.mark, hint: "Make both say the same.",
                notes: [Diagnostic.Note("the file says \(quoted(own))", at: node.mark(in: file))])
        }
    }
}

/// The secrets of which it is written that nobody provided them yet.
struct UnprovidedSecrets: DocumentReading {
    /// One of them, under each of its names.
    struct Secret {
        let names: [String]
        let key: String
        let mark: SourceMark
    }

    let secrets: [Secret]

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        secrets = (root["vault"]?.value.entries ?? []).compactMap { entry in
            guard entry.value["provisioned"]?.value.scalar?.value == .bool(false) else { return nil }
            let names = [entry.key, entry.value.text("secret_registry_id")].compactMap { $0 }
            return Secret(names: names, key: entry.key, mark: entry.keyMark(in: file))
        }
    }
}
