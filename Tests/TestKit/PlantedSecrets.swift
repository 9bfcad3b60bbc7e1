import Basics
import Glibc

/// The secrets that tests plant, and the search for them in what is left behind.
///
/// Every credential, secret value, password and cookie of a test has the word `canary-` in it. `scripts/hunt` looks for it
/// in the output and the recordings of a whole run, and each `TemporaryDirectory` in itself before it goes.
public enum PlantedSecrets {
    /// The word as it is, in base64 at each of its three alignments, and in hexadecimal digits.
    public static let marks = ["canary-", "canary0", "Y2FuYXJ5", "NhbmFyeS", "jYW5hcnkt", "63616e6172792d"]

    // What people have written themselves, and what a simulated provider remembers: secrets may stand there. And programs
    // that were installed: the conformance test of drivers in them has a word of its own.
    private static let exempt: Set<String> = ["git", ".git", "ssot", "world.json", "state.json", "bin"]

    /// The files below a directory that hold one, sorted; what is planted by name of the file is left out.
    public static func places(below directory: String, also others: [String] = []) -> [String] {
        let needles = (marks + others).map { Array($0.utf8) }
        var found: [String] = []
        var rest = [directory]
        while let path = rest.popLast() {
            for name in FileSystem.list(path) where !exempt.contains(name) {
                let child = "\(path)/\(name)"
                var status = stat()
                guard lstat(child, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: rest.append(child)
                case S_IFREG:
                    if let bytes = try? FileSystem.read(child), holdsAny(of: needles, bytes) { found.append(child) }
                default: break
                }
            }
        }
        return found.sorted()
    }

    /// Whether a text holds one.
    public static func isHeld(in text: String, also others: [String] = []) -> Bool {
        holdsAny(of: (marks + others).map { Array($0.utf8) }, Array(text.utf8))
    }

    private static func holdsAny(of needles: [[UInt8]], _ bytes: [UInt8]) -> Bool {
        needles.contains { needle in
            bytes.withUnsafeBytes { bytes in
                var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
                while rest.count >= needle.count, let start = rest.baseAddress,
                    let hit = memchr(start, CInt(needle[0]), rest.count - needle.count + 1)
                {
                    if memcmp(hit, needle, needle.count) == 0 { return true }
                    rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(hit) - start + 1)...])
                }
                return false
            }
        }
    }

    /// Says where one was found, never what it is; `scripts/hunt` knows these words.
    static func report(_ places: [String]) {
        for place in places { StandardStreams.error("planted secret found: \(place)\n") }
    }
}
