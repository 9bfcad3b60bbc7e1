import Basics
import Formats

/// The files of a commit, parsed and put to the documents that they are.
struct Library {
    /// One file below a root.
    struct Entry {
        /// Place of its root in the order of precedence.
        let rank: Int
        /// The path below the root.
        let relative: String
        let parsed: ParsedFile
        var status = Document.Status.notManaged
        var domain: String?

        init(rank: Int, relative: String, _ parsed: ParsedFile) {
            self.rank = rank
            self.relative = relative
            self.parsed = parsed
        }

        var path: String { parsed.source.path }
        var root: Node? { parsed.root }
        /// Why nothing of it can be read; nil where it can.
        var cause: Cause? { parsed.cause }
        var bytes: Int { parsed.bytes }
        var schema: String? { parsed.schema }
        /// Whether its last line has no end, as when it was cut off.
        var endsAbruptly: Bool { parsed.endsAbruptly }
    }

    /// Sorted by path.
    private(set) var entries: [Entry] = []
    /// The roots that hold a file, in order of precedence.
    let roots: [String]
    /// The file that stands for each document, by the document's stem.
    private var managed: [String: Int] = [:]
    /// What is unknown when a document that was found is cut off.
    private var wants: [(index: Int, scopes: [UnknownScope.Extent])] = []
    /// The YAML files by their path below a root without its ending, and by their schema; of the first root first.
    private var byStem: [String: [Int]] = [:]
    private var bySchema: [String: [Int]] = [:]
    private let indexByPath: [String: Int]
    /// The files that lie below no root.
    private let others: [String: SourceFile]

