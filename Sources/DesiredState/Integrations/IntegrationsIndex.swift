import Basics
import Formats

/// What `integrations/_index.yaml` says by itself.
struct IntegrationsIndex: DocumentReading {
    /// One row.
    struct Row: Equatable {
        let id: Text
        let file: Text
        let state: Text?
        let status: Text
        let category: Text?
        let vendor: Text?
        let source: SourceMark
        /// Whether another row has the same id.
        var isTwice = false
    }

    private(set) var rows: [Row] = []
    /// Which of them stand for an integration, sorted by id: those with an id of their own.
    private(set) var order: [Int] = []
    /// Whether a row could not be read.
    private(set) var isIncomplete: Bool

    init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
        let fields = Fields(root, "the index of integrations", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes")
        let nodes = fields.nodes("integrations", required: true)
        fields.finish()
        if let cause = nodes == nil ? fields.fault : fields.broken["integrations"] {
            report.unknown(.kind(.integration), cause)
        }
        isIncomplete = nodes == nil
        var first: [String: Int] = [:]
        for node in nodes ?? [] {
            guard var row = Self.row(node, file, report) else {
                isIncomplete = true
                continue
            }
            if let index = first[row.id.value] {
                let cause = report.error(
                    .duplicateName, "the integration \(quoted(row.id.value)) is listed twice", at: row.source,
                    hint: "Keep one of the two rows; until then it is left alone.",
                    notes: [Diagnostic.Note("first here", at: rows[index].source)])
                report.unknown(.resource(ResourceKey(.integration, row.id.value)), cause)
                rows[index].isTwice = true
                row.isTwice = true
            } else {
                first[row.id.value] = rows.count
            }
            rows.append(row)
        }
        order = rows.indices.filter { !rows[$0].isTwice }.sorted {
            rows[$0].id.value.precedesByBytes(rows[$1].id.value)
        }
    }

    private static func row(_ node: Node, _ file: String, _ report: Report) -> Row? {
        let entry = Fields(node, "a row of the index of integrations", in: file, report)
        let id = entry.text("id", required: true)
        if let id { entry.describe(as: "the integration \(quoted(id.value))") }
        let path = entry.text("file", required: true)
        let state = entry.text("install_state")
        let status = entry.text("status", required: true)
        let category = entry.text("category")
        let vendor = entry.text("vendor")
        entry.allow("description", "notes")
        entry.finish()
        guard entry.fault == nil, let id, let path, let status else {
            if let cause = entry.fault {
                let key = id.map { ResourceKey(.integration, $0.value) }
                report.unknown(
                    entry.hasDuplicates ? .kind(.integration) : key.map { .resource($0) } ?? .kind(.integration), cause)
            }
            return nil
        }
        return Row(
            id: id, file: path, state: state, status: status, category: category, vendor: vendor,
            source: node.mark(in: file))
    }
}

extension Integration {
    /// What a row says, and no file.
    init(_ row: IntegrationsIndex.Row, file: String) {
        self.init(
            id: row.id.value, file: file, status: row.status.value, category: row.category?.value,
            vendor: row.vendor?.value, installState: row.state?.value, source: row.source)
        marks = ["file": row.file.mark, "status": row.status.mark]
        marks["category"] = row.category?.mark
        marks["install_state"] = row.state?.mark
        marks["vendor"] = row.vendor?.mark
    }
}
