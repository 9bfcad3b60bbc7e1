import Basics
import Glibc

/// Names a process: `host:boot/pid`.
public enum LeaseHolder {
    /// This process.
    ///
    /// A number of a process means something only within one boot and one namespace of processes: two containers may
    /// have one host name. So both are part of the host's name here, as eight digits.
    public static func current() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let boot = (try? FileSystem.read("/proc/sys/kernel/random/boot_id")) ?? []
        var link = [CChar](repeating: 0, count: 128)
        let length = readlink("/proc/self/ns/pid", &link, 127)
        let namespace = link.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        return "\(host):\(Digest(of: boot + namespace).hex.prefix(8))/\(getpid())"
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