    init(_ tree: SourceTree, _ report: Report, _ cache: DocumentCache) {
        let policiesRoot = tree.roots.firstIndex(of: ".odooops") ?? tree.roots.count
        let prefixes = tree.roots.map { $0.hasSuffix("/") || $0.isEmpty ? $0 : $0 + "/" }
        var places: [(rank: Int, relative: String)] = []
        var below: [SourceFile] = []
        var others: [String: SourceFile] = [:]
        for file in Self.inOrder(tree.files) {
            var place = Self.place(of: file.path, below: prefixes)
            // The policies belong to the repository, whatever the roots of the SSOT are.
            if file.path.hasPrefix(".odooops/") { place = (policiesRoot, file.path) }
            if Self.beside.contains(file.path) { place = place ?? (tree.roots.count + 1, file.path) }
            if let place {
                places.append(place)
                below.append(file)
            } else {
                others[file.path] = file
            }
        }
        let parsed = cache.parsed(below)
        let entries = zip(places, parsed).map { Entry(rank: $0.rank, relative: $0.relative, $1) }
        for file in parsed where !file.diagnostics.isEmpty { report.add(file.diagnostics) }
        self.entries = entries
        self.others = others
        roots = Set(places.map(\.rank)).subtracting([tree.roots.count + 1]).sorted().map {
            $0 < tree.roots.count ? tree.roots[$0] : ".odooops"
        }
        indexByPath = Dictionary(
            entries.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
        for index in entries.indices.sorted(by: { (entries[$0].rank, $0) < (entries[$1].rank, $1) }) {
            guard let stem = Self.stem(entries[index].relative) else { continue }
            byStem[stem, default: []].append(index)
            if let schema = entries[index].schema, !Self.stems.contains(stem) {
                bySchema[schema, default: []].append(index)
            }
        }
        for document in ManagedDocument.all { managed[document.stem] = find(document, report) }
        for index in self.entries.indices
        where self.entries[index].cause != nil && self.entries[index].status == .notManaged {
            self.entries[index].status = .unreadable
        }
    }

    /// Distrusts documents that look as if what followed had been cut off.
    ///
    /// One that ends in the middle of a line and is faulty is unknown. One that ends so without a fault, or whose last
    /// entry is left incomplete, says what it says; only what it doesn't say is unknown, so nothing goes for that.
    func distrustCutDocuments(_ report: Report) {
        let incomplete = report.lines(of: [.missingKey])
        for (index, scopes) in wants where !scopes.isEmpty && entries[index].cause == nil {
            let file = entries[index].path
            if entries[index].endsAbruptly {
                if let error = report.firstFault(in: file) {
                    let reason = "the file ends in the middle of a line and has a fault: \(error.message)"
                    let cause = Cause(code: error.code, reason: reason, mark: error.mark)
                    for scope in scopes { report.unknown(scope, cause) }
                } else {
                    let cause = report.warning(
                        .unfinished, "\(file) ends in the middle of a line, so more may have followed",
                        at: entries[index].parsed.end,
                        hint: "End it with a line break if nothing is missing. \(Self.nothingGoes)")
                    for scope in scopes { report.keep(scope, cause) }
                }
            } else if let last = entries[index].parsed.ending, last.isEmpty {
                let cause = report.warning(
                    .unfinished, "\(file) ends with a key or an item that has no value, so more may have followed",
                    at: SourceMark(file: file, line: last.lines.last ?? 1, column: 1),
                    hint: "Write `[]` or `null` if nothing is missing. \(Self.nothingGoes)")
                for scope in scopes { report.keep(scope, cause) }
            } else if !entries[index].parsed.endsWithBracket,
                let line = entries[index].parsed.ending?.lines.first(where: {
                    incomplete.contains("\(file):\($0)")
                })
            {
                let cause = Cause(
                    code: Code.missingKey.rawValue,
                    reason: "the last entry of \(file) is incomplete, so more may have followed",
                    mark: SourceMark(file: file, line: line, column: 1))
                for scope in scopes { report.keep(scope, cause) }
            }
        }
    }

    /// Documents that stand beside the roots, wherever these are.
    private static let beside: Set<String> = [".odooops.yaml", GateDocuments.subdomainRegistry]

    private static let nothingGoes = "Until then nothing goes because it isn't named."

    // MARK: Looking up

    /// The file that stands for a document; nil where the commit has none.
    func document(_ document: ManagedDocument) -> Entry? { managed[document.stem].map { entries[$0] } }

    /// The file that a document names: by its path, or by the part of the path that begins with a known folder.
    ///
    /// A tree that moved to another root still names its files by the old one.
    func find(_ path: String, beside folder: String) -> Entry? {
        if let found = entry(at: path) { return found }
        guard let range = path.firstRange(of: folder), let stem = Self.stem(String(path[range.lowerBound...])) else {
            return nil
        }
        return entry(under: stem)
    }

    /// A file below a root, by its path.
    func entry(at path: String) -> Entry? { indexByPath[path].map { entries[$0] } }

    /// Whether a file below a root has that path.
    func holds(_ path: String) -> Bool { indexByPath[path] != nil }

    /// The YAML file at a path below a root, without its ending; of several the one under the first root.
    func entry(under stem: String) -> Entry? { byStem[stem]?.first.map { entries[$0] } }

    /// Any file that came with the commit, by its path.
    func file(at path: String) -> SourceFile? { others[path] ?? entry(at: path)?.parsed.source }

    /// Records which domain reads a file; the first stands.
    mutating func claim(_ path: String, for domain: String) {
        guard let index = indexByPath[path] else { return }
        if entries[index].status == .notManaged { entries[index].status = .managed }
        if entries[index].domain == nil { entries[index].domain = domain }
    }

    /// The files of a folder below the roots, by name; of several with one name the one under the first root.
    mutating func take(
        folder: String, for domain: String, scopes: [UnknownScope.Extent], _ report: Report
    ) -> [Entry] {
        var winners: [String: Int] = [:]
        for index in entries.indices.sorted(by: { entries[$0].rank < entries[$1].rank }) {
            guard let stem = Self.stem(entries[index].relative), stem.hasPrefix(folder + "/"),
                !stem.dropFirst(folder.count + 1).contains("/"), entries[index].domain == nil
            else { continue }
            entries[index].domain = domain
            if let winner = winners[stem] {
                shadow(index, by: winner, report)
            } else {
                winners[stem] = index
                wants.append((index, scopes))
                if entries[index].cause == nil { entries[index].status = .managed }
            }
        }
        return winners.values.sorted().map { entries[$0] }
    }

    private mutating func shadow(_ index: Int, by winner: Int, _ report: Report) {
        entries[index].status = .shadowed
        report.note(
            .shadowed, "\(entries[index].path) is not read: \(entries[winner].path) stands before it",
            at: SourceMark(file: entries[index].path, line: 1, column: 1),
            hint: "Remove one of the two, or change the order of the roots.",
            notes: [
                Diagnostic.Note("this one is read", at: SourceMark(file: entries[winner].path, line: 1, column: 1))
            ])
    }

    /// By path bytes; a tree of git's is so already.
    private static func inOrder(_ files: [SourceFile]) -> [SourceFile] {
        let isInOrder = zip(files, files.dropFirst()).allSatisfy { $0.path.precedesByBytes($1.path) }
        return isInOrder ? files : files.sorted { $0.path.precedesByBytes($1.path) }
    }

    /// The longest root that a path lies below, with what follows it; roots end with a slash or are empty.
    private static func place(of path: String, below prefixes: [String]) -> (rank: Int, relative: String)? {
        var best: (rank: Int, length: Int)?
        for (rank, prefix) in prefixes.enumerated()
        where path.utf8.starts(with: prefix.utf8) && prefix.utf8.count > best?.length ?? -1 {
            best = (rank, prefix.utf8.count)
        }
        return best.flatMap { best in String(path.utf8.dropFirst(best.length)).map { (best.rank, $0) } }
    }

    // MARK: Which file is which document

    /// Finds a document that no table lists, like one that it does.
    ///
    /// The scopes are what is unknown when nothing of it can be read.
    mutating func take(
        _ stem: String, schema: String? = nil, domain: String, scopes: [UnknownScope.Extent], _ report: Report
    ) -> Entry? {
        let schemas = schema.map { [$0] } ?? []
        return find(ManagedDocument(stem, schemas: schemas, domain: domain, scopes: scopes), report).map { entries[$0] }
    }

    /// Finds all documents of a folder below a root, at any depth, sorted by that path.
    mutating func take(
        below folder: String, domain: String, scopes: [UnknownScope.Extent], _ report: Report
    ) -> [Entry] {
        let prefix = folder + "/"
        let stems = byStem.keys.filter { $0.utf8.starts(with: prefix.utf8) }
        return stems.sorted { $0.precedesByBytes($1) }.compactMap {
            take($0, domain: domain, scopes: scopes, report)
        }
    }

    /// By path first, by schema second; of several the one under the first root.
    private mutating func find(_ document: ManagedDocument, _ report: Report) -> Int? {
        let candidates = (byStem[document.stem] ?? []) + document.otherStems.flatMap { byStem[$0] ?? [] }
        let others = document.schemas.flatMap { bySchema[$0] ?? [] }.filter { !candidates.contains($0) }
            .sorted { (entries[$0].rank, $0) < (entries[$1].rank, $1) }
        guard let winner = candidates.first ?? others.first else { return nil }
        wants.append((winner, document.scopes))
        entries[winner].status = entries[winner].cause == nil ? .managed : .unreadable
        entries[winner].domain = document.domain
        if candidates.isEmpty {
            report.note(
                .elsewhere, "\(entries[winner].path) is read as \(document.stem).yaml, because its schema says so",
                at: SourceMark(file: entries[winner].path, line: 1, column: 1),
                hint: "Move it to \(document.stem).yaml below a root, so that its place says what it is.")
        } else {
            checkSchema(of: entries[winner], document, report)
        }
        for index in candidates.dropFirst() + (candidates.isEmpty ? others.dropFirst() : others[...]) {
            entries[index].domain = document.domain
            shadow(index, by: winner, report)
        }
        if var cause = entries[winner].cause {
            // Of an empty file the parser only warns; where something is wanted from it, that is a fault.
            if cause.code == "FMT-0009" {
                cause = report.error(
                    .emptyDocument, "\(entries[winner].path) holds nothing, so what it wants is unknown",
                    at: cause.mark,
                    hint: "Write what is wanted, or an empty list where nothing is; or remove the file.")
            }
            for scope in document.scopes { report.unknown(scope, cause) }
        }
        return winner
    }

    private func checkSchema(of entry: Entry, _ document: ManagedDocument, _ report: Report) {
        guard let schema = entry.schema, schema.hasPrefix("ssot.") || schema.hasPrefix("odooops."),
            let canonical = document.schemas.first, !document.schemas.contains(schema)
        else { return }
        report.warning(
            .otherSchema, "\(entry.path) has the schema \(quoted(schema)), but is read as \(canonical)",
            at: entry.root?["schema"]?.value.mark(in: entry.path),
            hint: "Write `schema: \(canonical)`, or move the file.")
    }

    private static let stems = Set(ManagedDocument.all.flatMap { [$0.stem] + $0.otherStems })

    /// A path without `.yaml` or `.yml`; nil for other files.
    private static func stem(_ path: String) -> String? {
        if path.hasSuffix(".yaml") { return String(path.dropLast(5)) }
        return path.hasSuffix(".yml") ? String(path.dropLast(4)) : nil
    }
}

extension ParsedFile {
    /// The lines at which the last entries begin, from the outermost to the innermost, and whether that one is empty.
    fileprivate var ending: (lines: [Int], isEmpty: Bool)? {
        guard var node = root else { return nil }
        var lines: [Int] = []
        while true {
            lines.append(Int(node.line))
            switch node.content {
            case .scalar(let scalar): return (lines, scalar.isPlain && scalar.text.isEmpty)
            case .list(let items):
                guard let last = items.last else { return (lines, false) }
                node = last
            case .map(let entries):
                guard let last = entries.last else { return (lines, false) }
                lines.append(Int(last.keyLine))
                node = last.value
            }
        }
    }

    /// Whether its last line closes braces or brackets: then nothing of that line was cut off.
    fileprivate var endsWithBracket: Bool {
        guard case .bytes(let bytes) = source.content,
            let last = bytes.last(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") })
        else { return false }
        return last == UInt8(ascii: "}") || last == UInt8(ascii: "]")
    }
}
