import Basics
import Formats

/// The files of a commit, parsed and put to the documents that they are.
struct Library {
    /// One file below a root.
    struct Entry {
        private let contents: Contents
        private let index: Int
        fileprivate(set) var status = Document.Status.notManaged
        fileprivate(set) var domain: String?
        /// Why nothing of it is read, although it could be parsed.
        fileprivate var refusal: Cause?

        fileprivate init(_ contents: Contents, _ index: Int) {
            self.contents = contents
            self.index = index
        }

        private var place: FilePlaces.Place { contents.files.places.places[index] }

        /// What it holds; whoever asks depends on it.
        var parsed: ParsedFile {
            contents.isRead[index] = true
            return contents.files.parsed[index]
        }

        /// Place of its root in the order of precedence.
        var rank: Int { place.rank }
        /// The path below the root.
        var relative: String { place.relative }
        var path: String { place.path }
        fileprivate var stem: String? { place.stem }
        var root: Node? { content.root }
        /// What readings see of it; whoever asks depends on it.
        var content: DocumentContent { DocumentContent(parsed, isRefused: refusal != nil) }
        /// Why nothing of it can be read; nil where it can.
        var cause: Cause? {
            let own = parsed.cause
            return refusal ?? own
        }
        var bytes: Int { parsed.bytes }
        var schema: String? { parsed.schema }
        /// Whether its last line has no end, as when it was cut off.
        var endsAbruptly: Bool { parsed.endsAbruptly }
    }

    /// The files, and into which of them somebody looked.
    fileprivate final class Contents {
        let files: CommitFiles
        var isRead: [Bool]

        init(_ files: CommitFiles) {
            self.files = files
            isRead = Array(repeating: false, count: files.parsed.count)
        }
    }

    /// Sorted by path.
    private(set) var entries: [Entry] = []
    private let contents: Contents
    let places: FilePlaces
    /// What was made of documents of commits before.
    let kept: KeptReadings
    /// The file that stands for each document, by the document's stem.
    private var managed: [String: Int] = [:]
    /// What is unknown when a document that was found is cut off.
    private var wants: [(index: Int, scopes: [UnknownScope.Extent])] = []
    /// The files that were found by their schema and not by their path, by the document for which each stands.
    private(set) var elsewhere: [String: Int] = [:]
    /// The documents that have a schema and stand at their own paths.
    private var inPlace: Set<String> = []
    /// The documents that have a schema and stand nowhere.
    private var missing: [ManagedDocument] = []
    /// The files that are not read because another one stands before them, in the order in which that was found.
    private(set) var shadowed: [ShadowedFiles.Pair] = []
    /// The files that nobody reads, and of which a slip in the path is the cause, as it seems.
    var misnamed: [MisnamedFiles.Pair] {
        places.misnamed.compactMap { index, document in
            guard entries[index].status == .notManaged, elsewhere[document] == nil else { return nil }
            return MisnamedFiles.Pair(file: entries[index].path, document: document)
        }
    }
    /// What may be a document of another place than that at which it stands; whether anybody reads it is another question.
    var strays: [StrayFile] { contents.files.strays }
    /// Files below none of the roots that may be documents which stand nowhere.
    let strayPaths: [StrayPath]
    /// The files that lie below no root.
    private let others: [String: SourceFile]

