extension JSON {
    /// Reads a document into a tree that remembers where each value stood, like that of a YAML file.
    ///
    /// - Throws: `JSONFault` for whatever `JSONDocument` refuses: a name that stands twice in one object too.
    public static func tree(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONFault) -> Node {
        _ = try JSONDocument(bytes, limits: limits)
        var reader = JSONTreeReader(bytes: bytes)
        return reader.value()
    }
}

/// Walks over a document that was found valid, and counts lines and columns on its way.
private struct JSONTreeReader {
    let bytes: [UInt8]
    private var index = 0
    private var line: Int32 = 1
    private var column: Int32 = 1

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func value() -> Node {
        skip { $0 <= 0x20 }
        let (line, column) = (line, column)
        let content: Node.Content
        switch next {
        case UInt8(ascii: "{"):
            var entries: [Node.Entry] = []
            while let (keyLine, keyColumn) = item(UInt8(ascii: "}")) {
                let key = text(of: token())
                skip { $0 <= 0x20 || $0 == UInt8(ascii: ":") }
                entries.append(Node.Entry(key: key, keyLine: keyLine, keyColumn: keyColumn, value: value()))
            }
            content = .map(entries)
        case UInt8(ascii: "["):
            var items: [Node] = []
            while item(UInt8(ascii: "]")) != nil { items.append(value()) }
            content = .list(items)
        case UInt8(ascii: "\""):
            content = .scalar(Node.Scalar(text: text(of: token()), isPlain: false))
        default:
            // Its words and numbers are those of YAML's core schema as well.
            content = .scalar(Node.Scalar(text: String(decoding: token(), as: UTF8.self), isPlain: true))
        }
        return Node(content, line: line, column: column)
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Goes past an opening bracket or a comma, to the next item; nil past the closing bracket.
    private mutating func item(_ end: UInt8) -> (line: Int32, column: Int32)? {
        skip { $0 <= 0x20 }
        if next != end {
            advance()
            skip { $0 <= 0x20 }
        }
        guard let byte = next, byte != end else {
            advance()
            return nil
        }
        return (line, column)
    }

    /// A string with its quotes, or a number or word.
    private mutating func token() -> ArraySlice<UInt8> {
        let start = index
        if next == UInt8(ascii: "\"") {
            advance()
            while let byte = next, byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\") { advance() }
                advance()
            }
            advance()
        } else {
            skip { $0 > 0x20 && !",:]}".utf8.contains($0) }
        }
        return bytes[start..<min(index, bytes.count)]
    }

    private func text(of token: ArraySlice<UInt8>) -> String {
        guard token.contains(UInt8(ascii: "\\")) else {
            return String(decoding: token.dropFirst().dropLast(), as: UTF8.self)
        }
        return (try? JSON.parse(Array(token)))?.stringValue ?? ""
    }

    private mutating func skip(while isPassed: (UInt8) -> Bool) { while let byte = next, isPassed(byte) { advance() } }

    private mutating func advance() {
        guard let byte = next else { return }
        index += 1
        if byte == UInt8(ascii: "\n") {
            (line, column) = (line &+ 1, 1)
        } else if byte & 0xC0 != 0x80 {
            column &+= 1
        }
    }
}
