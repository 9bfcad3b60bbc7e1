public import Glibc

/// What root makes in the directory of somebody else belongs to them.
///
/// A service has its state directory for itself, and an operator's command with the service's configuration runs as root:
/// what it leaves there has to be the service's, or the service can't go on with it. Root keeps what it makes in directories
/// of its own and in those where anybody may write, and nobody but root can give anything away.
extension FileSystem {
    /// Gives a file that is open to whom the directory of `path` belongs.
    public static func takeOwner(_ descriptor: CInt, at path: String) {
        guard geteuid() == 0, let owner = owner(ofDirectoryOf: path) else { return }
        give(descriptor, to: owner)
    }

    /// Gives a directory, and what root has made below it, to whom the directory above belongs; links aren't followed.
    ///
    /// For what others make, such as a library: it costs a look at each file, where the directory above isn't root's.
    public static func takeOwner(below path: String) {
        guard geteuid() == 0, let owner = owner(ofDirectoryOf: path) else { return }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 { giveAll(descriptor, to: owner) }
    }

    /// Makes an empty file where there is none.
    ///
    /// - Returns: false where there is one already, or where none can be made.
    @discardableResult
    public static func create(_ path: String, mode: mode_t) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { return false }
        takeOwner(descriptor, at: path)
        close(descriptor)
        return true
    }

    /// Gives a directory that was just made to whom the one above belongs.
    static func takeOwner(ofDirectory path: String) {
        guard geteuid() == 0 else { return }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        takeOwner(descriptor, at: path)
        close(descriptor)
    }

    /// Somebody else than root, who alone decides what is in the directory that holds `path`.
    private static func owner(ofDirectoryOf path: String) -> (user: uid_t, group: gid_t)? {
        var status = stat()
        guard stat(parent(of: path), &status) == 0, status.st_uid != 0, status.st_mode & S_IWOTH == 0 else {
            return nil
        }
        return (status.st_uid, status.st_gid)
    }

    private static func parent(of path: String) -> String {
        let end = path.utf8.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
        guard let slash = end.lastIndex(of: "/") else { return "." }
        return slash == end.startIndex ? "/" : String(end[..<slash])
    }

    /// A file of several names stays root's: one of them may be somewhere else.
    private static func give(_ descriptor: CInt, to owner: (user: uid_t, group: gid_t)) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR || status.st_nlink == 1 else { return }
        _ = fchown(descriptor, owner.user, owner.group)
    }

    /// Closes the descriptor at its end.
    private static func giveAll(_ descriptor: CInt, to owner: (user: uid_t, group: gid_t)) {
        give(descriptor, to: owner)
        guard let directory = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let (name, type) = (name(of: entry), entry.pointee.d_type)
            guard name != ".", name != "..", type == DT_DIR || type == DT_REG || type == DT_UNKNOWN else { continue }
            let child = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard child >= 0 else { continue }
            var status = stat()
            if fstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                giveAll(child, to: owner)
            } else {
                give(child, to: owner)
                close(child)
            }
        }
    }
}
