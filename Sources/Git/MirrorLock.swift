internal import Basics
import Glibc

/// The right to change one cache, held by one fetch of one process at a time.
///
/// The system gives it back when the holder ends, however it ends.
struct MirrorLock: ~Copyable {
    private let descriptor: CInt

    /// Waits for the lock until `end`, an instant of the monotonic clock.
    ///
    /// - Throws: `GitFault` `GIT-0010` when another fetch holds it until then, `GIT-0009` when it can't be made.
    init(path: String, until end: Duration) throws(GitFault) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .notWritable(path, errno) }
        FileSystem.takeOwner(descriptor, at: path)
        // A file lock has no time-out of its own.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .notWritable(path, errno) }
            guard SystemTime().uptime < end else { throw .busy(path) }
            usleep(10_000)
        }
    }

    deinit { close(descriptor) }

    /// Gives it back; being told so, it lives until then.
    consuming func release() {}
}

extension GitFault {
    static func notWritable(_ path: String, _ number: CInt) -> GitFault {
        notWritable(path, String(cString: strerror(number)))
    }

    static func notWritable(_ path: String, _ reason: String) -> GitFault {
        GitFault(
            .cacheNotWritable, "the repository's cache can't be written: \(reason)", place: path,
            hint: "give this user the right to write there, and look for space: df -h \(path.shellQuoted)")
    }

    static func busy(_ path: String) -> GitFault {
        GitFault(
            .busy, "another process is fetching this repository and did not finish in time", place: path,
            hint: "see who holds it: fuser -v \(path.shellQuoted)")
    }

    static func deadline(_ address: GitAddress, _ stage: FetchRequest.Stage, _ deadline: Duration) -> GitFault {
        let doing =
            switch stage {
            case .lock: "while it waited for another fetch"
            case .open: "while the cache was opened"
            case .connect: "before the remote answered"
            case .download: "while objects were received"
            case .write: "while references were written"
            }
        return GitFault(
            .deadlinePassed, "the fetch was stopped after \(deadline.shortText), \(doing)", place: address.display,
            hint: "see whether the remote answers: \(address.probe)")
    }
}

extension GitAddress {
    /// A command with which a person sees whether the remote answers.
    var probe: String { "git ls-remote \(display.shellQuoted)" }

    var effectivePort: Int {
        switch kind {
        case .http(let secure): port ?? (secure ? 443 : 80)
        case .ssh: port ?? 22
        case .local: 0
        }
    }
}
