import Glibc
import Store

/// Which file stands under a path: another one of the same name is another store.
struct FileIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t

    /// What a look at a path finds.
    enum Finding: Equatable {
        case file(FileIdentity)
        case nothing
        /// The look itself failed, which says nothing.
        case unknown
    }

    static func look(at path: String) -> Finding {
        var info = stat()
        if stat(path, &info) == 0 { return .file(FileIdentity(device: info.st_dev, inode: info.st_ino)) }
        return errno == ENOENT || errno == ENOTDIR ? .nothing : .unknown
    }
}

extension StoreFault {
    /// Another file stands under the name of the one that this process has open.
    static func replaced(_ path: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0052",
            message: "the store's file was replaced while this process had it open: it writes nothing more",
            place: "sqlite:\(path)",
            hint: "make the file that is there now safe to work with, then start again: reconcile store restore")
    }

    /// No file has the name of the one that this process has open; it may come back.
    static func takenAway(_ path: String) -> StoreFault {
        StoreFault(
            .unreachable, code: "STORE-0007",
            message: "the store's file can't be opened: it was taken away while this process had it open",
            place: "sqlite:\(path)",
            hint: "put it back; until this process ends, `ls -l /proc/\(getpid())/fd` shows where its content still is")
    }

    /// Something was written over the file past SQLite, such as by `cp`; what is read is in part of the one before.
    static func overwritten(_ path: String) -> StoreFault {
        StoreFault(
            .fenced, code: "STORE-0054",
            message:
                "the store's file was written over while this process had it open: it reads and writes nothing more",
            place: "sqlite:\(path)",
            hint: "stop whoever has it open, and bring the copy in place once more: reconcile store restore FILE")
    }

    /// Somebody has open what is to be replaced.
    static func inUse(_ path: String) -> StoreFault {
        StoreFault(
            .locked, code: "STORE-0053", message: "a process has the store open that is to be replaced",
            place: "sqlite:\(path)",
            hint: "stop the service first: `systemctl stop reconcile`; `fuser -v \(path)` names who it is")
    }
}
