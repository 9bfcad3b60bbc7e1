import Basics

/// The files of one commit: where they lie, and each parsed.
struct CommitFiles: Sendable {
    let places: FilePlaces
    /// One a place.
    let parsed: [ParsedFile]
    /// The YAML files at no path that a document is known by, by their schema; of the first root first.
    ///
    /// One that can't be parsed stands under every schema that its lines name.
    let bySchema: [String: [Int]]
    /// The schemas of these files that end with a version, by what stands before it.
    let versions: [Substring: [String]]
    /// The YAML files at no such path of which there are no bytes, so that they may be any document; likewise.
    let withoutBytes: [Int]
    /// The other files of which there are no bytes: each may stand for a folder with documents in it; likewise.
    let closed: [Int]
    /// What may be a document of another place than that at which it stands; likewise.
    let strays: [StrayFile]
    /// The files that lie below no root.
    let others: [SourceFile]
    /// How many had to be parsed.
    let parses: Int

    /// Reads a commit; of another one, read before, is taken what is the same.
    init(_ tree: SourceTree, _ before: CommitFiles?) {
        let files = tree.files
        let same = before.flatMap { $0.places.fit(files, tree.roots) ? $0 : nil }
        let places = same?.places ?? FilePlaces(files, tree.roots)
        var parses = 0
        var (isSameSchema, isSameShape) = (true, true)
        if let same {
            parsed = zip(places.below, same.parsed).map { index, known in
                if known.source.isSame(as: files[index]) { return known }
                parses += 1
                let parsed = ParsedFile(files[index])
                isSameSchema = isSameSchema && parsed.schemas == known.schemas
                isSameShape =
                    isSameShape && parsed.looks == known.looks && (parsed.cause == nil) == (known.cause == nil)
                return parsed
            }
        } else {
            let known = Dictionary(
                (before?.parsed ?? []).map { ($0.source.path, $0) }, uniquingKeysWith: { first, _ in first })
            parsed = places.below.map { index in
                if let known = known[files[index].path], known.source.isSame(as: files[index]) { return known }
                parses += 1
                return ParsedFile(files[index])
            }
        }
        self.places = places
        self.parses = parses
        if let same, isSameSchema {
            (bySchema, versions) = (same.bySchema, same.versions)
        } else {
            bySchema = Self.bySchema(places, parsed)
            versions = Dictionary(grouping: bySchema.keys) { ManagedDocument.family(of: $0) ?? "" }
        }
        withoutBytes = Self.withoutBytes(places, parsed)
        closed = Self.closed(places, parsed)
        // What a file may be follows from its place, its shapes and its schemas.
        strays = same.flatMap { isSameSchema && isSameShape ? $0.strays : nil } ?? StrayFile.find(places, parsed)
        others = places.beside.map { files[$0] }
    }

    private static func bySchema(_ places: FilePlaces, _ parsed: [ParsedFile]) -> [String: [Int]] {
        var bySchema: [String: [Int]] = [:]
        for index in places.byPrecedence {
            let schemas = parsed[index].schemas
            guard !schemas.isEmpty, let stem = places.places[index].stem, !ManagedDocument.stems.contains(stem) else {
                continue
            }
            for schema in schemas { bySchema[schema, default: []].append(index) }
        }
        return bySchema
    }

    private static func closed(_ places: FilePlaces, _ parsed: [ParsedFile]) -> [Int] {
        places.byPrecedence.filter { parsed[$0].isWithoutBytes && places.places[$0].stem == nil }
    }

    private static func withoutBytes(_ places: FilePlaces, _ parsed: [ParsedFile]) -> [Int] {
        places.byPrecedence.filter { index in
            guard parsed[index].isWithoutBytes, let stem = places.places[index].stem else { return false }
            return !ManagedDocument.stems.contains(stem)
        }
    }
}

extension SourceFile {
    /// Whether two files are known to be the same, bytes and all.
    func isSame(as other: SourceFile) -> Bool {
        guard let objectID, !objectID.isEmpty, objectID == other.objectID, path == other.path else { return false }
        guard case .bytes = content, case .bytes = other.content else { return false }
        return true
    }
}
