import Glibc
import SQLiteShim
import Store

/// Notices that somebody writes over a store's file past SQLite, which goes on reading its memory and its log.
///
/// While it is written ahead, SQLite changes the file by copying its log into it, and by nothing else.
struct FileWatch {
    /// What tells whether a file was written to since.
    private struct Stamp: Equatable {
        let seconds: Int
        let nanoseconds: Int
        let size: Int64

        init?(_ path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            seconds = Int(info.st_mtim.tv_sec)
            nanoseconds = Int(info.st_mtim.tv_nsec)
            size = Int64(info.st_size)
        }
    }

    private var stamp: Stamp?
    private var head: FileHead?
    private var log: LogState?
    private var isForeign = false

    /// How often something suspicious is looked at before it counts: a page that is being written is torn for a moment.
    private static let looks = 4

    /// Begins to watch a file that was just opened.
    mutating func begin(_ path: String, _ connection: SQLiteConnection) {
        stamp = Stamp(path)
        head = connection.head
    }

    /// Makes sure that nobody but SQLite has written to the file.
    ///
    /// - Throws: `StoreFault` of kind `fenced`, from then on each time.
    mutating func confirm(_ path: String, _ connection: SQLiteConnection) throws(StoreFault) {
        if isForeign { throw .overwritten(path) }
        guard let before = head else { return }
        for _ in 0..<Self.looks {
            // The log before the file: what is copied in between is then still to be seen in the log by the next look.
            let state = before.isWrittenAhead ? connection.logState : nil
            let isCopied = state.map { $0.hasCopied(since: log) } ?? true
            let now = Stamp(path)
            // A look that fails says nothing.
            guard let now else { return }
            if now == stamp, !isCopied {
                log = state
                return
            }
            guard let found = connection.head else { return }
            if found.follows(before, isCopied: isCopied) {
                (stamp, head, log) = (now, found, state)
                return
            }
            usleep(20_000)
        }
        throw condemn(path)
    }

    /// Notes how far the log is after a commit of our own, which may have begun it anew: what that says of the file is known.
    mutating func noteCommit(_ path: String, _ connection: SQLiteConnection) {
        guard log != nil, let state = connection.logState, Stamp(path) == stamp else { return }
        log = state
    }

    /// Notes that what lies there is no store any more.
    mutating func condemn(_ path: String) -> StoreFault {
        isForeign = true
        return .overwritten(path)
    }
}

/// The begin of a database's file as it is on the disk, past all memory (sqlite.org/fileformat2.html).
struct FileHead {
    private let bytes: [UInt8]

    /// Nil where it can't be read.
    init?(_ database: OpaquePointer) {
        var bytes = [UInt8](repeating: 0, count: 100)
        guard sqlite_shim_head(database, "ops", &bytes) == 1 else { return nil }
        self.bytes = bytes
    }

    var isWrittenAhead: Bool { bytes[18] == 2 }

    private var isDatabase: Bool { bytes.starts(with: "SQLite format 3\0".utf8) }

    /// The number that each claim of a pass counts up: `user_version`.
    private var mark: UInt32 { bytes[60..<64].reduce(0) { $0 << 8 | UInt32($1) } }

    /// Whether SQLite may have made this one of the one before.
    ///
    /// - Parameters:
    ///   - before: what was there.
    ///   - isCopied: whether anything of the log was copied into the file since.
    /// - Returns: false where somebody else wrote it.
    func follows(_ before: FileHead, isCopied: Bool) -> Bool {
        // One that was opened empty stays so until something is written to it.
        bytes == before.bytes || isDatabase && mark >= before.mark && isCopied
    }
}

/// How far a write-ahead log has come.
struct LogState {
    private let salts: [UInt32]
    private let length: UInt32
    private let copied: UInt32
    private let begun: UInt32

    /// Nil where there is none; only for a database that is written ahead.
    init?(_ database: OpaquePointer) {
        var log = [UInt32](repeating: 0, count: 5)
        guard sqlite_shim_log(database, "ops", &log) == 1 else { return nil }
        (salts, length, copied, begun) = (Array(log[..<2]), log[2], log[3], log[4])
    }

    /// Whether anything of it may have been copied into the file since an earlier look.
    func hasCopied(since before: LogState?) -> Bool {
        // Others have begun it anew, which they may once all of it was copied: also what they had added to it before that.
        guard let before, copied >= begun, salts == before.salts else { return true }
        return copied != before.copied
    }
}
