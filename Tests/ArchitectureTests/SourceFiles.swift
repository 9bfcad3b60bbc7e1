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
    var undocumented: [String] {
        var found: [String] = []
        var documented = false
        var protocolIndent: Int?
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let text = line.dropFirst(indent)
            if text.hasPrefix("///") {
                documented = true
                continue
            }
            if text.hasPrefix("@") && !text.contains(" func ") && !text.contains(" struct ") { continue }
            if let outer = protocolIndent, indent <= outer, text.hasPrefix("}") { protocolIndent = nil }
            let isRequirement = protocolIndent.map { indent == $0 + 4 && Self.startsRequirement(text) } ?? false
            if !documented, isRequirement || Self.needsDocumentation(text) {
                found.append("\(path):\(index + 1): \(text)")
            }
            if Self.word(after: "protocol", in: text) != nil, text.hasPrefix("public "), !text.contains("}") {
                protocolIndent = indent
            }
            documented = false
        }
        return found
    }

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
