internal import Glibc
internal import SystemShim

/// What the process was given and what it uses.
public enum ProcessEnvironment {
    /// The environment variables.
    public static func variables() -> [String: String] {
        var result: [String: String] = [:]
        guard var entry = system_environ() else { return result }
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
                result[String(pair[..<equals])] = String(pair[pair.utf8.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }

    /// Bytes of memory that are resident now; 0 where that is not known.
    public static var residentBytes: Int { Int(system_resident_bytes()) }

    /// Lets all threads share so many heaps; to be called before the second thread begins.
    ///
    /// The C library would give each thread a heap of its own, of which none uses what another has freed.
    /// It would also let ever larger blocks into them, which leave holes behind.
    ///
    /// - Parameters:
    ///   - count: how many heaps.
    ///   - largest: the size in bytes from which a block stands by itself and goes back to the system when it is freed.
    public static func limitHeaps(_ count: Int32, largest: Int32) { system_limit_heaps(count, largest) }

    /// Gives what is free in the heaps back to the system, which the C library does at their ends only.
    public static func trimHeaps() { system_trim_heaps() }

    /// Ends the process; the only way in which our programs end.
    ///
    /// `exit` would let each library take down what it has while threads of ours still use it, or end and give theirs back:
    /// libcrypto walks its list of threads without a lock then (`OPENSSL_cleanup` against `init_thread_destructor`), so
    /// that one command in some thousands that had done its work ended by a signal.
    public static func end(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }

    /// The name of the user that the process runs as, or its number where it has none.
    public static var userName: String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return "uid \(getuid())" }
        return String(cString: name)
    }
}
