import Glibc

/// Programs that tests need beside the package.
public enum Shell {
    /// Runs a command line by `/bin/sh` and returns its exit status and all that it printed.
    @discardableResult
    public static func run(_ line: String) -> (status: Int32, output: String) {
        guard let stream = popen("exec 2>&1; \(line)", "re") else { return (-1, "popen failed") }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, stream)
            if count == 0 { break }
            output += chunk[0..<count]
        }
        let status = pclose(stream)
        return (status & 0x7F == 0 ? status >> 8 & 0xFF : -1, String(decoding: output, as: UTF8.self))
    }

    /// The text as one word of a command line.
    public static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Whether a program is on the PATH.
    public static func has(_ program: String) -> Bool { run("command -v \(quote(program))").status == 0 }
}
