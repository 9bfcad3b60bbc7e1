import Basics

/// A file below none of the roots that has the path of a document which stands nowhere: as after a move too far.
///
/// What lies out there is not fetched, so that its path is all that is known of it.
struct StrayPath: Equatable, Sendable {
    let path: String
    /// The place in `DocumentShape.all` of what it may be.
    let shape: Int

    /// Where one of the documents stands: the folder, and its name where there is one alone.
    fileprivate struct Home {
        let shape: Int
        let folder: String
        let name: String?
        let isJSON: Bool
    }

    /// By the last part of their folder; those that a pass remembers by itself are told by that (`PLAN-0018`).
    private static let homes: [Substring: [Home]] = {
        var seen = Set(ManagedDocument.guards.map { "\($0.stem).yaml" })
        var homes: [Substring: [Home]] = [:]
        for (index, shape) in DocumentShape.all.enumerated() where seen.insert(shape.place).inserted {
            let home: Home
            switch shape.home {
            case .file(let stem):
                let (folder, name) = FilePlaces.parts(of: stem)
                home = Home(shape: index, folder: folder, name: name, isJSON: false)
            case .folder(let folder, let isJSON):
                home = Home(shape: index, folder: folder, name: nil, isJSON: isJSON)
            }
            if !home.folder.isEmpty { homes[last(of: home.folder), default: []].append(home) }
        }
        return homes
    }()

    /// The last part of a path.
    private static func last(of path: String) -> Substring {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] } ?? path[...]
    }

    /// Those of a commit, each document once, sorted by path; none where its paths aren't known.
    static func find(_ listing: PathListing?, _ places: FilePlaces) -> [StrayPath] {
        guard let listing else { return [] }
        let tops = Set(places.roots.compactMap { $0.split(separator: "/").last })
        var found: [Int: String] = [:]
        for folder in listing.folders.values {
            for directory in folder.folders {
                // `.github` is where people put what is about GitHub.
                let isHidden = directory.hasPrefix(".") && !directory.contains("/")
                guard let homes = Self.homes[isHidden ? directory.dropFirst() : Self.last(of: directory)],
                    !places.roots.contains(where: { directory == $0 || directory.hasPrefix($0 + "/") })
                else { continue }
                for home in homes where home.fits(directory, tops) && !home.isTaken(in: places) {
                    guard let path = home.file(in: directory, of: folder, places), places.byPath[path] == nil else {
                        continue
                    }
                    found[home.shape] = min(found[home.shape] ?? path, path)
                }
            }
        }
        return found.map { StrayPath(path: $0.value, shape: $0.key) }
            .sorted { $0.path == $1.path ? $0.shape < $1.shape : $0.path.precedesByBytes($1.path) }
    }
}

fileprivate extension StrayPath.Home {
    /// Whether a folder is called like this one's; one with a single name has to lie in one that is called like a root.
    func fits(_ directory: String, _ tops: Set<Substring>) -> Bool {
        if name != nil, directory == "." + folder { return true }
        guard directory == folder || directory.hasSuffix("/" + folder) else { return false }
        guard name == nil, !folder.contains("/") else { return true }
        return directory.split(separator: "/").dropLast().last.map { tops.contains($0) } == true
    }

    /// Whether one stands at its place below a root; where there may be many, that depends on their names.
    func isTaken(in places: FilePlaces) -> Bool { name.map { places.byStem["\(folder)/\($0)"] != nil } ?? false }

    /// The file of a folder that may be the document; the first by its path.
    ///
    /// A copy of one that stands at its place, as in an example, is none that was moved.
    func file(in directory: String, of listed: PathListing.Folder, _ places: FilePlaces) -> String? {
        guard let name else {
            return listed.files.filter { path in
                path.hasPrefix(directory + "/") && !path.dropFirst(directory.count + 1).contains("/")
                    && (isJSON ? path.hasSuffix(".json") : FilePlaces.stem(path) != nil)
                    && !stands(path, in: places)
            }.min()
        }
        return ["yaml", "yml"].map { "\(directory)/\(name).\($0)" }.first(where: listed.files.contains)
    }

    /// Whether one with the name of a file stands in the folder, or below it.
    private func stands(_ path: String, in places: FilePlaces) -> Bool {
        let name = FilePlaces.parts(of: path).name
        let names = isJSON ? [name] : FilePlaces.stem(name).map { ["\($0).yaml", "\($0).yml"] } ?? []
        return names.flatMap { places.byName[$0] ?? [] }.contains { index in
            let place = places.places[index]
            return place.relative.hasPrefix(folder + "/") || isJSON && place.relative.hasPrefix("infra/\(folder)/")
        }
    }
}
