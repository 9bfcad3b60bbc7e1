import Basics
import DesiredState

/// A tree of as many files as the tenfold one of which the domains read nearly all: what their own reading costs.
///
/// Documents of folders in which each stands for itself stand there again under other names, and with other names in
/// them; the registry and the inventory of secrets hold ten times their entries.
enum ManagedTree {
    private static let folders = ["integrations/", "advisor/rulepacks/", "advisor/rubrics/", "advisor/workbooks/"]
    private static let books = ["secrets/registry.yaml", "secrets/inventory.yaml"]
    private static let index = "integrations/_index.yaml"

    /// Puts the tree together.
    ///
    /// - Parameters:
    ///   - sources: the real documents, by their paths below a root.
    ///   - managed: those of them that a domain reads.
    ///   - count: how many files the tree holds at least.
    /// - Returns: the tree, with an object id for each file.
    static func make(_ sources: [(path: String, bytes: [UInt8])], managed: Set<String>, count: Int) -> SourceTree {
        let copied = sources.filter { source in
            managed.contains(source.path) && source.path != index
                && folders.contains { folder in
                    source.path.hasPrefix(folder) && !source.path.dropFirst(folder.utf8.count).contains("/")
                }
        }
        var files: [SourceFile] = []
        var rows = ""
        for copy in 1... where !copied.isEmpty && sources.count + files.count < count {
            for source in copied {
                let stem = source.path.split(separator: ".")[0]
                let path = "\(stem)_c\(copy).yaml"
                if path.hasPrefix("integrations/") {
                    let id = path.split(separator: "/").last.map { $0.prefix { $0 != "." } } ?? ""
                    rows += "  - {id: \(id), file: ssot/\(path), status: planned}\n"
                }
                files.append(file(path, renamed(source.bytes, copy)))
            }
        }
        files += sources.map { source in
            if source.path == index { return file(source.path, source.bytes + Array(rows.utf8)) }
            return file(source.path, books.contains(source.path) ? tenfold(source.bytes) : source.bytes)
        }
        return SourceTree(
            revision: String(repeating: "0", count: 40), files: files.sorted { $0.path.precedesByBytes($1.path) },
            branches: .known([Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil)]))
    }

    private static func file(_ path: String, _ bytes: [UInt8]) -> SourceFile {
        SourceFile(path: "ssot/\(path)", content: .bytes(bytes), objectID: Digest(of: bytes).hex)
    }

    /// The same document with other ids and names.
    private static func renamed(_ bytes: [UInt8], _ copy: Int) -> [UInt8] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }
            guard ["id: ", "name: "].contains(where: { text.starts(with: $0.utf8) }), let last = line.last else {
                return Array(line)
            }
            let isQuoted = last == UInt8(ascii: "\"") || last == UInt8(ascii: "'")
            return Array(isQuoted ? line.dropLast() : line) + Array("_c\(copy)".utf8) + (isQuoted ? [last] : [])
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// The same book with each entry of its sections nine times more, under other ids.
    private static func tenfold(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var entries: [[UInt8]] = []
        func end() {
            for copy in 1..<10 {
                for line in entries {
                    let isEntry = line.count > 3 && line[0] == 32 && line[1] == 32 && line[2] != 32 && line[2] != 35
                    guard isEntry, let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                        result += line + [10]
                        continue
                    }
                    result += line[..<colon] + Array("_c\(copy)".utf8) + line[colon...] + [10]
                }
            }
            entries = []
        }
        var isBook = false
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false).map({ Array($0) }) {
            if let first = line.first, first != 32, first != 35 {
                end()
                isBook = ["secrets:", "v2_entries:", "inventory:"].contains { line.starts(with: $0.utf8) }
            } else if isBook {
                entries.append(line)
            }
            result += line + [10]
        }
        end()
        return result
    }
}
