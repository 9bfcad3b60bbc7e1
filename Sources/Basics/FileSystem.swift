public import Glibc

/// A file operation that the system refused.
public struct FileSystemFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    /// The system's error number.
    public let errno: CInt

    public var disposition: Disposition { .stop }

    init(_ what: String, _ path: String, _ errno: CInt, code: String = "FILE-0001", hint: String? = nil) {
        self.code = code
        message = "\(what): \(String(cString: strerror(errno)))"
        place = path
        self.errno = errno
        // Said for every file alike: which part of the path it is that this user may not pass or write.
        self.hint = hint ?? (errno == EACCES ? "See whose it is, from the top down: namei -l \(path)" : nil)
    }
}

/// Whole-file operations, each with the path in its fault.
public enum FileSystem {
    /// Reads a file.
    ///
    /// - Throws: `FileSystemFault` when it can't be read, or when it holds more than `limit` bytes (`EFBIG`).
    public static func read(_ path: String, limit: Int = 1 << 30) throws(FileSystemFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileSystemFault("cannot open the file", path, Glibc.errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystemFault("cannot stat the file", path, Glibc.errno) }
        guard status.st_size <= limit else { throw FileSystemFault("the file is too large", path, EFBIG) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size) + 1)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if Glibc.errno == EINTR { continue }
                throw FileSystemFault("cannot read the file", path, Glibc.errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[0..<count])
            guard bytes.count <= limit else { throw FileSystemFault("the file is too large", path, EFBIG) }
        }
    }

    /// Writes a file so that a reader, or a crash, sees the old content or the new one and nothing between.
    ///
    /// - Throws: `FileSystemFault`; the old file is then as it was.
    public static func write(_ bytes: some Sequence<UInt8>, to path: String, mode: mode_t = 0o644)
        throws(FileSystemFault)
    {
        let temporary = path + ".new.\(getpid()).\(UInt32.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileSystemFault("cannot create the file", path, Glibc.errno) }
        takeOwner(descriptor, at: path)
        let content = Array(bytes)
        var written = 0
        var failure: CInt = 0
        while written < content.count, failure == 0 {
            let count = content.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), content.count - written)
            }
            if count < 0 {
                if Glibc.errno != EINTR { failure = Glibc.errno }
            } else {
                written += count
            }
        }
        if failure == 0, fsync(descriptor) != 0 { failure = Glibc.errno }
        close(descriptor)
        if failure == 0, rename(temporary, path) != 0 { failure = Glibc.errno }
        guard failure == 0 else {
            unlink(temporary)
            throw FileSystemFault("cannot write the file", path, failure)
        }
    }

    /// Creates a directory and those above it; one that is there already is fine.
    ///
    /// - Throws: `FileSystemFault`.
    public static func createDirectory(_ path: String, mode: mode_t = 0o755) throws(FileSystemFault) {
        if make(path, mode) || isDirectory(path) { return }
        guard Glibc.errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw FileSystemFault("cannot create the directory", path, Glibc.errno)
        }
        try createDirectory(String(path[..<slash]), mode: mode)
        guard make(path, mode) || isDirectory(path) else {
            throw FileSystemFault("cannot create the directory", path, Glibc.errno)
        }
    }

    private static func make(_ path: String, _ mode: mode_t) -> Bool {
        guard mkdir(path, mode) == 0 else { return false }
        takeOwner(ofDirectory: path)
        return true
    }

    /// Whether something is at a path that this process may see.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether nobody but its owner may read or write a file; true for one that isn't there.
    public static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_mode & 0o077 == 0
    }

    /// Whether a regular file, or a link to one, is at a path.
    public static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether a directory, or a link to one, is at a path.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// When a file was last written, or said to be; nil where there is none.
    public static func modified(_ path: String) -> (at: Timestamp, bytes: Int)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let time = status.st_mtim
        return (
            Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000), Int(status.st_size)
        )
    }

    /// Says of a file that it was written at an instant; false where there is none.
    public static func touch(_ path: String, at instant: Timestamp) -> Bool {
        let (seconds, micros) = (instant.seconds, instant.microseconds - instant.seconds * 1_000_000)
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(micros) * 1_000)
        return utimensat(AT_FDCWD, path, [time, time], 0) == 0
    }

    /// Gives a file another name, in place of what has that name; false where the system refuses.
    public static func move(_ path: String, to other: String) -> Bool { rename(path, other) == 0 }

    /// The names in a directory, sorted by their bytes, without `.` and `..`; empty when it can't be read.
    public static func list(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = name(of: entry)
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }

    /// Removes a file, or a directory with everything in it; symbolic links are removed and not followed.
    public static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in list(path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// The working directory of the process.
    public static var currentDirectory: String {
        guard let pointer = getcwd(nil, 0) else { return "." }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// A fresh private directory under `$TMPDIR` or `/tmp`.
    ///
    /// - Throws: `FileSystemFault`.
    public static func makeTemporaryDirectory(prefix: String = "odooops") throws(FileSystemFault) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileSystemFault("cannot create a directory", base, Glibc.errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
