import Basics
import CSQLite

/// How long the write-ahead log of a file is, and when it is time to copy it into the file.
///
/// SQLite would copy it within a commit, which then takes many times as long as others. It is done beside them instead.
final class WriteAheadLog: Sendable {
    private struct State {
        var pages = 0
        /// How long it was when it was last copied; it begins anew after that.
        var copiedAt = 0
        var isBeingCopied = false
    }

    /// The length at which it is copied, in pages.
    static let longest = 1_000
    /// The length at which a commit copies it after all.
    static let utmost = 16_000

    private let state = Locked(State())

    func note(pages: Int) {
        state.withLock { state in
            if pages < state.pages { state.copiedAt = 0 }
            state.pages = pages
        }
    }

    /// Whether the caller has to copy it now, and to call `copied()` then.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isBeingCopied, state.pages - state.copiedAt >= Self.longest else { return false }
            state.isBeingCopied = true
            return true
        }
    }

    func copied() {
        state.withLock { state in
            state.isBeingCopied = false
            state.copiedAt = state.pages
        }
    }
}

/// Called by SQLite after each commit.
let noteLogLength: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
    context, database, name, pages in
    guard let context else { return SQLITE_OK }
    Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue().note(pages: Int(pages))
    if pages >= WriteAheadLog.utmost {
        sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    }
    return SQLITE_OK
}
