internal import Basics
internal import CGit2
import Glibc

/// Reads files of a plain directory, as they are on disk, in the shape of a commit's tree.
///
/// The directory need not be a git work tree, and git need not be installed.
public struct WorkTreeReader: Sendable {
    /// The directory that the roots are below.
    public let directory: String

    public init(directory: String) { self.directory = directory }

    /// The files below the roots; symbolic links are not followed and `.git` is left out.
    ///
    /// The revision is the commit that is checked out when the files are exactly its files, and otherwise `sha256:`
    /// and a digest over each file's path and content. The call blocks its thread.
    ///
    /// - Parameter roots: directories or single files; an empty one is the whole directory.
    /// - Returns: the files by path bytes, and which of the roots are there.
    /// - Throws: `GitFault` `GIT-0016` when the directory can't be read.
    public func files(under roots: [String]) throws(GitFault) -> GitTree {
        Library.start()
        guard let stream = opendir(directory) else {
            let reason = String(cString: strerror(errno))
            throw GitFault(
                .unreadableWorkTree, "the directory can't be read: \(reason)", place: directory,
                hint: "name a directory that this user may read: ls -ld \(directory.shellQuoted)")
        }
        closedir(stream)
        var walk = DirectoryWalk(top: directory)
        var found: [String] = []
        for root in roots {
            guard let parts = RootPath.parts(root) else { continue }
            if walk.descend(to: parts[...], at: "") { found.append(root) }
        }
        let files = GitFile.ordered(walk.files)
        return GitTree(revision: checkedOut(files, roots) ?? Self.digest(files), files: files, roots: found)
    }

    /// The paths of all files, for whoever wants to know whether one is there; no file is read.
    ///
    /// `.git`, `.build` and `node_modules` are left out, and links are not followed. The call blocks its thread.
    ///
    /// - Returns: nil where a directory can't be read, or there are more than half a million files.
    public func paths() -> [String]? {
        var found: [String] = []
        var open = [""]
        while let folder = open.popLast() {
            guard let stream = opendir(folder.isEmpty ? directory : "\(directory)/\(folder)") else { return nil }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let kind = entry.pointee.d_type
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard ![".", "..", ".git", ".build", "node_modules"].contains(name) else { continue }
                let path = folder + name
                if kind == UInt8(DT_DIR) { open.append(path + "/") } else { found.append(path) }
            }
            guard found.count <= 500_000 else { return nil }
        }
        return found
    }

    private static func digest(_ files: [GitFile]) -> String {
        var hasher = Digest.Hasher()
        for file in files {
            // A path has no NUL in it, so no two lists give the same bytes.
            hasher.update(file.path)
            hasher.update([0])
            switch file.content {
            case .bytes(let bytes): hasher.update(Digest(of: bytes).hex)
            case .symlink(let target): hasher.update("-> \(target)")
            case .missing, .tooLarge, .submodule: hasher.update("? \(file.size)")
            }
            hasher.update([0])
        }
        return hasher.finish().description
    }

    /// The commit that is checked out, when it has exactly these files below these roots.
    private func checkedOut(_ files: [GitFile], _ roots: [String]) -> String? {
        var opened: OpaquePointer?
        guard git_repository_open_ext(&opened, directory, 0, nil) == 0 else { return nil }
        defer { git_repository_free(opened) }
        var head = git_oid()
        guard let raw = git_repository_workdir(opened), git_reference_name_to_id(&head, opened, "HEAD") == 0,
            let repository = try? Repository(path: String(cString: git_repository_path(opened))),
            let top = realpath(directory, nil)
        else { return nil }
        defer { free(top) }
        let (work, path) = (String(cString: raw), String(cString: top) + "/")
        guard path.hasPrefix(work) else { return nil }
        let prefix = String(path.dropFirst(work.count))
        let wanted = roots.map { prefix + $0 }
        guard let tree = try? TreeReading(repository, readsContent: false).read(commit: head, roots: wanted).tree,
            tree.files.count == files.count
        else { return nil }
        let isSame = zip(tree.files, files).allSatisfy { stored, file in
            stored.path == prefix + file.path
                && (stored.objectID == file.objectID || stored.content == .submodule && file.content == .submodule)
        }
        return isSame ? head.hex : nil
    }
}

