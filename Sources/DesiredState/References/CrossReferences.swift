import Basics
import Formats

/// Resolves what documents name in each other, and tells what leads nowhere.
struct CrossReferences {
    private let library: Library
    private let tree: SourceTree
    private let report: Report
    /// Files and folders below the roots.
    private let present: Set<String>
    /// Folders that could not be read: what lies in them is unknown.
    private let unreadable: [String]
    /// The configured roots with a final slash: all that lies below them came with the tree.
    private let prefixes: [String]

    static func check(_ library: Library, _ tree: SourceTree, _ report: Report) {
        let references = CrossReferences(library, tree, report)
        references.checkPaths()
        references.checkNames()
    }

    private init(_ library: Library, _ tree: SourceTree, _ report: Report) {
        self.library = library
        self.tree = tree
        self.report = report
        var present: Set<String> = []
        for entry in library.entries {
            present.insert(entry.path)
            var rest = entry.path.utf8[...]
            while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
                rest = rest[..<slash]
                guard present.insert(String(rest) ?? "").inserted else { break }
            }
        }
        self.present = present
        prefixes = tree.roots.filter { !$0.isEmpty }.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        unreadable = tree.files.map(\.path).filter { $0.hasSuffix("/") }
    }

    // MARK: Paths

    private func checkPaths() {
        // Other checks have told of these, with more to say.
        let told = Set(
            report.diagnostics.filter {
                $0.code == Code.missingIntegration.rawValue || $0.code == Code.missingFile.rawValue
            }
            .compactMap { $0.mark.map { "\($0.file):\($0.line)" } })
        for entry in library.entries where !entry.paths.isEmpty {
            var dangling: [String: [PathReference]] = [:]
            for reference in entry.paths where isMissing(reference.path) {
                dangling[reference.path, default: []].append(reference)
            }
            for (path, references) in dangling where !told.contains("\(entry.path):\(references[0].line)") {
                report.warning(
                    .danglingPath, "\(quoted(path)) is named here and is not there",
                    at: references[0].mark(in: entry.path), hint: hint(for: path),
                    notes: [Diagnostic.Note("expected here", at: SourceMark(file: path, line: 1, column: 1))]
                        + references.dropFirst().map { Diagnostic.Note("named again", at: $0.mark(in: entry.path)) })
            }
        }
    }

    /// Whether a path of this repository leads nowhere; what can't be decided is not missing.
    private func isMissing(_ path: String) -> Bool {
        if present.contains(path) || unreadable.contains(where: { path.hasPrefix($0) }) { return false }
        if prefixes.contains(where: { path.hasPrefix($0) }) { return tree.listing?.contains(path) != true }
        return tree.listing?.contains(path) == false
    }

    private func hint(for path: String) -> String {
        let otherwise = "Add the file, or take the reference out."
        // The same path under another root: a root that was moved leaves such references behind.
        for root in tree.roots where path.hasPrefix(root + "/") {
            let relative = path.dropFirst(root.utf8.count + 1)
            for other in tree.roots where other != root && present.contains("\(other)/\(relative)") {
                return "It is at \(other)/\(relative) now: name that."
            }
        }
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { "/" + (String($0) ?? "") } ?? path
        let same = present.filter { $0.hasSuffix(name) }
        if same.count == 1, let only = same.first { return "Did you mean `\(only)`? \(otherwise)" }
        return didYouMean(path, among: present, else: otherwise)
    }

    // MARK: Names

    private func checkNames() {
        let secrets = DeclaredNames.secrets(library)
        let environments = DeclaredNames.environments(library)
        let repositories = DeclaredNames.repositories(library)
        let integrations = DeclaredNames.integrations(library)
        let bridges = DeclaredNames.bridges(library)
        for entry in library.entries {
            for reference in entry.names {
                let (declared, code, what, key): (DeclaredNames?, Code, String, String)
                switch reference.kind {
                case .secret: (declared, code, what, key) = (secrets, .unknownSecret, "secret", reference.name)
                case .environment:
                    (declared, code, what, key) = (environments, .unknownEnvironmentName, "environment", reference.name)
                case .repository:
                    let name = reference.name.hasPrefix("OCA/") ? String(reference.name.dropFirst(4)) : reference.name
                    (declared, code, what, key) = (repositories, .unknownRepository, "repository of modules", name)
                case .integration:
                    (declared, code, what, key) = (integrations, .unknownIntegration, "integration", reference.name)
                case .bridge: (declared, code, what, key) = (bridges, .unknownBridge, "bridge", reference.name)
                }
                guard let declared, declared.file != entry.path, !declared.names.contains(key),
                    !declared.aliases.contains(key)
                else { continue }
                report.warning(
                    code, "the \(what) \(quoted(reference.name)) is named here, and \(declared.file) doesn't have it",
                    at: reference.mark(in: entry.path),
                    hint: didYouMean(
                        key, among: declared.names, else: "Add it to \(declared.file), or correct the name."),
                    notes: [Diagnostic.Note("expected among these", at: declared.mark)])
            }
        }
    }
}
