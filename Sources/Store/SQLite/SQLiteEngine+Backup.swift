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
                throw Self.refusal(error, target)
            }
            let size = FileSystem.modified(partial)?.bytes ?? 0
            guard Self.sync(partial), FileSystem.move(partial, to: target) else {
                FileSystem.remove(partial)
                throw Self.refusal("the copy can't be written: \(String(cString: strerror(errno)))", target)
            }
            _ = Self.sync(StoreFault.directory(of: target))
            return size
        }
    }

    static func sync(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// What stopped a copy, where that is of its target: SQLite says it as if the store itself were meant.
    static func refusal(_ fault: StoreFault, _ target: String) -> StoreFault {
        let directory = StoreFault.directory(of: target)
        switch fault.code {
        case "STORE-0002":
            return refusal(
                "there is no room for the copy", target,
                hint: "make room where it goes, as `df -h \(directory)` shows, or give a file on another disk")
        case "STORE-0007":
            return refusal(
                "the copy can't be written: \(fault.message)", target,
                hint: "see that its directory is there and may be written to: `ls -ld \(directory)`")
        default: return fault
        }
    }

    static func refusal(
        _ message: String, _ path: String,
        hint: String = "give another file, in a directory that this user may write to"
    ) -> StoreFault {
        StoreFault(.refused, code: "STORE-0051", message: message, place: path, hint: hint)
    }
}
