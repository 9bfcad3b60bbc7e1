import Basics
import DesiredState
import Diff
import TestKit
import Testing

/// The pages under docs/errors whose example is a document: each says what the program says of it.
///
/// `UPDATE_GOLDENS=1` writes the message of each example anew.
@Suite struct ErrorPageTests {
    /// Codes whose fault can't be shown by a document that a page can hold.
    private static let described: Set<String> = [
        "FMT-0001", "FMT-0008", "FMT-0104", "SSOT-0002", "SSOT-0041",
        // A page holds nothing that looks like a secret.
        "SSOT-0300",
    ]
    private static let directory = "\(Places.packageRoot)/docs/errors"

    @Test func everyExampleGivesItsMessage() throws {
        var described: Set<String> = []
        for name in Places.files(under: Self.directory, endingWith: ".md") where name != "README.md" {
            let code = String(name.dropLast(3))
            guard let meaning = DiagnosticCodes.meaning(of: code) else { continue }
            let text = String(decoding: try FileSystem.read("\(Self.directory)/\(name)"), as: UTF8.self)
            #expect(text.hasPrefix("# \(code): \(meaning)\n"), "\(name) should be titled: \(meaning)")
            guard let example = Example(text) else {
                described.insert(code)
                continue
            }
            guard let message = example.message(of: code) else {
                Issue.record("the example of \(name) doesn't give \(code)")
                continue
            }
            guard message != example.expected else { continue }
            guard ProcessEnvironment.variables()["UPDATE_GOLDENS"] == "1" else {
                Issue.record("\(name) should show (UPDATE_GOLDENS=1 writes it):\n\(message)")
                continue
            }
            try FileSystem.write(text.replacing(example.expected, with: message).utf8, to: "\(Self.directory)/\(name)")
        }
        #expect(described == Self.described, "an example has to be a document, where there can be one")
    }
}

/// The example of a page: its documents by path, its variables, and the message.
private struct Example {
    /// What a page gives by `--dns-records`.
    private static let observed = "live.json"
    var files: [SourceFile] = []
    var variables: [String: String] = [:]
    var expected = ""
    var listsPaths = true
    var pullRequests: PullRequestListing?
    var branches = BranchListing.known(
        ["main", "feature/a", "release/1"].map {
            Branch(name: $0, commit: String(repeating: "1", count: 40), committedAt: nil)
        })

    /// Nil where the page holds neither a document nor a variable.
    init?(_ text: String) {
        var isInside = false
        var path: String?
        var block: (name: String?, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") { isInside = line == "## Example" }
            guard isInside else { continue }
            if line.hasPrefix("```") {
                if let whole = block {
                    block = nil
                    let content = whole.lines.map { $0 + "\n" }.joined()
                    if let name = whole.name {
                        files.append(SourceFile(path: name, text: content))
                        path = nil
                    } else {
                        expected = content
                    }
                } else {
                    block = (line == "```text" ? nil : path, [])
                }
            } else if block != nil {
                block?.lines.append(line)
            } else if line.hasPrefix("`"), line.hasSuffix("`, given by `--dns-records`:") {
                path = Self.observed
            } else if line.hasPrefix("`"), line.hasSuffix("`:") {
                path = String(line.dropFirst().dropLast(2))
            } else if line.hasPrefix("With `") {
                for word in line.split(separator: "`").dropFirst().prefix(1).joined().split(separator: " ") {
                    guard let equals = word.firstIndex(of: "=") else { continue }
                    variables[String(word[..<equals])] = String(word[word.index(after: equals)...])
                }
            } else if line.contains("paths of the commit aren't listed") {
                listsPaths = false
            } else if line.contains("pull requests can't be read") {
                pullRequests = PullRequestListing(open: [], fault: "no connection")
            } else if line.contains("branches can't be read") {
                branches = .unknown(reason: "no connection")
            }
        }
        guard !files.isEmpty || !variables.isEmpty else { return nil }
    }

    /// As `reconcile validate` or `reconcile gates` print the first one of that code.
    func message(of code: String) -> String? {
        let observed = files.first { $0.path == Self.observed }
        let files = files.filter { $0.path != Self.observed }
        var tree = SourceTree(
            revision: "r", files: files, branches: branches,
            listing: listsPaths ? PathListing(files.map(\.path)) : nil)
        tree.pullRequests = pullRequests
        guard let now = Timestamp(date: "2026-07-01") else { return nil }
        let isGate = code.hasPrefix("GATE-")
        let state = readDesiredState(tree)
        let found =
            isGate
            ? evaluateGates(tree, GateInputs(variables: variables, now: now, dnsRecords: Self.observation(observed)))
                .flatMap(\.findings)
            : (state.diagnostics + state.dueDiagnostics(at: now) + state.surfaceDiagnostics(at: now)).sorted()
        guard let diagnostic = found.first(where: { $0.code == code }) else { return nil }
        var line: String?
        if let mark = diagnostic.mark, case .bytes(let bytes)? = files.first(where: { $0.path == mark.file })?.content {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            line = lines.indices.contains(mark.line - 1) ? String(lines[mark.line - 1]) : nil
        }
        return DiagnosticText.render(diagnostic, sourceLine: isGate ? nil : line, style: TextStyle(width: 120))
    }

    private static func observation(_ file: SourceFile?) -> GateInputs.Observation? {
        guard let file, case .bytes(let bytes) = file.content else { return nil }
        return GateInputs.Observation(name: file.path, bytes: bytes)
    }
}
