import Basics
import Formats

/// Reads `integrations/_index.yaml` and holds it against the files that it lists.
struct IntegrationsReader {
    /// The path of the index.
    private let path: String
    private let report: Report
    private let unprovided: [UnprovidedSecrets.Secret]
    /// The places of the files that the index lists.
    private var listed: Set<Int> = []

    /// - Returns: the rows, sorted by id; of those with one id none.
    static func read(_ library: inout Library, _ report: Report) -> [Integration] {
        guard let document = library.document(.integrationsIndex)?.content,
            let index = document.reading(IntegrationsIndex.self, report)
        else { return [] }
        let vault = library.entry(under: "runtime/vault_provisioning")?.content
        var reader = IntegrationsReader(
            path: document.path, report: report,
            unprovided: vault?.reading(UnprovidedSecrets.self, report)?.secrets ?? [])
        return reader.read(index, &library)
    }

    private init(path: String, report: Report, unprovided: [UnprovidedSecrets.Secret]) {
        self.path = path
        self.report = report
        self.unprovided = unprovided
    }

    private mutating func read(_ index: IntegrationsIndex, _ library: inout Library) -> [Integration] {
        for row in index.rows where row.isTwice { _ = read(row, &library) }
        let integrations = index.order.map { read(index.rows[$0], &library) }
        if !index.isIncomplete { noteUnlisted(library) }
        return integrations
    }

    private mutating func read(_ row: IntegrationsIndex.Row, _ library: inout Library) -> Integration {
        var integration = readFile(of: row, &library) ?? Integration(row, file: row.file.value)
        if let state = row.state, let found = resolve(state, of: row.id, library) {
            list(found, &library)
            integration.installState = library.entries[found].path
        }
        return integration
    }

    /// What a row and its file say; nil where the file is missing.
    private mutating func readFile(of row: IntegrationsIndex.Row, _ library: inout Library) -> Integration? {
        guard let found = resolve(row.file, of: row.id, library) else { return nil }
        list(found, &library)
        let file = library.entries[found]
        if let cause = file.cause { report.unknown(.resource(ResourceKey(.integration, row.id.value)), cause) }
        guard let reading = file.content.reading(IntegrationFile.self, given: row, report) else {
            return Integration(row, file: file.path)
        }
        if let detail = reading.integration.detail, row.status.value == "active" { checkProvisioned(detail, row.id) }
        return reading.integration
    }

    private mutating func list(_ index: Int, _ library: inout Library) {
        listed.insert(index)
        library.claim(index, for: "integrations")
    }

    /// An active integration needs its secrets; of some it is written that nobody provided them yet.
    private func checkProvisioned(_ detail: IntegrationDetail, _ id: Text) {
        for secret in unprovided where secret.names.contains(where: detail.requiredSecrets.contains) {
            report.warning(
                .ruleBroken,
                "the integration \(quoted(id.value)) is active, and its secret \(quoted(secret.key)) is not provided",
                at: id.mark, hint: "Provide the secret, or write `planned` until it is.",
                notes: [Diagnostic.Note("it is not provided here", at: secret.mark)])
        }
    }

    /// The place of the file that a row names: from the top of the repository, or the same below the root of the index.
    private func resolve(_ file: Text, of id: Text, _ library: Library) -> Int? {
        if let found = library.index(at: file.value) { return found }
        let folder = String(path.dropLast("_index.yaml".utf8.count))
        let name = file.value.utf8.split(separator: UInt8(ascii: "/")).last.map { String($0) ?? "" } ?? file.value
        var expected = [folder + name]
        if let range = file.value.firstRange(of: "integrations/") {
            expected.insert(folder + file.value[range.upperBound...], at: 0)
        }
        for candidate in expected { if let found = library.index(at: candidate) { return found } }
        report.warning(
            .missingIntegration, "the file \(quoted(file.value)) of the integration \(quoted(id.value)) is not there",
            at: file.mark, hint: "Add the file, or remove the row.",
            notes: [
                Diagnostic.Note("expected here", at: SourceMark(file: expected.first ?? file.value, line: 1, column: 1))
            ])
        return nil
    }

    private func noteUnlisted(_ library: Library) {
        let folder = String(path.dropLast("_index.yaml".utf8.count))
        for index in library.indices(with: folder) where !listed.contains(index) {
            let unlisted = library.entries[index].path
            guard unlisted != path, unlisted.hasSuffix(".yaml") || unlisted.hasSuffix(".yml") else { continue }
            report.note(
                .notIndexed, "\(unlisted) is not listed in the index of integrations",
                at: SourceMark(file: unlisted, line: 1, column: 1),
                hint: "Add a row to \(path), or remove the file.")
        }
    }
}
