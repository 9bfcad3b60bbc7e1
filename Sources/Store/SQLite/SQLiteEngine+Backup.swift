import Basics
import Glibc
public import Store

extension SQLiteEngine {
    /// Writes a whole copy of the store into a new file, as it stands at one instant, while others go on writing.
    ///
    /// The copy is complete and on the disk before it gets its name; a file that is there is never overwritten.
    ///
    /// - Parameter target: the path of the copy.
    /// - Returns: its size in bytes.
    /// - Throws: `StoreFault`.
    public func backup(to target: String) async throws(StoreFault) -> Int {
        guard !FileSystem.exists(target) else { throw Self.refusal("\(target) is there already", target) }
        return try await aside { connection throws(StoreFault) -> Int in
            let partial = "\(target).partial"
            FileSystem.remove(partial)
            let mask = umask(0o077)
            defer { umask(mask) }
            do throws(StoreFault) {
                // One read transaction inside of SQLite: what is written meanwhile is not in it.
                try connection.run("pragma query_only = off", [])
                try connection.run("vacuum ops into $1", [.text(partial)])
            } catch {
                FileSystem.remove(partial)
                throw error
            }
            let size = FileSystem.modified(partial)?.bytes ?? 0
            guard Self.sync(partial), FileSystem.move(partial, to: target) else {
                FileSystem.remove(partial)
                throw Self.refusal("the copy can't be written: \(String(cString: strerror(errno)))", target)
            }
            _ = Self.sync(
                String(target.contains("/") ? target[..<(target.lastIndex(of: "/") ?? target.endIndex)] : "."))
            return size
        }
    }

    /// Puts a copy in the place of a store that nobody has open, and keeps what was there beside it.
    ///
    /// - Parameters:
    ///   - copy: the file to take.
    ///   - path: the store's file.
    ///   - suffix: what the name of the present file gets at its end.
    /// - Returns: where the present file is now; nil where there was none.
    /// - Throws: `StoreFault`; the store is as it was then.
    public static func restore(_ copy: String, to path: String, keepingAs suffix: String) throws(StoreFault) -> String?
    {
        let partial = "\(path).partial"
        do {
            try FileSystem.write(try FileSystem.read(copy, limit: 1 << 40), to: partial, mode: 0o600)
        } catch {
            FileSystem.remove(partial)
            throw refusal("\(copy) can't be copied: \(error.message)", copy)
        }
        let old = "\(path)\(suffix)"
        let wasThere = FileSystem.exists(path)
        // The log of the old file belongs to it: beside another file it would be taken for that one's.
        for end in ["", "-wal", "-shm"] where FileSystem.exists(path + end) {
            guard FileSystem.move(path + end, to: old + end) else {
                throw refusal("\(path)\(end) can't be moved aside", path)
            }
        }
        guard sync(partial), FileSystem.move(partial, to: path) else {
            for end in ["", "-wal", "-shm"] { _ = FileSystem.move(old + end, to: path + end) }
            throw refusal("the copy can't be put in place: \(String(cString: strerror(errno)))", path)
        }
        return wasThere ? old : nil
    }

    private static func sync(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return fsync(descriptor) == 0
    }

    private static func refusal(_ message: String, _ path: String) -> StoreFault {
        StoreFault(
            .refused, code: "STORE-0051", message: message, place: path,
            hint: "give another file, in a directory that this user may write to")
    }
}
