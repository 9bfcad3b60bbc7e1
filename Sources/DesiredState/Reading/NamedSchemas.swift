/// What the lines of a file that can't be parsed say of its schema.
///
/// A document that is found by its schema is still there when it is broken: without this it would count as gone, and
/// what it wants would be wanted no more.
enum NamedSchemas {
    /// How many bytes are looked at: a schema stands near the beginning.
    private static let limit = 64 << 10
    /// The keys by which a document says what it is; the longer one first, for it begins like the other.
    private static let keys = ["schema_version", "schema", "type"].map { Array($0.utf8) }

    /// Every schema with a version that an outermost line of its key names, a comment's too, each once.
    ///
    /// Several stand in a file of several documents. Of UTF-16 the ASCII counts.
    static func find(in bytes: [UInt8]) -> [String] {
        var schemas: [String] = []
        var outermost: Int?
        let text = bytes.prefix(limit).filter { $0 != 0 }
        for line in text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            // A mark of the byte order stands before the first.
            let line = line.drop { $0 >= 0x80 }
            let content = line.drop(while: isBlank)
            let indentation = content.startIndex - line.startIndex
            guard let first = content.first else { continue }
            if first == UInt8(ascii: "#") {
                guard indentation == 0 else { continue }
            } else {
                // What only opens or parts documents says nothing of how deep the outermost keys stand.
                if first == UInt8(ascii: "%") || content.starts(with: "---".utf8) { continue }
                if content.allSatisfy({ $0 == UInt8(ascii: "{") || isBlank($0) }) { continue }
                if indentation > outermost ?? indentation { continue }
                outermost = indentation
            }
            for schema in named(by: content) where !schemas.contains(schema) { schemas.append(schema) }
        }
        return schemas
    }

    /// The schemas of a line that begins with one of the keys.
    private static func named(by line: ArraySlice<UInt8>) -> [String] {
        let content = line.drop { isBlank($0) || "#{\"'".utf8.contains($0) }
        guard let key = keys.first(where: { content.starts(with: $0) }) else { return [] }
        let rest = content.dropFirst(key.count)
        guard let next = rest.first, !isPartOfSchema(next) else { return [] }
        return rest.split { !isPartOfSchema($0) }.map { String(decoding: $0, as: UTF8.self) }.filter(hasVersion)
    }

    private static func hasVersion(_ text: String) -> Bool {
        let digits = text.utf8.reversed().prefix { (48...57).contains($0) }.count
        return digits > 0 && text.dropLast(digits).hasSuffix(".v")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isPartOfSchema(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
