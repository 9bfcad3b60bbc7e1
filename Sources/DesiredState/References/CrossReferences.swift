import Basics
import Formats

/// Resolves what documents name in each other, and tells what leads nowhere.
struct CrossReferences {
    private let library: Library
    private let tree: SourceTree
    private let report: Report
    /// The folders that hold a file below a root.
    private let folders: Set<String>
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
        var folders: Set<String> = []
        var last = Substring()
        for entry in library.entries {
            let path = entry.path
            guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path[..<slash] != last else { continue }
            last = path[..<slash]
            var rest = last.utf8
            while folders.insert(String(rest) ?? "").inserted, let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
                rest = rest[..<slash]
            }
        }
        self.folders = folders
        prefixes = tree.roots.filter { !$0.isEmpty }.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        unreadable = tree.files.lazy.map(\.path).filter { $0.utf8.last == UInt8(ascii: "/") }
    }

    // MARK: Paths

    private func checkPaths() {
        // Other checks have told of these, with more to say.
        let told = report.lines(of: [.missingIntegration, .missingFile])
        var missing: [(entry: Int, references: [PathReference])] = []
        for index in library.entries.indices {
            let paths = library.entries[index].parsed.paths
            guard paths.contains(where: { isMissing($0.path) }) else { continue }
            missing.append((index, paths.filter { isMissing($0.path) }))
        }
        guard !missing.isEmpty else { return }
        let neighbours = Neighbours(library, of: missing.flatMap { $0.references.map(\.path) })
        var hints: [String: String] = [:]
        for (index, references) in missing {
            let file = library.entries[index].path
            for (path, places) in Dictionary(grouping: references, by: \.path)
            where !told.contains("\(file):\(places[0].line)") {
                let hint = hints[path] ?? hint(for: path, neighbours)
                hints[path] = hint
                report.warning(
                    .danglingPath, "\(quoted(path)) is named here and is not there", at: places[0].mark(in: file),
                    hint: hint,
                    notes: [Diagnostic.Note("expected here", at: SourceMark(file: path, line: 1, column: 1))]
                        + places.dropFirst().map { Diagnostic.Note("named again", at: $0.mark(in: file)) })
            }
        }
    }

    /// Whether a path of this repository leads nowhere; what can't be decided is not missing.
    private func isMissing(_ path: String) -> Bool {
        if isPresent(path) || unreadable.contains(where: { path.hasPrefix($0) }) { return false }
        if prefixes.contains(where: { path.hasPrefix($0) }) { return tree.listing?.contains(path) != true }
        return tree.listing?.contains(path) == false
    }

    private func isPresent(_ path: String) -> Bool { library.holds(path) || folders.contains(path) }

    private func hint(for path: String, _ neighbours: Neighbours) -> String {
        let otherwise = "Add the file, or take the reference out."
        // The same path under another root: a root that was moved leaves such references behind.
        for root in tree.roots where path.hasPrefix(root + "/") {
            let relative = path.dropFirst(root.utf8.count + 1)
            for other in tree.roots where other != root && isPresent("\(other)/\(relative)") {
                return "It is at \(other)/\(relative) now: name that."
            }
        }
        let (folder, name) = Self.parts(of: path)
        if let same = neighbours.byName[name], same.count == 1 { return "Did you mean `\(same[0])`? \(otherwise)" }
        guard let meant = closest(to: name, among: neighbours.byFolder[folder] ?? []) else { return otherwise }
        return "Did you mean `\(folder)/\(meant)`?"
    }

    private static func parts(of path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    /// The files that could be meant by paths that lead nowhere.
    private struct Neighbours {
        private(set) var byName: [String: [String]] = [:]
        private(set) var byFolder: [String: [String]] = [:]

        init(_ library: Library, of paths: [String]) {
            for path in paths {
                let (folder, name) = CrossReferences.parts(of: path)
                byName[name] = []
                byFolder[folder] = []
            }
            for entry in library.entries {
                let (folder, name) = CrossReferences.parts(of: entry.path)
                if byName[name] != nil { byName[name]?.append(entry.path) }
                if byFolder[folder] != nil { byFolder[folder]?.append(name) }
            }
        }
    }

    // MARK: Names

    private func checkNames() {
        let secrets = DeclaredNames.secrets(library)
        let environments = DeclaredNames.environments(library)
        let repositories = DeclaredNames.repositories(library)
        let integrations = DeclaredNames.integrations(library)
        let bridges = DeclaredNames.bridges(library)
        // One wrong name often stands in many documents.
        var hints: [NameReference.Kind: [String: String]] = [:]
        for index in library.entries.indices {
            let file = library.entries[index].path
            for reference in library.entries[index].parsed.names {
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
                guard let declared, declared.file != file, !declared.names.contains(key),
                    !declared.aliases.contains(key)
                else { continue }
                let hint =
                    hints[reference.kind]?[key]
                    ?? didYouMean(
                        key, among: declared.names, else: "Add it to \(declared.file), or correct the name.")
                hints[reference.kind, default: [:]][key] = hint
                report.warning(
                    code, "the \(what) \(quoted(reference.name)) is named here, and \(declared.file) doesn't have it",
                    at: reference.mark(in: file),
                    hint: hint,
                    notes: [Diagnostic.Note("expected among these", at: declared.mark)])
            }
        }
    }
}
