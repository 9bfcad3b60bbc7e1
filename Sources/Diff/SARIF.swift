public import Basics
import DesiredState
public import Formats

/// Diagnostics as a SARIF 2.1.0 log, which code hosts show beside the lines of a change.
///
/// OASIS, Static Analysis Results Interchange Format 2.1.0.
public enum SARIF {
    /// One log with one run.
    ///
    /// Rules are those of the diagnostics that there are, by code; places are relative to the top of the repository,
    /// and columns count Unicode code points. `page` gives the text about a code, in Markdown, as code hosts show it: a
    /// link into our own documentation would lead into the repository that is looked at.
    public static func log(
        _ diagnostics: [Diagnostic], version: String, page: (String) -> String? = { _ in nil }
    ) -> Value {
        let codes = Set(diagnostics.map(\.code)).sorted { $0.precedesByBytes($1) }
        let indices = Dictionary(codes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let levels = Dictionary(diagnostics.map { ($0.code, $0.severity) }, uniquingKeysWith: { min($0, $1) })
        let driver: Value = .object([
            "name": "reconcile", "semanticVersion": .string(version),
            "rules": .list(codes.map { rule($0, levels[$0] ?? .note, page: page($0)) }),
        ])
        return .object([
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [
                .object([
                    "tool": .object(["driver": driver]), "columnKind": "unicodeCodePoints",
                    "invocations": [.object(["executionSuccessful": true])],
                    "results": .list(diagnostics.map { result($0, indices[$0.code] ?? 0) }),
                ])
            ],
        ])
    }

    private static func rule(_ code: String, _ severity: Diagnostic.Severity, page: String?) -> Value {
        let meaning = DiagnosticCodes.meaning(of: code) ?? code
        let advice = "For more: reconcile explain \(code)"
        return .object([
            "id": .string(code), "shortDescription": text(meaning),
            "help": .object([
                "text": .string("\(meaning) \(advice)"), "markdown": .string(page ?? "\(meaning) `\(advice)`"),
            ]),
            "defaultConfiguration": .object(["level": .string(severity.rawValue)]),
        ])
    }

    private static func result(_ diagnostic: Diagnostic, _ index: Int) -> Value {
        var result = Value.Object()
        result["ruleId"] = .string(diagnostic.code)
        result["ruleIndex"] = .int(Int64(index))
        result["level"] = .string(diagnostic.severity.rawValue)
        result["message"] = text(diagnostic.message + (diagnostic.hint.map { "\n\($0)" } ?? ""))
        if let mark = diagnostic.mark { result["locations"] = [.object(["physicalLocation": place(mark)])] }
        let related = diagnostic.notes.enumerated().compactMap { number, note in
            note.mark.map { mark in
                Value.object([
                    "id": .int(Int64(number + 1)), "message": text(note.message), "physicalLocation": place(mark),
                ])
            }
        }
        if !related.isEmpty { result["relatedLocations"] = .list(related) }
        return .object(result)
    }

    private static func text(_ text: String) -> Value { .object(["text": .string(text)]) }

    private static func place(_ mark: SourceMark) -> Value {
        .object([
            "artifactLocation": .object(["uri": .string(uri(mark.file)), "uriBaseId": "%SRCROOT%"]),
            "region": .object([
                "startLine": .int(Int64(max(1, mark.line))), "startColumn": .int(Int64(max(1, mark.column))),
            ]),
        ])
    }

    /// The path as a relative reference (RFC 3986): what has a meaning in one is written as `%XX`.
    private static func uri(_ path: String) -> String {
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case 45...57, 65...90, 95, 97...122, 126: bytes.append(byte)
            default: bytes += "%\(Hex.encode([byte]).uppercased())".utf8
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
