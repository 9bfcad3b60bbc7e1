import Basics
import TestKit

/// One Swift file of the package as the architecture tests see it.
struct SourceFile: Sendable {
    /// Relative to the package's root.
    let path: String
    let lines: [Substring]

    static func all(under directories: String...) throws -> [SourceFile] {
        try directories.flatMap { directory in
            let root = "\(Places.packageRoot)/\(directory)"
            return try Places.files(under: root, endingWith: ".swift").map { path in
                let text = String(decoding: try FileSystem.read("\(root)/\(path)"), as: UTF8.self)
                return SourceFile(
                    path: "\(directory)/\(path)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
            }
        }
    }

    /// The modules that it imports, with their lines.
    var imports: [(line: Int, module: String)] {
        lines.enumerated().compactMap { index, line in
            let words = line.split(separator: " ").filter { word in
                !word.hasPrefix("@") && !["public", "package", "internal", "private", "fileprivate"].contains(word)
            }
            guard words.first == "import", words.count > 1 else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
            return (index + 1, String(name.prefix { $0 != "." && $0 != ";" }))
        }
    }

    /// The declarations that need a doc comment and have none: `path:line: text`.
    ///
    /// A function that fulfils a requirement of a protocol need not repeat the contract that stands there.
    func undocumented(fulfilling requirements: Set<String>) -> [String] {
        declarations.filter { declaration in
            !declaration.isDocumented
                && (declaration.isRequirement
                    || Self.needsDocumentation(declaration.text)
                        && !requirements.contains(Self.function(declaration.text) ?? ""))
        }.map { "\(path):\($0.line): \($0.text)" }
    }

    /// The functions that the public protocols of this file require.
    var requirements: [String] { declarations.filter(\.isRequirement).compactMap { Self.function($0.text) } }

    private struct Declaration {
        let line: Int
        let text: Substring
        let isDocumented: Bool
        let isRequirement: Bool
    }

    /// Every line that could be a declaration, with what stands around it.
    private var declarations: [Declaration] {
        var found: [Declaration] = []
        var isDocumented = false
        var protocolIndent: Int?
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let text = line.dropFirst(indent)
            if text.hasPrefix("///") {
                isDocumented = true
                continue
            }
            if text.hasPrefix("@") && !text.contains(" func ") && !text.contains(" struct ") { continue }
            if let outer = protocolIndent, indent <= outer, text.hasPrefix("}") { protocolIndent = nil }
            let isRequirement = protocolIndent.map { indent == $0 + 4 && Self.startsRequirement(text) } ?? false
            found.append(
                Declaration(line: index + 1, text: text, isDocumented: isDocumented, isRequirement: isRequirement))
            if Self.word(after: "protocol", in: text) != nil, text.hasPrefix("public "), !text.contains("}") {
                protocolIndent = indent
            }
            isDocumented = false
        }
        return found
    }

    private static func function(_ text: Substring) -> String? { word(after: "func", in: text).map { String($0) } }

    private static func startsRequirement(_ text: Substring) -> Bool {
        ["func ", "static func ", "mutating func ", "var ", "static var ", "init(", "subscript", "associatedtype "]
            .contains { text.hasPrefix($0) }
    }

    /// A public type or function; operators and what only fulfils a protocol of the standard library speak for themselves.
    private static func needsDocumentation(_ text: Substring) -> Bool {
        guard text.hasPrefix("public ") else { return false }
        for kind in ["struct", "class", "enum", "actor", "protocol"] where word(after: kind, in: text) != nil {
            return true
        }
        guard let name = word(after: "func", in: text), let first = name.first else { return false }
        let fulfilling: Set<Substring> = ["next", "makeIterator", "hash", "encode", "callAsFunction"]
        return (first.isLetter || first == "_") && !fulfilling.contains(name)
    }

    /// The name that a declaration of a kind gives; nil when the line is no such declaration.
    private static func word(after kind: String, in text: Substring) -> Substring? {
        let modifiers: Set<Substring> = [
            "public", "final", "indirect", "static", "class", "mutating", "nonmutating", "consuming", "borrowing",
            "nonisolated",
        ]
        var words = text.split(separator: " ")[...]
        while let word = words.first, word != kind, modifiers.contains(word) || word.hasPrefix("@") {
            words = words.dropFirst()
        }
        guard words.first.map(String.init) == kind, let name = words.dropFirst().first else { return nil }
        return name.prefix { $0 != "(" && $0 != "<" && $0 != ":" && $0 != "{" }
    }
}
