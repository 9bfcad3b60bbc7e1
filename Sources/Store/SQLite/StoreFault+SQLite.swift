import CSQLite
import Glibc
public import Store

extension StoreFault {
    /// What a result code of SQLite means to a person.
    ///
    /// - Parameters:
    ///   - status: the extended result code (sqlite.org/rescode.html).
    ///   - error: the system's error number that belongs to it, or 0.
    ///   - message: what SQLite says.
    ///   - path: the file.
    /// - Returns: the fault with its remedy.
    static func sqlite(_ status: Int32, _ error: Int32, _ message: String, _ path: String) -> StoreFault {
        let place = "sqlite:\(path)"
        switch status & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            return StoreFault(
                .locked, code: "STORE-0001",
                message: "another process is writing to the store and did not finish in time",
                place: place, hint: "see who: `fuser -v \(path)`; end it or wait for it, then run the command again")
        case SQLITE_FULL: return full(message, path)
        case SQLITE_IOERR where error == ENOSPC || error == EDQUOT: return full(message, path)
        case SQLITE_READONLY:
            return StoreFault(
                .readOnly, code: "STORE-0003", message: "the store can only be read: \(message)", place: place,
                hint: "make the file and its directory writable for this user: `ls -ld \(path) \(directory(of: path))`")
        case SQLITE_NOTADB:
            return StoreFault(
                .badAddress, code: "STORE-0005", message: "the file is no SQLite database", place: place,
                hint: "`file \(path)` says what it is; give another path with --store")
        case SQLITE_CORRUPT:
            return damaged(message, path)
        case SQLITE_CANTOPEN:
            let why = error == 0 ? message : "\(message): \(String(cString: strerror(error)))"
            return StoreFault(
                .unreachable, code: "STORE-0007", message: "the store's file can't be opened: \(why)", place: place,
                hint: "see that its directory is there and writable: `mkdir -p \(directory(of: path))`")
        case SQLITE_IOERR:
            return StoreFault(
                .unreachable, code: "STORE-0008",
                message: "the disk of the store failed: \(message)"
                    + (error == 0 ? "" : ", \(String(cString: strerror(error)))"),
                place: place, hint: "look at `dmesg | tail` and the file system, then run the command again")
        case SQLITE_ERROR
        where message.hasPrefix("no such table") || message.contains("no such column")
            || message.contains("has no column named"):
            return notMigrated(message, place: place)
        default:
            return StoreFault(
                .refused, code: "STORE-0032", message: "the store refused a statement: \(message)", place: place,
                hint: "this is a fault of the program or of rows written by another one; `reconcile doctor` checks "
                    + "the schema"
            )
        }
    }

    /// Whether the file itself isn't whole.
    var isDamage: Bool { code == "STORE-0006" }

    /// The store's file isn't whole.
    static func damaged(_ detail: String, _ path: String) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0006", message: "the store's file is damaged: \(detail)",
            place: "sqlite:\(path)", hint: "restore it from a backup, or try `sqlite3 \(path) .recover`")
    }

    /// A copy that is to be put in the store's place isn't whole.
    ///
    /// - Parameters:
    ///   - detail: what is wrong with it.
    ///   - copy: its path, as it was given.
    /// - Returns: the fault, which says that the store is as it was.
    public static func damagedCopy(_ detail: String, _ copy: String) -> StoreFault {
        StoreFault(
            .incompatible, code: "STORE-0006",
            message: "the copy is damaged, and the store is left as it is: \(detail)", place: copy,
            hint: "restore an older copy; what can be saved of this one: "
                + "`sqlite3 \(copy) .recover | sqlite3 recovered.sqlite`")
    }

    private static func full(_ message: String, _ path: String) -> StoreFault {
        StoreFault(
            .full, code: "STORE-0002", message: "there is no room left for the store: \(message)",
            place: "sqlite:\(path)",
            hint: "make room: `df -h \(directory(of: path))`; nothing of this write was kept")
    }

    /// Where a file is.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