/// Goes down a directory without following a link.
private struct DirectoryWalk {
    let top: String
    var files: [GitFile] = []
    private var room = TreeReading.treeLimit

    init(top: String) { self.top = top }

    /// Goes down the parts of one root; true when it is there.
    mutating func descend(to parts: ArraySlice<String>, at prefix: String) -> Bool {
        guard let part = parts.first else {
            walk(prefix, depth: 0)
            return true
        }
        let path = prefix + part
        var status = stat()
        guard lstat("\(top)/\(path)", &status) == 0 else { return false }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        if parts.count == 1, !isDirectory {
            add(path, status)
            return true
        }
        if status.st_mode & S_IFMT == S_IFLNK { add(path, status) }
        return isDirectory && descend(to: parts.dropFirst(), at: path + "/")
    }

    private mutating func walk(_ prefix: String, depth: Int) {
        func unreadable(_ reason: String) -> GitFile {
            GitFile(path: prefix, objectID: "", size: 0, content: .missing(reason: reason))
        }
        guard depth < TreeReading.depthLimit else {
            files.append(unreadable("more than \(TreeReading.depthLimit) directories inside each other"))
            return
        }
        guard let stream = opendir("\(top)/\(prefix)") else {
            files.append(unreadable("the directory can't be read: \(String(cString: strerror(errno)))"))
            return
        }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { raw in
                    strcmp(raw, ".") == 0 || strcmp(raw, "..") == 0 ? nil : EntryName(raw)
                }
            }
            switch name {
            case .usable(let text)?: names.append(text)
            case .refused(let shown, let reason)?:
                files.append(GitFile(path: prefix + shown, objectID: "", size: 0, content: .missing(reason: reason)))
            case nil: continue
            }
        }
        closedir(stream)
        for name in names where name != ".git" {
            let path = prefix + name
            var status = stat()
            guard lstat("\(top)/\(path)", &status) == 0 else { continue }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                add(path, status)
                continue
            }
            if FileSystem.exists("\(top)/\(path)/.git") {
                files.append(GitFile(path: path, objectID: "", size: 0, content: .submodule))
            } else {
                walk(path + "/", depth: depth + 1)
            }
        }
    }

    private mutating func add(_ path: String, _ status: stat) {
        let full = "\(top)/\(path)"
        let size = Int(status.st_size)
        func file(_ content: GitFile.Content, id: String = "") -> GitFile {
            GitFile(path: path, objectID: id, size: size, content: content)
        }
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
            var target = [CChar](repeating: 0, count: 4_096)
            let count = readlink(full, &target, target.count)
            let bytes = target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }[...]
            files.append(file(.symlink(target: String(decoding: bytes, as: UTF8.self)), id: Self.objectID(bytes)))
        case S_IFREG:
            guard size <= TreeReading.fileLimit, size <= room else {
                files.append(file(.tooLarge))
                return
            }
            do throws(FileSystemFault) {
                let bytes = try FileSystem.read(full, limit: TreeReading.fileLimit)
                room -= bytes.count
                files.append(
                    GitFile(
                        path: path, objectID: Self.objectID(bytes[...]), size: bytes.count, content: .bytes(bytes)))
            } catch {
                files.append(file(.missing(reason: error.message)))
            }
        default:
            files.append(file(.missing(reason: "it is neither a file nor a directory")))
        }
    }

    /// What git would call a file with these bytes.
    private static func objectID(_ bytes: ArraySlice<UInt8>) -> String {
        var id = git_oid()
        let status = bytes.withUnsafeBytes { git_odb_hash(&id, $0.baseAddress, $0.count, GIT_OBJECT_BLOB) }
        return status == 0 ? id.hex : ""
    }
}
