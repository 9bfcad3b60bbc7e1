import Basics

/// Traffic that a test recorded, kept for a look and held against the provider's specification.
public enum Recordings {
    /// Writes the lines to `.build/recordings/NAME.jsonl` and holds them against the specification.
    ///
    /// - Returns: what is wrong; nil when nothing is, or when the specification is not at hand.
    public static func check(_ lines: [String], name: String) throws -> String? {
        let directory = "\(Places.packageRoot)/.build/recordings"
        try FileSystem.createDirectory(directory)
        let path = "\(directory)/\(name).jsonl"
        try FileSystem.write((lines.joined(separator: "\n") + "\n").utf8, to: path)
        guard let shared = Places.sharedDirectory,
            Shell.run("python3 -c 'import openapi_schema_validator'").status == 0
        else { return nil }
        let result = Shell.run("python3 \(Shell.quote("\(shared)/tools/spec-check")) \(Shell.quote(path))")
        return result.status == 0 && result.output.contains("\(lines.count) passed, 0 failed") ? nil : result.output
    }
}
