import Basics
public import Testing

/// Compares a text with the file `Goldens/<name>` beside the test that calls.
///
/// `UPDATE_GOLDENS=1` rewrites the files; where `CI` is set that is refused.
public func expectGolden(
    _ text: String, _ name: String, file: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) {
    let directory = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let path = "\(directory)/Goldens/\(name)"
    let environment = ProcessEnvironment.variables()
    if environment["UPDATE_GOLDENS"] == "1" {
        guard environment["CI"] == nil else {
            Issue.record("goldens are not rewritten where CI is set", sourceLocation: sourceLocation)
            return
        }
        do {
            try FileSystem.createDirectory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
            try FileSystem.write(text.utf8, to: path)
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
        return
    }
    guard let bytes = try? FileSystem.read(path) else {
        Issue.record("the golden file \(name) is missing: run with UPDATE_GOLDENS=1", sourceLocation: sourceLocation)
        return
    }
    let golden = String(decoding: bytes, as: UTF8.self)
    guard golden != text else { return }
    let old = golden.split(separator: "\n", omittingEmptySubsequences: false)
    let new = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    Issue.record(
        """
        \(name) differs from line \(line + 1) on (UPDATE_GOLDENS=1 accepts the new text)
        golden: \(line < old.count ? String(old[line]) : "(end)")
        now:    \(line < new.count ? String(new[line]) : "(end)")
        """, sourceLocation: sourceLocation)
}
