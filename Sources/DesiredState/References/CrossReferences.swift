import Basics
import Formats

/// Resolves what documents name in each other, and tells what leads nowhere.
struct CrossReferences {
    /// What a reference may lead to.
    struct Ground: Sendable {
        let places: FilePlaces
        let declared: DeclaredNames.All
        /// Of which other checks have told, with more to say.
        let told: Set<String>
        let listing: PathListing?
        /// Folders that could not be read: what lies in them is unknown.
        let unreadable: [String]

        init(_ files: CommitFiles, _ domains: DomainReading, _ tree: SourceTree) {
            places = files.places
            declared = domains.declared
            told = domains.told
            listing = tree.listing
            unreadable = tree.files.lazy.map(\.path).filter { $0.utf8.last == UInt8(ascii: "/") }
        }

        /// Whether another check has told of a line.
        func hasTold(of line: Int32, in file: String) -> Bool { told.contains("\(file):\(line)") }

        func isSame(as other: Ground) -> Bool {
            places.isSame(as: other.places) && declared == other.declared && told == other.told
                && unreadable == other.unreadable && listing == other.listing
        }
    }

    private let ground: Ground
    private let places: FilePlaces
    /// The configured roots with a final slash: all that lies below them came with the tree.
    private let prefixes: [String]

    init(_ ground: Ground) {
        self.ground = ground
        places = ground.places
        prefixes = places.roots.filter { !$0.isEmpty }.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    }

    /// What leads nowhere in each of some files, in any order.
    func check(_ files: [ParsedFile]) -> [[Diagnostic]] {
        zip(checkPaths(files), checkNames(files)).map { $0 + $1 }
    }

    // MARK: Paths

    private func checkPaths(_ files: [ParsedFile]) -> [[Diagnostic]] {
        var known: [String: Bool] = [:]
        func isGone(_ path: String) -> Bool {
            if let isMissing = known[path] { return isMissing }
            let isMissing = isMissing(path)
            known[path] = isMissing
            return isMissing
        }
        let missing = files.map { file in
            file.paths.compactMap { reference -> (path: String, reference: PathReference)? in
                let targets = reference.targets(from: file.source.path)
                guard let first = targets.first, targets.allSatisfy(isGone) else { return nil }
                return (first, reference)
            }
        }
        guard missing.contains(where: { !$0.isEmpty }) else { return files.map { _ in [] } }
        var hints: [String: String] = [:]
        return zip(files, missing).map { file, references in
            guard !references.isEmpty else { return [] }
            let file = file.source.path
            return Dictionary(grouping: references, by: \.path).compactMap { path, again in
                guard let first = again.first?.reference, !ground.hasTold(of: first.line, in: file) else { return nil }
                var hint = hints[path] ?? hint(for: path)
                hints[path] = hint
                // Nobody means the document itself by what it names.
                if hint.contains("`\(file)`") { hint = self.hint(for: path, namedIn: file) }
                return Diagnostic(
                    .warning, Code.danglingPath.rawValue, "\(quoted(path)) is named here and is not there",
                    at: first.mark(in: file), hint: hint,
                    notes: [Diagnostic.Note("expected here", at: SourceMark(file: path, line: 1, column: 1))]
                        + again.dropFirst().map { Diagnostic.Note("named again", at: $0.reference.mark(in: file)) })
            }
        }
    }

    /// Whether a path of this repository leads nowhere; what can't be decided is not missing.
    private func isMissing(_ path: String) -> Bool {
        if places.contains(path) || ground.unreadable.contains(where: { path.hasPrefix($0) }) { return false }
        if prefixes.contains(where: { path.hasPrefix($0) }) { return ground.listing?.contains(path) != true }
        return ground.listing?.contains(path) == false
    }

    private func hint(for path: String, namedIn file: String? = nil) -> String {
        let otherwise = "Add the file, or take the reference out."
        // The same path under another root: a root that was moved leaves such references behind.
        for root in places.roots where path.hasPrefix(root + "/") {
            let relative = path.dropFirst(root.utf8.count + 1)
            for other in places.roots where other != root && places.contains("\(other)/\(relative)") {
                return "It is at \(other)/\(relative) now: name that."
            }
        }
        let (folder, name) = FilePlaces.parts(of: path)
        let same = (places.byName[name] ?? []).map { places.places[$0].path }.filter { $0 != file }
        if same.count == 1 { return "Did you mean `\(same[0])`? \(otherwise)" }
        let others = (places.namesByFolder[folder] ?? []).filter { "\(folder)/\($0)" != file }
        guard let meant = closest(to: name, among: others) else { return otherwise }
        return "Did you mean `\(folder)/\(meant)`?"
    }

    // MARK: Names

    private func checkNames(_ files: [ParsedFile]) -> [[Diagnostic]] {
        // One wrong name often stands in many documents.
        var hints: [NameReference.Kind: [String: String]] = [:]
        let modules = files.contains { $0.names.contains { $0.kind.isModule } } ? ModuleFolders(ground) : nil
        return files.map { parsed in
            let file = parsed.source.path
            return parsed.names.compactMap { reference in
                if reference.kind.isModule {
                    return ground.hasTold(of: reference.line, in: file) ? nil : modules?.check(reference, in: file)
                }
                let all = ground.declared
                let (declared, code, what): (DeclaredNames?, Code, String) =
                    switch reference.kind {
                    case .secret: (all.secrets, .unknownSecret, "secret")
                    case .environment: (all.environments, .unknownEnvironmentName, "environment")
                    case .repository: (all.repositories, .unknownRepository, "repository of modules")
                    case .integration: (all.integrations, .unknownIntegration, "integration")
                    case .bridge: (all.bridges, .unknownBridge, "bridge")
                    case .module, .moduleOfOCA: (nil, .unknownModule, "module")
                    }
                let isOfOCA = reference.kind == .repository && reference.name.hasPrefix("OCA/")
                let key = isOfOCA ? String(reference.name.dropFirst(4)) : reference.name
                // Nearly every name is declared: only of the others it matters who has told of them.
                guard let declared, declared.file != file, !declared.names.contains(key),
                    !declared.aliases.contains(key), !ground.hasTold(of: reference.line, in: file)
                else { return nil }
                let hint =
                    hints[reference.kind]?[key]
                    ?? didYouMean(
                        key, among: declared.names, else: "Add it to \(declared.file), or correct the name.")
                hints[reference.kind, default: [:]][key] = hint
                return Diagnostic(
                    .warning, code.rawValue,
                    "the \(what) \(quoted(reference.name)) is named here, and \(declared.file) doesn't have it",
                    at: reference.mark(in: file), hint: hint,
                    notes: [Diagnostic.Note("expected among these", at: declared.mark)])
            }
        }
    }
}
