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
    ///   - sources: the documents, by their paths below a root.
    ///   - managed: those of them that a domain reads.
    ///   - count: how many files the tree holds at least, unless none of them can stand there again.
    /// - Returns: the tree, with an object id for each file.
    static func make(_ sources: [(path: String, bytes: [UInt8])], managed: Set<String>, count: Int) -> SourceTree {
        let originals = sources.filter { source in
            managed.contains(source.path) && source.path != index
                && folders.contains { folder in
                    source.path.hasPrefix(folder) && !source.path.dropFirst(folder.utf8.count).contains("/")
                }
        }
        var files: [SourceFile] = []
        var rows = ""
        var copy = 0
        while !originals.isEmpty, sources.count + files.count < count {
            copy += 1
            for source in originals {
                let path = "\(source.path.dropLast(".yaml".utf8.count))_c\(copy).yaml"
                if path.hasPrefix("integrations/") {
                    let id = path.dropFirst("integrations/".utf8.count).dropLast(".yaml".utf8.count)
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
        let ending = Array("_c\(copy)".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 1_024)
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }
            if text.starts(with: "id: ".utf8) || text.starts(with: "name: ".utf8), let last = line.last {
                let isQuoted = last == UInt8(ascii: "\"") || last == UInt8(ascii: "'")
                result += isQuoted ? line.dropLast() + ending + [last] : line + ending
            } else {
                result += line
            }
            result.append(10)
        }
        return result.dropLast()
    }

    /// The same book with each entry of its sections nine times more, under other ids.
    private static func tenfold(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var section: [ArraySlice<UInt8>] = []
        func end() {
            for copy in 1..<10 {
                for line in section {
                    let depth = line.prefix { $0 == 32 }.count
                    if depth == 2, let first = line.dropFirst(2).first, first != UInt8(ascii: "#"),
                        let colon = line.firstIndex(of: UInt8(ascii: ":"))
                    {
                        result += line[..<colon] + Array("_c\(copy)".utf8) + line[colon...]
                    } else {
                        result += line
                    }
                    result.append(10)
                }
            }
            section = []
        }
        var isSection = false
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            if let first = line.first, first != 32, first != UInt8(ascii: "#") {
                end()
                isSection = ["secrets:", "v2_entries:", "inventory:"].contains { line.starts(with: $0.utf8) }
            } else if isSection {
                section.append(line)
            }
            result += line
            result.append(10)
        }
        end()
        return result.dropLast()
    }
}
