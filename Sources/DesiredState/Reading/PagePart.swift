import Formats

/// A part of a page in Markdown, as far as its readers tell them apart.
enum PagePart {
    /// What stands between two fences.
    case example(PageExample)
    /// Without blanks before it.
    case heading(Substring)
    /// A whole line of a table; the one above its rule is the header.
    case row(Substring, isHeader: Bool)
    /// Any other whole line.
    case other(Substring)

    /// The parts of a page in their order, each with the number of its line: an example with that of its last fence.
    static func all(in bytes: [UInt8]) -> [(part: PagePart, line: Int)] {
        // To Swift both bytes of a line break of Windows are one character.
        let lines = String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false) {
            $0 == "\n" || $0 == "\r\n"
        }
        var parts: [(part: PagePart, line: Int)] = []
        var example: (first: Int, lines: [Substring])?
        func add(_ part: PagePart, _ index: Int) { parts.append((part, index + 1)) }
        for (index, line) in lines.enumerated() {
            let text = line.drop { $0 == " " || $0 == "\t" }
            if text.hasPrefix("```") {
                if let example { add(.example(PageExample(example.lines, first: example.first)), index) }
                example = example == nil ? (index + 2, []) : nil
            } else if example != nil {
                example?.lines.append(line)
            } else if text.hasPrefix("#") {
                add(.heading(text), index)
            } else if text.hasPrefix("|") {
                let isHeader = lines.indices.contains(index + 1) && isRule(lines[index + 1])
                add(.row(line, isHeader: isHeader), index)
            } else {
                add(.other(line), index)
            }
        }
        return parts
    }

    /// The line below a table's head.
    private static func isRule(_ line: Substring) -> Bool {
        line.contains("-") && line.allSatisfy { " \t|:-".contains($0) }
    }
}

/// An example in a page.
struct PageExample {
    let lines: [Substring]
    /// The number of its first line.
    let first: Int
    /// How far all of it is indented.
    let indent: Int

    init(_ lines: [Substring], first: Int) {
        self.lines = lines
        self.first = first
        indent = lines.filter { !$0.allSatisfy(\.isWhitespace) }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    }

    /// Read as YAML; its nodes count their lines from the example's first, their columns from its indentation.
    var root: Node? {
        let text = lines.map { $0.dropFirst(indent) }.joined(separator: "\n") + "\n"
        return YAML.parse(Array(text.utf8), file: "").root
    }
}
