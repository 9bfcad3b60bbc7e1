import Basics
import Testing

/// Traffic that a test recorded, kept for a look and held against the provider's specification.
public enum Recordings {
    /// Why nothing can be held against a specification here; nil where it can.
    public static let obstacle: String? = {
        guard let shared = Places.sharedDirectory else { return "the specifications are not at hand (ODOOOPS_SHARED)" }
        guard FileSystem.exists("\(shared)/tools/spec-check") else { return "\(shared)/tools/spec-check is missing" }
        guard Shell.run("python3 -c 'import openapi_schema_validator'").status == 0 else {
            return "the Python module openapi_schema_validator is missing (scripts/bootstrap test installs it)"
        }
        return nil
    }()

    /// Writes the lines to `.build/recordings/NAME.jsonl` and holds them against the specification.
    ///
    /// It is the last that a test does: where the specification is not at hand the test ends here, and is shown as
    /// skipped from here on rather than as passed.
    ///
    /// - Returns: what is wrong; nil when nothing is.
    public static func check(_ lines: [String], name: String) throws -> String? {
        let directory = "\(Places.packageRoot)/.build/recordings"
        try FileSystem.createDirectory(directory)
        let path = "\(directory)/\(name).jsonl"
        try FileSystem.write((lines.joined(separator: "\n") + "\n").utf8, to: path)
        guard let shared = Places.sharedDirectory, obstacle == nil else {
            try Test.cancel("\(name) is not held against the specification: \(obstacle ?? "")")
        }
        let result = Shell.run("python3 \(Shell.quote("\(shared)/tools/spec-check")) \(Shell.quote(path))")
        return result.status == 0 && result.output.contains("\(lines.count) passed, 0 failed") ? nil : result.output
    }
}
