import Basics

/// One way to damage a text, chosen by seed.
enum Damage: String, CaseIterable {
    case flippedBit, droppedByte, droppedLine, doubledLine, swappedLines, swappedType, doubledKey, cut, cutLine
    case indented, outdented, nested, otherUnicode, invalidUTF8

    /// The damaged text; the same for the same random numbers.
    func apply(to bytes: [UInt8], _ random: RandomSource) -> [UInt8] {
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        var bytes = bytes
        switch self {
        case .flippedBit: if !bytes.isEmpty { bytes[pick(bytes.count)] ^= UInt8(1 << pick(8)) }
        case .droppedByte: if !bytes.isEmpty { bytes.remove(at: pick(bytes.count)) }
        case .cut: bytes = Array(bytes.prefix(pick(bytes.count)))
        case .otherUnicode:
            bytes.insert(contentsOf: Self.strange[pick(Self.strange.count)].utf8, at: pick(bytes.count + 1))
        case .invalidUTF8:
            bytes.insert(contentsOf: Self.invalid[pick(Self.invalid.count)], at: pick(bytes.count + 1))
        default:
            var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
            // A text ends with its last newline, so the last piece is no line.
            let count = max(1, lines.count - 1)
            apply(to: &lines, at: pick(count), pick)
            bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        }
        return bytes
    }

    private func apply(to lines: inout [[UInt8]], at line: Int, _ pick: (Int) -> Int) {
        let last = min(lines.count, line + 1 + pick(6))
        switch self {
        case .droppedLine: lines.remove(at: line)
        case .doubledLine: lines.insert(lines[line], at: line)
        case .swappedLines: if line + 1 < lines.count { lines.swapAt(line, line + 1) }
        case .swappedType:
            guard let colon = lines[line].firstIndex(of: UInt8(ascii: ":")) else { return }
            lines[line] = Array(lines[line][...colon]) + Self.values[pick(Self.values.count)].utf8
        case .doubledKey:
            // The same key once more, in its own block or in another one.
            let other = min(lines.count - 1, line + pick(20))
            lines.insert(lines[line], at: other)
        case .cutLine: lines = Array(lines.prefix(line)) + [[]]
        case .indented: for index in line..<last { lines[index] = Array("  ".utf8) + lines[index] }
        case .outdented:
            for index in line..<last where lines[index].starts(with: "  ".utf8) { lines[index].removeFirst(2) }
        case .nested:
            let indent = lines[line].prefix { $0 == UInt8(ascii: " ") }
            let opening = Self.openings[pick(Self.openings.count)]
            let depth = 1 << pick(12)
            lines[line] = Array(indent) + Array(repeating: Array(opening.utf8), count: depth).joined() + lines[line]
        default: break
        }
    }

    private static let values = [
        "", " 7", " -1.5e9", " true", " null", " []", " {}", " text", " \"7\"", " [a, b]", " {a: b}", " [[1], {a: 2}]",
        " 99999999999999999999", " |", " >-", " &a b", " *a", " !!int x", " 2026-02-30", " ~", " \"\\u0000\"", " .nan",
    ]
    private static let openings = ["[", "{a: ", "- ", "? ", "a: ", "'", "\"", "#", "  "]
    private static let strange = [
        "\u{FEFF}", "\u{202E}", "\u{200B}", "\u{0301}", "\u{2028}", "\u{0085}", "\u{00A0}", "\u{FF1A}",
        "\u{1F468}\u{200D}\u{1F469}",
        "\u{0000}", "\u{0007}", "\u{007F}", "\u{FFFE}", "\u{10FFFF}", "\t", "\r", "\r\n", "ſ", "K", "İ", "é",
        "\u{AC00}",
    ]
    private static let invalid: [[UInt8]] = [
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80], [0x80],
        [0xFE, 0xFF, 0x00, 0x41],
    ]
}
