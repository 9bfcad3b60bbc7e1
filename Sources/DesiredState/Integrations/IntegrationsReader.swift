import Basics
import Formats

/// Reads `integrations/_index.yaml` and holds it against the files that it lists.
struct IntegrationsReader {
    let index: Library.Entry
    let report: Report

    /// - Returns: the rows, in the order of the index.
    static func read(_ library: inout Library, _ report: Report) -> [Integration] {
        guard let index = library.document(.integrationsIndex), let root = index.root else { return [] }
        return IntegrationsReader(index: index, report: report).read(root, &library)
    }

    private func read(_ root: Node, _ library: inout Library) -> [Integration] {
        let fields = Fields(root, "the index of integrations", in: index.path, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes")
        let nodes = fields.nodes("integrations", required: true)
        fields.finish()
        if let cause = nodes == nil ? fields.fault : fields.broken["integrations"] {
            report.unknown(.kind(.integration), cause)
        }
        var rows: [Integration] = []
        var claimed: Set<String> = []
        var isIncomplete = nodes == nil
        for node in nodes ?? [] {
            guard let row = readRow(node, &library, &claimed) else {
                isIncomplete = true
                continue
            }
            if let first = rows.first(where: { $0.id == row.id }) {
                let cause = report.error(
                    .duplicateName, "the integration \(quoted(row.id)) is listed twice", at: row.source,
                    hint: "Keep one of the two rows; until then it is left alone.",
                    notes: [Diagnostic.Note("first here", at: first.source)])
                report.unknown(.resource(ResourceKey(.integration, row.id)), cause)
            }
            rows.append(row)
        }
        if !isIncomplete { noteUnlisted(claimed, library) }
        let counts = Dictionary(grouping: rows, by: \.id).mapValues(\.count)
        return rows.filter { counts[$0.id] == 1 }
    }

    private func readRow(_ node: Node, _ library: inout Library, _ claimed: inout Set<String>) -> Integration? {
        let entry = Fields(node, "a row of the index of integrations", in: index.path, report)
        let id = entry.text("id", required: true)
        if let id { entry.describe(as: "the integration \(quoted(id.value))") }
        let file = entry.text("file", required: true)
        let state = entry.text("install_state")
        let status = entry.text("status", required: true)
        let category = entry.text("category")
        let vendor = entry.text("vendor")
        entry.allow("description", "notes")
        entry.finish()
        guard entry.fault == nil, let id, let file, let status else {
            if let cause = entry.fault {
                let key = id.map { ResourceKey(.integration, $0.value) }
                report.unknown(
                    entry.hasDuplicates ? .kind(.integration) : key.map { .resource($0) } ?? .kind(.integration), cause)
            }
            return nil
        }
        let found = resolve(file, of: id, library)
        if let found {
            claimed.insert(found.path)
            library.claim(found.path, for: "integrations")
            if let cause = found.cause { report.unknown(.resource(ResourceKey(.integration, id.value)), cause) }
            compare(found, "status", status)
            if let category { compare(found, "category", category) }
            if let vendor { compare(found, "vendor", vendor) }
            compareID(found, id)
        }
        let foundState = state.flatMap { resolve($0, of: id, library) }
        if let foundState {
            claimed.insert(foundState.path)
            library.claim(foundState.path, for: "integrations")
        }
        var row = Integration(
            id: id.value, file: found?.path ?? file.value, status: status.value, category: category?.value,
            vendor: vendor?.value, installState: foundState?.path ?? state?.value, source: node.mark(in: index.path))
        row.detail = found?.root.map { IntegrationDetail($0) }
        if let detail = row.detail, status.value == "active" { checkProvisioned(detail, id, found?.path, library) }
        return row
    }

    /// An active integration needs its secrets; of some it is written that nobody provided them yet.
    private func checkProvisioned(_ detail: IntegrationDetail, _ id: Text, _ file: String?, _ library: Library) {
        guard let document = library.entry(under: "runtime/vault_provisioning") else { return }
        for entry in document.root?["vault"]?.value.entries ?? []
        where entry.value["provisioned"]?.value.scalar?.value == .bool(false) {
            let names = [entry.key, entry.value.text("secret_registry_id")].compactMap { $0 }
            guard names.contains(where: detail.requiredSecrets.contains) else { continue }
            report.warning(
                .ruleBroken,
                "the integration \(quoted(id.value)) is active, and its secret \(quoted(entry.key)) is not provided",
                at: id.mark, hint: "Provide the secret, or write `planned` until it is.",
                notes: [Diagnostic.Note("it is not provided here", at: entry.keyMark(in: document.path))])
        }
    }

    /// The file that a row names: from the top of the repository, or the same file below the root of the index.
    private func resolve(_ path: Text, of id: Text, _ library: Library) -> Library.Entry? {
        if let found = library.entry(at: path.value) { return found }
        let folder = index.path.dropLast("_index.yaml".utf8.count)
        let name = path.value.utf8.split(separator: UInt8(ascii: "/")).last.map { String($0) ?? "" } ?? path.value
        var expected = [String(folder) + name]
        if let range = path.value.firstRange(of: "integrations/") {
            expected.insert(String(folder) + path.value[range.upperBound...], at: 0)
        }
        for candidate in expected { if let found = library.entry(at: candidate) { return found } }
        report.warning(
            .missingIntegration, "the file \(quoted(path.value)) of the integration \(quoted(id.value)) is not there",
            at: path.mark, hint: "Add the file, or remove the row.",
            notes: [
                Diagnostic.Note("expected here", at: SourceMark(file: expected.first ?? path.value, line: 1, column: 1))
            ])
        return nil
    }

    // MARK: Index against file

    /// Where both say something and it differs, neither is silently taken for right.
    private func compare(_ file: Library.Entry, _ key: String, _ written: Text) {
        guard let other = file.root?[key]?.value, let scalar = other.scalar, case .string(let value) = scalar.value,
            value != written.value
        else { return }
        report.warning(
            .integrationDisagreement,
            "the index says `\(key)` \(quoted(written.value)), and \(file.path) says \(quoted(value))",
            at: written.mark,
            hint: "Make both say the same. The index is taken until then.",
            notes: [Diagnostic.Note("the file says \(quoted(value))", at: other.mark(in: file.path))])
    }

    /// The file's own name for itself: `id`, or `name` where that is an identifier.
    private func compareID(_ file: Library.Entry, _ id: Text) {
        guard let node = (file.root?["id"] ?? file.root?["name"])?.value, let own = node.scalar?.text, own != id.value,
            own.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 })
        else { return }
        report.warning(
            .integrationDisagreement,
            "the index calls it \(quoted(id.value)), and \(file.path) calls itself \(quoted(own))",
            at: id.mark, hint: "Make both say the same.",
            notes: [Diagnostic.Note("the file says \(quoted(own))", at: node.mark(in: file.path))])
    }

    private func noteUnlisted(_ claimed: Set<String>, _ library: Library) {
        let folder = String(index.path.dropLast("_index.yaml".utf8.count))
        for entry in library.entries
        where entry.path.hasPrefix(folder) && entry.path != index.path && !claimed.contains(entry.path)
            && (entry.path.hasSuffix(".yaml") || entry.path.hasSuffix(".yml"))
        {
            report.note(
                .notIndexed, "\(entry.path) is not listed in the index of integrations",
                at: SourceMark(file: entry.path, line: 1, column: 1),
                hint: "Add a row to \(index.path), or remove the file.")
        }
    }
}
