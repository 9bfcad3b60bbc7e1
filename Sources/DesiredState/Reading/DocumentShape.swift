import Formats

/// By what a document is known that stands at another place than its own.
///
/// A document that is found by its path alone would count as gone where it was moved, or its folder renamed, and with it
/// all that it wants.
struct DocumentShape: Sendable {
    /// Where it should stand, below a root.
    enum Home: Sendable {
        /// One path, without `.yaml`.
        case file(String)
        /// Any name in a folder, whose path has no slash at its end.
        case folder(String, isJSON: Bool = false)
    }

    let home: Home
    /// What its `schema` may say.
    let schemas: [String]
    /// Paths of keys that it has; `*` is any key of a mapping, or any item of a list.
    let marks: [[String]]
    /// How much those keys say of it.
    let evidence: Evidence
    /// Of what nothing goes while it isn't read.
    let kinds: [UnknownScope.Extent]

    /// How much its keys say of a document.
    enum Evidence {
        /// All, whatever its name.
        case whole
        /// Something, together with its name.
        case name
        /// Little: its name has to stand in a folder of nearly the right name.
        case folderAndName
    }

    /// The parts of each mark are parted by points.
    init(
        _ home: Home, schemas: [String] = [], marks: [String], _ evidence: Evidence = .name,
        kinds: [UnknownScope.Extent]
    ) {
        self.home = home
        self.schemas = schemas
        self.marks = marks.map { $0.split(separator: ".").map(String.init) }
        self.evidence = evidence
        self.kinds = kinds
    }

    /// How its place is named in what is told.
    var place: String {
        switch home {
        case .file(let stem): "\(stem).yaml"
        case .folder(let path, let isJSON): "\(path)/<name>.\(isJSON ? "json" : "yaml")"
        }
    }

    private var isJSON: Bool { if case .folder(_, true) = home { true } else { false } }

    // MARK: What a file holds

    /// The places in `all` of what a file may be by what it holds, or by what its lines name where it can't be parsed.
    static func find(in root: Node?, schemas: [String], isJSON: Bool) -> [Int] {
        var found = schemas.flatMap { bySchema[$0] ?? [] }
        for entry in root?.entries ?? [] {
            found += (byKey[entry.key] ?? []).filter { root.map(all[$0].hasMarks) == true }
        }
        found = found.filter { all[$0].isJSON == isJSON }
        return found.count < 2 ? found : Set(found).sorted()
    }

    private static let bySchema = places { $0.schemas }
    /// By the first key of their first mark.
    private static let byKey = places { $0.marks.first?.first.map { [$0] } ?? [] }

    private static func places(by texts: (DocumentShape) -> [String]) -> [String: [Int]] {
        var places: [String: [Int]] = [:]
        for (index, shape) in all.enumerated() { for text in texts(shape) { places[text, default: []].append(index) } }
        return places
    }

    private func hasMarks(_ root: Node) -> Bool { marks.allSatisfy { Self.has($0[...], root) } }

    private static func has(_ path: ArraySlice<String>, _ node: Node) -> Bool {
        guard let key = path.first else { return true }
        let rest = path.dropFirst()
        guard key == "*" else { return node[key].map { has(rest, $0.value) } == true }
        return node.entries?.contains { has(rest, $0.value) } == true
            || node.items?.contains { has(rest, $0) } == true
    }

    // MARK: Where a file stands

    /// How sure it is that a file is one of these.
    enum Likeness {
        /// It holds what they hold, or has their name and can't be read.
        case keys
        case schema
    }

    /// How sure it is that a file is one of these; nil where it is none.
    ///
    /// It takes the file's path below a root, and whether `find` names this one.
    func likeness(_ file: ParsedFile, at relative: String, isFound: Bool) -> Likeness? {
        if isFound {
            if schemas.contains(where: file.schemas.contains) { return .schema }
            return evidence == .whole || isNamed(relative) ? .keys : nil
        }
        let fits = isJSON ? relative.hasSuffix(".json") : FilePlaces.stem(relative) != nil
        return file.cause != nil && fits && isNamed(relative) ? .keys : nil
    }

    /// Whether a path has nearly the name of this one, or leads through a folder of nearly its name; or both.
    private func isNamed(_ relative: String) -> Bool {
        let (folder, file) = FilePlaces.parts(of: relative)
        switch home {
        case .file(let stem):
            let (ownFolder, name) = FilePlaces.parts(of: stem)
            guard let own = FilePlaces.stem(file), closest(to: own, among: [name]) != nil else { return false }
            let folders = ownFolder.split(separator: "/").map(String.init)
            return evidence != .folderAndName
                || folder.split(separator: "/").contains { closest(to: String($0), among: folders) != nil }
        case .folder(let path, _):
            let name = FilePlaces.parts(of: path).name
            return folder.split(separator: "/").contains { closest(to: String($0), among: [name]) != nil }
        }
    }
}

/// A file that may be a document of another place, by what it holds.
struct StrayFile: Equatable, Sendable {
    /// Its place among the files.
    let index: Int
    /// The places in `DocumentShape.all` of what it may be, the likest first.
    let shapes: [Int]
    /// Whether the first of them is so by its schema.
    let isBySchema: Bool

    /// Those among the files of a commit, of the first root first; they are strays only where nobody reads them.
    static func find(_ places: FilePlaces, _ parsed: [ParsedFile]) -> [StrayFile] {
        places.byPrecedence.compactMap { index in
            let (file, relative) = (parsed[index], places.places[index].relative)
            guard !file.shapes.isEmpty || file.cause != nil else { return nil }
            let found = (file.cause == nil ? file.shapes : Array(DocumentShape.all.indices)).compactMap { shape in
                DocumentShape.all[shape].likeness(file, at: relative, isFound: file.shapes.contains(shape))
                    .map { (shape: shape, likeness: $0) }
            }
            guard !found.isEmpty else { return nil }
            let bySchema = found.filter { $0.likeness == .schema }
            return StrayFile(
                index: index, shapes: (bySchema + found.filter { $0.likeness != .schema }).map(\.shape),
                isBySchema: !bySchema.isEmpty)
        }
    }
}
