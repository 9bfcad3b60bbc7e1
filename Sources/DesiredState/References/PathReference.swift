import Basics

/// A path of the repository that a document names, in a value or in a comment.
struct PathReference: Sendable, Hashable {
    /// Without `./` and `../` before it.
    let path: String
    /// How many folders above that of its document it begins, for `./` and `../`; nil where it begins at the top.
    let steps: Int8?
    let line: Int32
    let column: Int32

    func mark(in file: String) -> SourceMark { SourceMark(file: file, line: Int(line), column: Int(column)) }

    /// Where it may lead from a document: `./x` is written of the top of the repository and of the document's folder alike.
    ///
    /// Nothing where it leads out of the repository.
    func targets(from file: String) -> [String] {
        guard let steps else { return [path] }
        var folders = file.split(separator: "/").dropLast()
        guard folders.count >= steps else { return [] }
        folders = folders.dropLast(Int(steps))
        let beside = (folders + [Substring(path)]).joined(separator: "/")
        return steps == 0 && path.contains("/") && beside != path ? [path, beside] : [beside]
    }

    /// Every text of a file that has the form of a path to a file: a slash, and an ending with a letter in it.
    ///
    /// Patterns, placeholders and addresses are none. Whether the first part is a folder of this repository is for
    /// whoever knows its folders.
    static func scan(_ bytes: [UInt8]) -> [PathReference] {
        bytes.withUnsafeBufferPointer { bytes in
            var found: [PathReference] = []
            // The place of what was found last: lines and columns are counted only up to what is a path, and once.
            var (line, column, counted) = (Int32(1), 1, 0)
            var index = 0
            while let slash = bytes.firstIndex(of: UInt8(ascii: "/"), in: index..<bytes.count) {
                var start = slash
                while start > index, isPart(bytes[start - 1]) { start -= 1 }
                index = slash + 1
                while index < bytes.count, isPart(bytes[index]) { index += 1 }
                guard start == 0 || !isForeign(bytes[start - 1]), index == bytes.count || !isForeign(bytes[index]),
                    let (path, steps) = path(UnsafeBufferPointer(rebasing: bytes[start..<index]))
                else { continue }
                while let end = bytes.firstIndex(of: UInt8(ascii: "\n"), in: counted..<start) {
                    (line, column, counted) = (line &+ 1, 1, end + 1)
                }
                while counted < start {
                    if bytes[counted] & 0xC0 != 0x80 { column += 1 }
                    counted += 1
                }
                found.append(
                    PathReference(path: path, steps: steps, line: line, column: Int32(clamping: column)))
            }
            return found
        }
    }

    /// Letters, digits and `._-/`.
    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 45...57, 65...90, 95, 97...122: true
        default: false
        }
    }

    /// What makes the text beside it a pattern, a placeholder, an address of a person, or a part of another name.
    private static func isForeign(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x80..., UInt8(ascii: "*"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "$"), UInt8(ascii: "@"), UInt8(ascii: "\\"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    /// The text without what belongs to the sentence around it; nil where it is no path to a file.
    private static func path(_ text: UnsafeBufferPointer<UInt8>) -> (path: String, steps: Int8?)? {
        let dot = UInt8(ascii: ".")
        var part = text[...]
        while part.last == dot || part.last == UInt8(ascii: "-") { part = part.dropLast() }
        var steps: Int8?
        while steps ?? 0 < 20 {
            if part.starts(with: "./".utf8) {
                part = part.dropFirst(2)
                steps = steps ?? 0
            } else if part.starts(with: "../".utf8) {
                part = part.dropFirst(3)
                steps = (steps ?? 0) + 1
            } else {
                break
            }
        }
        guard let first = part.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "-") else { return nil }
        // A name without a folder is a path only where something says so.
        guard let start = part.lastIndex(of: UInt8(ascii: "/")).map({ $0 + 1 }) ?? steps.map({ _ in part.startIndex }),
            start < part.endIndex, let point = part[start...].lastIndex(of: dot), point > start
        else { return nil }
        let ending = part[(point + 1)...]
        guard !ending.isEmpty, ending.count <= 10,
            ending.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }),
            ending.contains(where: { $0 >= 65 })
        else { return nil }
        for name in part.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if name.isEmpty || name.elementsEqual("..".utf8) || name.elementsEqual(".".utf8) { return nil }
        }
        return (String(decoding: part, as: UTF8.self), steps)
    }
}
