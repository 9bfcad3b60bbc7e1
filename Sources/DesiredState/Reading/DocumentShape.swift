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
    static func find(in root: Node?, schemas: [String]) -> [Int] {
        var found = schemas.flatMap { bySchema[$0] ?? [] }
        for entry in root?.entries ?? [] {
            found += (byKey[entry.key] ?? []).filter { root.map(all[$0].hasMarks) == true }
        }
        return found.count < 2 ? found : Set(found).sorted()
    }

    /// Those of one format.
    static func only(_ shapes: [Int], isJSON: Bool) -> [Int] { shapes.filter { all[$0].isJSON == isJSON } }

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

    /// The last parts of the folders in which documents of any name stand.
    static let folderNames = Set(
        all.compactMap { shape in
            if case .folder(let path, _) = shape.home { FilePlaces.parts(of: path).name } else { nil }
        })

    /// Whether one may stand below a path of which it isn't known what it is: a link, or a submodule.
    func mayStand(below relative: String) -> Bool {
        switch home {
        case .file(let stem): return stem.hasPrefix(relative + "/")
        case .folder(let path, let isJSON):
            if path == relative || path.hasPrefix(relative + "/") { return true }
            // Deeper down YAML is read too; a link to a text among the documents is no folder.
            let ending = relative.split(separator: ".").last.map(String.init) ?? ""
            return !isJSON && relative.hasPrefix(path + "/") && !Self.texts.contains(ending)
        }
    }

    /// Endings of files that are no folders.
    private static let texts: Set<String> = [
        "md", "rst", "txt", "html", "pdf", "png", "svg", "csv", "sh", "py", "json",
    ]

    /// The endings under which a document may stand by mistake; empty for none.
    private static let endings: Set<String> = ["yaml", "yml", "json", "jsonc", "json5", ""]

    /// The first of `all` that a file would be under the right ending, at the place where it is; nil where it has it.
    static func misended(_ file: ParsedFile, at relative: String) -> Int? {
        let (folder, name) = FilePlaces.parts(of: relative)
        let dot = name.lastIndex(of: ".")
        let base = String(dot.map { name[..<$0] } ?? name[...])
        let ending = dot.map { name[name.index(after: $0)...].lowercased() } ?? ""
        guard !base.isEmpty, endings.contains(ending) else { return nil }
        let stem = folder.isEmpty ? base : "\(folder)/\(base)"
        // One that isn't parsed, or can't be, is known by its name; one without an ending may be anything else.
        let isClosed = file.root == nil && !ending.isEmpty
        return all.indices.first { index in
            let shape = all[index]
            guard !shape.hasEnding(relative) else { return false }
            switch shape.home {
            case .file(let own): return own == stem
            case .folder(let path, _): return path == folder && (isClosed || file.looks.contains(index))
            }
        }
    }

    private func hasEnding(_ relative: String) -> Bool {
        isJSON ? relative.hasSuffix(".json") : FilePlaces.stem(relative) != nil
    }

    /// The paths at which one with the right ending would stand beside a file.
    func namesakes(of path: String) -> [String] {
        let (folder, name) = FilePlaces.parts(of: path)
        let base = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
        return (isJSON ? ["json"] : ["yaml", "yml"]).map { "\(folder)/\(base).\($0)" }
    }

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
        return file.cause != nil && hasEnding(relative) && isNamed(relative) ? .keys : nil
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
            let misended = DocumentShape.misended(file, at: relative).flatMap { shape in
                // A copy in another format beside the document is none that was moved.
                DocumentShape.all[shape].namesakes(of: places.places[index].path)
                    .contains { places.byPath[$0] != nil } ? nil : shape
            }
            guard !file.shapes.isEmpty || file.cause != nil || misended != nil else { return nil }
            let found = (file.cause == nil ? file.shapes : Array(DocumentShape.all.indices)).compactMap { shape in
                DocumentShape.all[shape].likeness(file, at: relative, isFound: file.shapes.contains(shape))
                    .map { (shape: shape, likeness: $0) }
            }
            let bySchema = found.filter { $0.likeness == .schema }.map(\.shape)
            // Where it stands says better what it is than what it is called like.
            let others = misended.map { [$0] } ?? found.filter { $0.likeness != .schema }.map(\.shape)
            guard !(bySchema + others).isEmpty else { return nil }
            return StrayFile(index: index, shapes: bySchema + others, isBySchema: !bySchema.isEmpty)
        }
    }
}
