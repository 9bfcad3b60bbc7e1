import Basics

/// Where the files of a commit lie below the roots.
///
/// It follows from their paths alone, so nearly every commit shares that of the one before.
final class FilePlaces: Sendable {
    /// One file below a root.
    struct Place: Sendable {
        let path: String
        /// Place of its root in the order of precedence.
        let rank: Int
        /// The path below the root.
        let relative: String
        /// The same without `.yaml` or `.yml`; nil for other files.
        let stem: String?
        /// Who looks into it though nothing is wanted from it by itself; nil where nobody does.
        let consultedBy: String?

        init(path: String, rank: Int, relative: String, stem: String?) {
            self.path = path
            self.rank = rank
            self.relative = relative
            self.stem = stem
            consultedBy = stem.flatMap { ConsultedDocument.domain(of: $0) }
        }
    }

    /// As configured, in order of precedence.
    let roots: [String]
    /// The roots that hold a file, in order of precedence.
    let found: [String]
    /// Sorted by path.
    let places: [Place]
    let byPath: [String: Int]
    /// The YAML files by their stem, of the first root first.
    let byStem: [String: [Int]]
    /// Those stems, sorted.
    let stems: [String]
    /// All of them, those of the first root first.
    let byPrecedence: [Int]
    /// The JSON files among them, in that order.
    let json: [Int]
    /// The folders that hold a file below a root.
    let folders: Set<String>
    /// All of them by their names alone, sorted by path.
    let byName: [String: [Int]]
    /// The names of the files of each folder, sorted.
    let namesByFolder: [String: [String]]
    /// The documents that stand nowhere by their paths, each with a file that stands nearly where it should.
    let misnamed: [(index: Int, document: String)]
    /// The paths of all files of the commit, in the order in which they came.
    private let paths: [String]
    /// Which of them lie below a root and beside, sorted by path.
    let below: [Int]
    let beside: [Int]