    init(_ files: CommitFiles, _ report: Report, kept: KeptReadings = KeptReadings(), strayPaths: [StrayPath] = []) {
        let contents = Contents(files)
        self.contents = contents
        places = files.places
        self.kept = kept
        self.strayPaths = strayPaths
        entries = files.parsed.indices.map { Entry(contents, $0) }
        others = Dictionary(files.others.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for document in ManagedDocument.all { managed[document.stem] = find(document, report) }
    }

    /// The roots that hold a file, in order of precedence.
    var roots: [String] { places.found }

    /// Which files somebody looked into.
    var read: [Int] { contents.isRead.indices.filter { contents.isRead[$0] } }

    /// Does something, and tells into which files it looked.
    func looking<Value>(_ body: () -> Value) -> (value: Value, read: [Int]) {
        let earlier = contents.isRead
        contents.isRead = Array(repeating: false, count: earlier.count)
        let value = body()
        let read = self.read
        for index in earlier.indices where earlier[index] { contents.isRead[index] = true }
        return (value, read)
    }

    /// What became of each file so far.
    var fates: [DomainReading.Fate] { entries.map { DomainReading.Fate(status: $0.status, domain: $0.domain) } }

    /// Distrusts documents that look as if what followed had been cut off.
    ///
    /// One that ends in the middle of a line and is faulty is unknown. One that ends so without a fault, or whose last
    /// entry is left incomplete, says what it says; only what it doesn't say is unknown, so nothing goes for that. Nor
    /// does anything of one that holds what nobody knows the place of.
    func distrustCutDocuments(_ report: Report) {
        let incomplete = report.lines(of: [.missingKey])
        // Hardly any document needs them; what is added meanwhile is said of other files.
        lazy var unfinished = report.lines(of: [.unfinished])
        for (index, scopes) in wants where !scopes.isEmpty && entries[index].cause == nil {
            let file = entries[index].path
            if let cause = report.distrusted[file] { for scope in scopes { report.keep(scope, cause) } }
            if entries[index].endsAbruptly {
                if let error = report.firstFault(in: entries[index]) {
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
                let line = last.lines.last ?? 1
                let reason = "\(file) ends with a key or an item that has no value, so more may have followed"
                let mark = SourceMark(file: file, line: line, column: 1)
                var cause = Cause(code: Code.unfinished.rawValue, reason: reason, mark: mark)
                // Of a key that a reader asked for that was told.
                if !unfinished.contains("\(file):\(line)") {
                    cause = report.warning(
                        .unfinished, reason, at: mark,
                        hint: "Write `[]` or `null` if nothing is missing. \(Self.nothingGoes)")
                }
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

    private static let nothingGoes = "Until then nothing goes because it isn't named."

    /// Lists a file as one that can't be read, so that what is wrong with it is a fault.
    mutating func markUnreadable(_ index: Int) { entries[index].status = .unreadable }

    /// The files that may stand for a folder in which nothing could be looked at; of the first root first.
    var closed: [Int] { contents.files.closed }

    /// Takes what a document that stands nowhere wants as unknown, where a file that nobody reads has no bytes: that may
    /// be the document, which would else count as gone.
    mutating func doubtHiddenDocuments(_ report: Report) {
        guard !missing.isEmpty else { return }
        for index in contents.files.withoutBytes where entries[index].domain == nil {
            guard let cause = entries[index].cause else { continue }
            entries[index].status = .unreadable
            for document in missing {
                let reason = "\(cause.reason); it may be \(document.stem).yaml, which stands nowhere else"
                for scope in document.scopes {
                    report.unknown(scope, Cause(code: cause.code, reason: reason, mark: cause.mark))
                }
            }
        }
    }

    /// The files that stand for the documents by which guards and environments are read, and those that were found by
    /// their schema alone, by document.
    var guards: [String: String] {
        let guards = ManagedDocument.guards.compactMap { document in
            self.document(document).map { (document.stem, $0.path) }
        }
        return Dictionary(guards + elsewhere.map { ($0.key, entries[$0.value].path) }) { first, _ in first }
    }

    /// The other documents that have a schema and stand at their own paths.
    var documentsInPlace: Set<String> { inPlace.subtracting(ManagedDocument.guards.map(\.stem)) }

    // MARK: Looking up

    /// The file that stands for a document; nil where the commit has none.
    func document(_ document: ManagedDocument) -> Entry? { managed[document.stem].map { entries[$0] } }

    /// The file that a document names: by its path, or by the part of the path that begins with a known folder.
    ///
    /// A tree that moved to another root still names its files by the old one.
    func find(_ path: String, beside folder: String) -> Entry? {
        if let found = entry(at: path) { return found }
        guard let range = path.firstRange(of: folder), let stem = FilePlaces.stem(String(path[range.lowerBound...]))
        else {
            return nil
        }
        return entry(under: stem)
    }

    /// A file below a root, by its path.
    func entry(at path: String) -> Entry? { places.byPath[path].map { entries[$0] } }

    /// The YAML file at a path below a root, without its ending; of several the one under the first root.
    func entry(under stem: String) -> Entry? { places.byStem[stem]?.first.map { entries[$0] } }

    /// The place of a file in `entries`, by its path.
    func index(at path: String) -> Int? { places.byPath[path] }

    /// The places in `entries` of the files whose paths begin with a text.
    func indices(with prefix: String) -> Range<Int> { places.places.range(with: prefix, \.path) }

    /// Any file that came with the commit, by its path; a secret in it is masked.
    func file(at path: String) -> SourceFile? { others[path]?.masked ?? entry(at: path)?.parsed.source }

    /// The paths of the files that lie below no root.
    var filesBeside: some Collection<String> { others.keys }

    /// Records which domain reads a file; the first stands.
    mutating func claim(_ index: Int, for domain: String) {
        if entries[index].status == .notManaged, entries[index].cause == nil { entries[index].status = .managed }
        if entries[index].domain == nil { entries[index].domain = domain }
    }

    /// The files of a folder below the roots, by name; of several with one name the one under the first root.
    mutating func take(folder: String, for domain: String, scopes: [UnknownScope.Extent]) -> [Entry] {
        var winners: [Int] = []
        for stem in places.stems[places.stems.range(with: folder + "/", \.self)]
        where !stem.dropFirst(folder.count + 1).contains("/") {
            var winner: Int?
            for index in places.byStem[stem] ?? [] where entries[index].domain == nil {
                entries[index].domain = domain
                if let winner {
                    shadow(index, by: winner)
                } else {
                    winner = index
                    winners.append(index)
                    if entries[index].cause == nil { entries[index].status = .managed }
                }
            }
        }
        winners.sort { (entries[$0].rank, $0) < (entries[$1].rank, $1) }
        wants += winners.map { ($0, scopes) }
        return winners.sorted().map { entries[$0] }
    }

    /// The JSON documents of some folders below the roots, sorted by their names; of several with one name the one
    /// under the first root.
    mutating func takeJSON(
        of folders: [String], for domain: String, scopes: [UnknownScope.Extent], _ report: Report
    ) -> [Entry] {
        var winners: [String: Int] = [:]
        for index in places.json {
            let relative = entries[index].relative
            guard
                folders.contains(where: { folder in
                    relative.hasPrefix(folder) && !relative.dropFirst(folder.utf8.count).contains("/")
                })
            else { continue }
            let name = String(relative.split(separator: "/").last ?? "")
            entries[index].domain = domain
            if let winner = winners[name] {
                shadow(index, by: winner)
                continue
            }
            winners[name] = index
            guard let cause = entries[index].cause else {
                entries[index].status = .managed
                continue
            }
            for scope in scopes { report.unknown(scope, cause) }
        }
        return winners.sorted { $0.key.precedesByBytes($1.key) }.map { entries[$0.value] }
    }

    private mutating func shadow(_ index: Int, by winner: Int) {
        entries[index].status = .shadowed
        shadowed.append(ShadowedFiles.Pair(file: entries[index].path, winner: entries[winner].path))
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
        places.stems[places.stems.range(with: folder + "/", \.self)].compactMap {
            take($0, domain: domain, scopes: scopes, report)
        }
    }

    /// By path first, by schema second; of several the one under the first root.
    private mutating func find(_ document: ManagedDocument, _ report: Report) -> Int? {
        let byStem = places.byStem
        var candidates = byStem[document.stem] ?? []
        for stem in document.otherStems { candidates += byStem[stem] ?? [] }
        let ownVersions = files(of: document.schemas, besides: candidates)
        // One of a version that nobody reads counts where there is no other: else what it wants would be wanted no more.
        let others = ownVersions.isEmpty && candidates.isEmpty ? files(of: strangeVersions(of: document)) : ownVersions
        guard let winner = candidates.first ?? others.first else {
            if !document.schemas.isEmpty { missing.append(document) }
            return nil
        }
        if candidates.isEmpty {
            elsewhere[document.stem] = winner
        } else if !document.schemas.isEmpty {
            inPlace.insert(document.stem)
        }
        wants.append((winner, document.scopes))
        if let schema = entries[winner].schema, document.isStrangeVersion(schema), entries[winner].cause == nil {
            entries[winner].refusal = refuse(entries[winner], schema, document, report)
        }
        entries[winner].status = entries[winner].cause == nil ? .managed : .unreadable
        entries[winner].domain = document.domain
        if entries[winner].refusal != nil {
            // That the version is not read says all there is to say of its schema.
        } else if candidates.isEmpty {
            report.note(
                .elsewhere,
                "\(entries[winner].path) is \(entries[winner].cause == nil ? "read as" : "taken for") \(document.stem).yaml, "
                    + "because its schema says so",
                at: SourceMark(file: entries[winner].path, line: 1, column: 1),
                hint: "Move it to \(document.stem).yaml below a root, so that its place says what it is.")
        } else {
            checkSchema(of: entries[winner], document, report)
        }
        for index in candidates.dropFirst() + (candidates.isEmpty ? others.dropFirst() : others[...]) {
            entries[index].domain = document.domain
            shadow(index, by: winner)
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

    /// The files at no path that a document is known by that have one of some schemas, those of the first root first.
    private func files(of schemas: [String], besides others: [Int] = []) -> [Int] {
        guard !schemas.isEmpty else { return [] }
        return schemas.flatMap { contents.files.bySchema[$0] ?? [] }.filter { !others.contains($0) }
            .sorted { (entries[$0].rank, $0) < (entries[$1].rank, $1) }
    }

    /// The versions of a document that files are written in and nobody reads, sorted.
    private func strangeVersions(of document: ManagedDocument) -> [String] {
        Set(document.schemas.compactMap { ManagedDocument.family(of: $0) })
            .flatMap { contents.files.versions[$0] ?? [] }
            .filter { document.isStrangeVersion($0) }.sorted { $0.precedesByBytes($1) }
    }

    private func refuse(
        _ entry: Entry, _ schema: String, _ document: ManagedDocument, _ report: Report
    ) -> Cause {
        let known = alternatives(document.schemas)
        return report.error(
            .unknownVersion, "\(entry.path) is of the version \(quoted(schema)), and this program reads \(known)",
            at: (entry.parsed.root?["schema"]?.value ?? entry.parsed.root)?.mark(in: entry.path),
            hint: "Write it as \(document.schemas.first ?? "") wants it, or run a program that reads this version; "
                + "until then what it says is unknown.")
    }

    private func checkSchema(of entry: Entry, _ document: ManagedDocument, _ report: Report) {
        guard let canonical = document.schemas.first, let written = entry.root?["schema"]?.value else { return }
        let mark = written.mark(in: entry.path)
        guard let schema = written.scalar?.value.stringValue else {
            report.warning(
                .wrongType, "`schema` of \(entry.path) is \(written.shapeName) where a text is needed", at: mark,
                hint: "Write `schema: \(canonical)`.")
            return
        }
        guard !document.schemas.contains(schema) else { return }
        report.warning(
            .otherSchema, "\(entry.path) has the schema \(quoted(schema)), but is read as \(canonical)", at: mark,
            hint: "Write `schema: \(canonical)`, or move the file.")
    }
}
