import Basics
import Formats

/// The entries of all lists of Odoo modules and repositories.
struct ModuleLists: DocumentsReading {
    /// Sorted by list and name.
    let entries: [ModuleEntry]

    static func read(_ library: Library, _ report: Report) -> [ModuleEntry] {
        let documents = ManagedDocument.moduleLists.map { library.document($0)?.content }
        return library.kept.read(ModuleLists.self, documents, report).entries
    }

    /// The documents are `ManagedDocument.moduleLists`.
    init(_ documents: [DocumentContent?], _ report: Report) {
        entries = zip(ManagedDocument.moduleLists, documents).flatMap { managed, document -> [ModuleEntry] in
            guard let list = managed.moduleList, let document, let root = document.root else { return [] }
            return ModulesReader(file: document.path, list: list, report: report).read(root)
        }.sorted {
            $0.list != $1.list
                ? $0.list.rawValue.precedesByBytes($1.list.rawValue) : $0.name.precedesByBytes($1.name)
        }
    }
}

/// Reads a document that says which Odoo modules or repositories are allowed.
struct ModulesReader {
    let file: String
    let list: ModuleEntry.List
    let report: Report

    /// The key of the list, of an entry's name, and of its repository.
    private var keys: (list: String, name: String, repository: String?) {
        switch list {
        case .lock, .repositories: ("repos", "name", "source")
        case .mustHaveBase, .mustHaveAccounting: ("modules", "technical_name", "repo")
        case .parity: ("modules", "module", "oca_repo")
        case .orphans: ("modules", "name", nil)
        }
    }

    /// - Returns: its entries, in any order.
    fileprivate func read(_ root: Node) -> [ModuleEntry] {
        let fields = Fields(root, "the list \(list.rawValue)", in: file, report)
        let nodes = fields.nodes(keys.list, required: true)
        // Everything else is for people and other programs.
        _ = fields.allEntries()
        if let cause = fields.broken[keys.list] ?? (nodes == nil ? fields.fault : nil) {
            report.unknown(.kind(.moduleEntry), cause)
        }
        var found: [String: ModuleEntry] = [:]
        for node in nodes ?? [] {
            guard let entry = read(entry: node) else { continue }
            if let first = found[entry.name] {
                report.warning(
                    .duplicateName, "\(quoted(entry.name)) stands twice in \(file)", at: entry.source,
                    hint: "Remove one of the two.", notes: [Diagnostic.Note("first here", at: first.source)])
            } else {
                found[entry.name] = entry
            }
        }
        if let nodes { compareCounts(in: root, with: nodes.count) }
        return Array(found.values)
    }

    private func read(entry node: Node) -> ModuleEntry? {
        let entry = Fields(node, "an entry of \(list.rawValue)", in: file, report)
        let name = entry.text(keys.name, required: true)
        if let name { entry.describe(as: quoted(name.value)) }
        let repository = keys.repository.flatMap { entry.text($0) }
        if list == .lock || list == .repositories, let repository { checkSource(repository, entry) }
        if list == .lock { _ = entry.text("target_path") }
        if list == .parity {
            // For those who install; the order is no wish of ours.
            _ = (entry.texts("dependencies"), entry.integer("install_order", in: 0...100_000))
        }
        let commit = list == .lock ? entry.text("ref", required: true, orNumber: true) : nil
        if let commit { check(commit, entry) }
        let status = entry.text(list == .parity ? "repo_status" : list == .lock ? "lifecycle" : "status")
        let count = list == .repositories ? entry.integer("modules", in: 0...100_000) : nil
        guard entry.fault == nil, let name else {
            if let cause = entry.fault {
                let key = name.map { ResourceKey(.moduleEntry, "\(list.rawValue)/\($0.value)") }
                report.unknown(
                    entry.hasDuplicates ? .kind(.moduleEntry) : key.map { .resource($0) } ?? .kind(.moduleEntry), cause)
            }
            return nil
        }
        return ModuleEntry(
            list: list, name: name.value, repository: repository?.value, commit: commit?.value, status: status?.value,
            moduleCount: count.map { Int($0.value) }, source: node.mark(in: file))
    }

    /// Where a repository comes from: an address that git takes, or `OWNER/NAME` at GitHub.
    private func checkSource(_ source: Text, _ entry: Fields) {
        guard !Self.isSource(source.value) else { return }
        report.warning(
            .invalidAddress,
            "`source` of \(entry.subject) is \(quoted(source.value)), which is no address of a repository",
            at: source.mark, hint: "Write `https://github.com/OWNER/NAME`.")
    }

    private static func isSource(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { return false }
        for scheme in ["https://", "http://", "ssh://", "git://", "file://"] where text.hasPrefix(scheme) {
            let parts = text.dropFirst(scheme.utf8.count).split(separator: "/", maxSplits: 1)
            return parts.count == 2 && !parts[1].isEmpty
        }
        guard !text.contains("://") else { return false }
        // git@host:path, or a name without any address.
        if let colon = text.firstIndex(of: ":") { return text[..<colon].contains("@") && !text.hasSuffix(":") }
        return true
    }

    private func check(_ commit: Text, _ entry: Fields) {
        let isCommit =
            commit.value.utf8.count == 40
            && commit.value.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard !isCommit else { return }
        entry.fail(
            .invalidCommit, "\(entry.subject) is pinned to \(quoted(commit.value))", at: commit.mark,
            hint: "Write the commit's 40 hexadecimal digits: a branch or a short id moves.")
    }

    // MARK: Texts that say a number

    /// Looks in `notes`, `description` and `status` for `all 39 entries` and the like.
    private func compareCounts(in root: Node, with count: Int) {
        for key in ["notes", "description", "status"] {
            guard let value = root[key]?.value else { continue }
            for node in value.items ?? [value] {
                guard let text = node.scalar?.text, let claimed = Self.claimedCount(in: text), claimed != count else {
                    continue
                }
                report.warning(
                    .countDisagreement, "a text says \(claimed), and the list `\(keys.list)` holds \(count)",
                    at: node.mark(in: file), hint: "Correct the text, or the list.",
                    notes: [Diagnostic.Note("the list begins here", at: root[keys.list]?.keyMark(in: file))])
            }
        }
    }

    /// The number of `all N entries`, `all N modules` or `all N repositories` in a text; nil where it says none.
    static func claimedCount(in text: String) -> Int? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        for (index, word) in words.enumerated() where index + 2 < words.count && word.lowercased() == "all" {
            let noun = words[index + 2].lowercased()
            if let number = Int(words[index + 1]), ["entr", "module", "repo"].contains(where: { noun.hasPrefix($0) }) {
                return number
            }
        }
        return nil
    }
}
