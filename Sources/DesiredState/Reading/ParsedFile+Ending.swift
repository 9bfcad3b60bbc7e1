import Formats

extension ParsedFile {
    /// The lines at which the last entries begin, from the outermost to the innermost, and whether that one is empty.
    var ending: (lines: [Int], isEmpty: Bool)? {
        guard var node = root else { return nil }
        var lines: [Int] = []
        while true {
            lines.append(Int(node.line))
            switch node.content {
            case .scalar(let scalar): return (lines, scalar.isPlain && scalar.text.isEmpty)
            case .list(let items):
                guard let last = items.last else { return (lines, false) }
                node = last
            case .map(let entries):
                guard let last = entries.last else { return (lines, false) }
                lines.append(Int(last.keyLine))
                node = last.value
            }
        }
    }

    /// Whether its last line closes braces or brackets: then nothing of that line was cut off.
    var endsWithBracket: Bool {
        guard case .bytes(let bytes) = source.content,
            let last = bytes.last(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") })
        else { return false }
        return last == UInt8(ascii: "}") || last == UInt8(ascii: "]")
    }
}
