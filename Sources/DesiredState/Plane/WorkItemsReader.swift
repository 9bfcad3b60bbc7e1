import Basics
import Formats

/// Reads `sources/<provider>/work_items.yaml`.
struct WorkItemsReader {
    let file: String
    let report: Report

    /// - Returns: the sources, sorted by provider.
    static func read(_ library: inout Library, _ report: Report) -> [WorkItemSource] {
        ["github", "plane"].compactMap { provider in
            guard
                let document = library.take("sources/\(provider)/work_items", domain: "plane", scopes: [], report),
                let root = document.root
            else { return nil }
            return WorkItemsReader(file: document.path, report: report).read(root, provider)
        }
    }

    private func read(_ root: Node, _ provider: String) -> WorkItemSource? {
        let entry = Fields(root, "the source of work items", in: file, report)
        guard let source = entry.fields("source", required: true), let ingest = entry.fields("ingest", required: true)
        else { return nil }
        let kind = source.text("kind", required: true)
        var refresh: Duration?
        if let cadence = source.fields("cadence") { refresh = readRefresh(cadence) }
        let hooks = source.fields("webhooks")
        let table = ingest.text("target_table", required: true)
        let keys = ingest.texts("upsert_key", required: true)
        let format = ingest.text("ref_format", required: true)
        let map = ingest.fields("field_map")
        let columns = (map?.keys ?? []).compactMap { column in map?.text(column).map { (column, $0) } }
        guard let kind, let table, let keys, let format, ingest.fault == nil else { return nil }
        for key in keys where !columns.contains(where: { $0.0 == key.value }) {
            report.warning(
                .unknownReference, "the column \(quoted(key.value)) is the key, but no field fills it", at: key.mark,
                hint: didYouMean(key.value, among: columns.map(\.0), else: "Add it to `field_map`."))
        }
        if let key = keys.first, let (_, path) = columns.first(where: { $0.0 == key.value }),
            path.value != format.value
        {
            report.warning(
                .documentDisagreement,
                "`ref_format` is \(quoted(format.value)), and `\(key.value)` is filled as \(quoted(path.value))",
                at: format.mark,
                hint: "Write the same in both: items under two references would be taken for two items.",
                notes: [Diagnostic.Note("the field is here", at: path.mark)])
        }
        return WorkItemSource(
            provider: provider, kind: kind.value, refresh: refresh, webhookEndpoint: hooks?.text("endpoint")?.value,
            signatureHeader: hooks?.text("signature_header")?.value,
            signaturePrefix: hooks?.text("signature_prefix")?.value, secretID: hooks?.text("secret_ref")?.value,
            table: table.value, upsertKey: keys.map(\.value), referenceFormat: format.value,
            fields: columns.map { WorkItemSource.Field(column: $0.0, path: $0.1.value) }.sorted {
                $0.column.precedesByBytes($1.column)
            }, source: entry.mark)
    }

    private func readRefresh(_ cadence: Fields) -> Duration? {
        guard let text = cadence.text("refresh") else { return nil }
        if case .after(let duration)? = try? TimeToLive(parsing: text.value) { return duration }
        report.error(
            .invalidDuration, "`refresh` is \(quoted(text.value))", at: text.mark,
            hint: "Write a whole number with one unit, such as `15m`.")
        return nil
    }
}