    init(_ files: [SourceFile], _ roots: [String]) {
        let policiesRoot = roots.firstIndex(of: ".odooops") ?? roots.count
        let prefixes = roots.map { $0.hasSuffix("/") || $0.isEmpty ? $0 : $0 + "/" }
        var places: [Place] = []
        var (below, beside): ([Int], [Int]) = ([], [])
        for index in Self.order(files) {
            let file = files[index]
            var place = Self.place(of: file.path, below: prefixes)
            // The policies belong to the repository, whatever the roots of the SSOT are.
            if file.path.hasPrefix(".odooops/") { place = (policiesRoot, file.path) }
            if Self.besideRoots.contains(file.path) || file.path.hasPrefix(VercelReader.besideFolder) {
                place = place ?? (roots.count + 1, file.path)
            }
            guard let place else {
                beside.append(index)
                continue
            }
            below.append(index)
            places.append(
                Place(path: file.path, rank: place.rank, relative: place.relative, stem: Self.stem(place.relative)))
        }
        self.roots = roots
        self.places = places
        self.below = below
        self.beside = beside
        paths = files.map(\.path)
        found = Set(places.map(\.rank)).subtracting([roots.count + 1]).sorted().map {
            $0 < roots.count ? roots[$0] : ".odooops"
        }
        byPath = Dictionary(places.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
        byPrecedence = places.indices.sorted { (places[$0].rank, $0) < (places[$1].rank, $1) }
        json = byPrecedence.filter { places[$0].relative.hasSuffix(".json") }
        var byStem: [String: [Int]] = [:]
        for index in byPrecedence { if let stem = places[index].stem { byStem[stem, default: []].append(index) } }
        self.byStem = byStem
        stems = byStem.keys.sorted { $0.precedesByBytes($1) }
        folders = Self.folders(of: places)
        var byName: [String: [Int]] = [:]
        var namesByFolder: [String: [String]] = [:]
        for (index, place) in places.enumerated() {
            let (folder, name) = Self.parts(of: place.path)
            byName[name, default: []].append(index)
            namesByFolder[folder, default: []].append(name)
        }
        self.byName = byName
        self.namesByFolder = namesByFolder
        misnamed = Self.misnamed(byStem)
    }

    /// A slip in the name of a file or folder: the rest of its path is that of a document.
    private static func misnamed(_ byStem: [String: [Int]]) -> [(index: Int, document: String)] {
        var (names, folders): ([String: [String]], [String: [String]]) = ([:], [:])
        for stem in byStem.keys
        where !ManagedDocument.stems.contains(stem) && ConsultedDocument.domain(of: stem) == nil {
            let (folder, name) = parts(of: stem)
            names[folder, default: []].append(name)
            folders[name, default: []].append(folder)
        }
        return ManagedDocument.all.compactMap { document in
            guard !([document.stem] + document.otherStems).contains(where: { byStem[$0] != nil }) else { return nil }
            let (folder, name) = parts(of: document.stem)
            let near =
                closest(to: name, among: names[folder] ?? []).map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
                ?? closest(to: folder, among: folders[name] ?? []).map { $0.isEmpty ? name : "\($0)/\(name)" }
            return near.flatMap { byStem[$0]?.first }.map { ($0, document.stem) }
        }
    }

    /// A path's folder, empty at the top, and the name after it.
    static func parts(of path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    /// By path bytes; a tree of git's is so already.
    private static func order(_ files: [SourceFile]) -> [Int] {
        let isInOrder = zip(files, files.dropFirst()).allSatisfy { $0.path.precedesByBytes($1.path) }
        return isInOrder
            ? Array(files.indices) : files.indices.sorted { files[$0].path.precedesByBytes(files[$1].path) }
    }

    /// Whether another commit has files of the same paths, in this order.
    func fit(_ files: [SourceFile], _ roots: [String]) -> Bool {
        files.count == paths.count && roots == self.roots && paths.indices.allSatisfy { files[$0].path == paths[$0] }
    }

    /// Whether the same files lie below the same roots.
    func isSame(as other: FilePlaces) -> Bool {
        self === other
            || roots == other.roots && places.count == other.places.count
                && zip(places, other.places).allSatisfy { $0.path == $1.path }
    }

    func contains(_ path: String) -> Bool { byPath[path] != nil || folders.contains(path) }

    /// A path without `.yaml` or `.yml`; nil for other files.
    static func stem(_ path: String) -> String? {
        if path.hasSuffix(".yaml") { return String(path.dropLast(5)) }
        return path.hasSuffix(".yml") ? String(path.dropLast(4)) : nil
    }

    /// Documents that stand beside the roots, wherever these are.
    private static let besideRoots = Set(BesideDocuments.managed)

    /// The longest root that a path lies below, with what follows it; roots end with a slash or are empty.
    private static func place(of path: String, below prefixes: [String]) -> (rank: Int, relative: String)? {
        var best: (rank: Int, length: Int)?
        for (rank, prefix) in prefixes.enumerated()
        where path.utf8.starts(with: prefix.utf8) && prefix.utf8.count > best?.length ?? -1 {
            best = (rank, prefix.utf8.count)
        }
        return best.flatMap { best in String(path.utf8.dropFirst(best.length)).map { (best.rank, $0) } }
    }

    private static func folders(of places: [Place]) -> Set<String> {
        var folders: Set<String> = []
        var last = Substring()
        for place in places {
            let path = place.path
            guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path[..<slash] != last else { continue }
            last = path[..<slash]
            var rest = last.utf8
            while folders.insert(String(rest) ?? "").inserted, let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
                rest = rest[..<slash]
            }
        }
        return folders
    }
}

extension Array {
    /// Where the elements are that begin with a text, in a list that is sorted by the bytes of theirs.
    func range(with prefix: String, _ text: (Element) -> String) -> Range<Int> {
        let start = partitioned { text($0).precedesByBytes(prefix) }
        let end = self[start...].partitioned { text($0).utf8.starts(with: prefix.utf8) }
        return start..<end
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first place at which a condition doesn't hold any more, of a list in which it holds up to some place.
    fileprivate func partitioned(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
