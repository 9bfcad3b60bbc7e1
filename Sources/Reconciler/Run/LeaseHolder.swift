import Glibc

/// Names a process: `host/pid`.
public enum LeaseHolder {
    /// This process.
    public static func current() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)/\(getpid())"
    }

    /// Whether a holder is a process of the same machine that does not exist any more.
    static func isGone(_ holder: String, ours: String) -> Bool {
        let theirs = holder.split(separator: "/", omittingEmptySubsequences: false)
        let own = ours.split(separator: "/", omittingEmptySubsequences: false)
        guard theirs.count >= 2, own.count >= 2, theirs[0] == own[0], let process = pid_t(theirs[1]) else {
            return false
        }
        return kill(process, 0) != 0 && errno == ESRCH
    }
}
