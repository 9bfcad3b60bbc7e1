/// The paths of every file of a commit, by the folder at the top that they lie in.
///
/// A commit changes few of those folders, so what is known of the others can be kept.
public struct PathListing: Sendable, Equatable {
    /// The files below one folder at the top of the repository.
    public struct Folder: Sendable, Equatable {
        /// What git calls the folder with all that is in it.
        public let objectID: String
        /// Relative to the top of the repository.
        public let files: Set<String>
        /// Folders below it, without a final slash; itself too.
        public let folders: Set<String>

        /// Puts the files of a folder together; they are relative to the top of the repository.
        public init(objectID: String, files: Set<String>) {
            var folders: Set<String> = []
            for file in files {
                var rest = file.utf8[...]
                while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
                    rest = rest[..<slash]
                    guard folders.insert(String(rest) ?? "").inserted else { break }
                }
            }
            self.objectID = objectID
            self.files = files
            self.folders = folders
        }

        /// Whether the same paths are in both; what the files hold says nothing.
        public static func == (a: Folder, b: Folder) -> Bool {
            !a.objectID.isEmpty && a.objectID == b.objectID || a.files == b.files
        }
    }

    /// By name.
    public let folders: [String: Folder]

    public init(folders: [String: Folder]) { self.folders = folders }

    /// Puts paths into their folders; those at the top of the repository are in none and are left out.
    public init(_ paths: some Sequence<String>) {
        var byName: [String: Set<String>] = [:]
        for path in paths {
            guard let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")) else { continue }
            byName[String(path[..<slash]), default: []].insert(path)
        }
        folders = byName.mapValues { Folder(objectID: "", files: $0) }
    }

    /// What is known of a path.
    enum Presence: Equatable {
        case there, missing
        /// It begins with a name that is no folder at the top: a file there, a link or a submodule, or nothing.
        case beside(String)
        /// A part of it is no folder, but an entry in which nothing was looked at: a submodule, a link or a file.
        case within(String)
    }

    /// What is known of a path; a slash at its end, and a `./` before it, say nothing.
    func presence(of path: String) -> Presence {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard let top = parts.first, let folder = folders[String(top)] else {
            return .beside(parts.first.map(String.init) ?? path)
        }
        let path = parts.joined(separator: "/")
        if parts.count == 1 || folder.files.contains(path) || folder.folders.contains(path) { return .there }
        for count in 2..<max(2, parts.count) {
            let above = parts.prefix(count).joined(separator: "/")
            if folder.files.contains(above) { return .within(above) }
        }
        return .missing
    }

    /// Whether a file or folder is there; nil when the path doesn't begin with a folder of the repository.
    public func contains(_ path: String) -> Bool? {
        guard let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")), let folder = folders[String(path[..<slash])]
        else { return nil }
        return folder.files.contains(path) || folder.folders.contains(path)
    }
}
