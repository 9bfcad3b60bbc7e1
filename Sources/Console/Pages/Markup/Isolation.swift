/// Keeps names that are written from right to left from turning what stands around them.
///
/// Only texts that hold such letters pay for it: all others are written as they are. What is isolated is each run of words with
/// such letters, and not the whole text, for a sentence of ours may hold a name of theirs.
enum Isolation {
    private static let (begin, end) = ("<bdi>", "</bdi>")

    /// A text, escaped, with each run of such words in an element whose direction is found from what it holds.
    static func isolated(_ text: String) -> String {
        var (result, run, gap) = ("", "", "")
        func finish() {
            if !run.isEmpty { result += marked(run) }
            result += gap
            (run, gap) = ("", "")
        }
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let word = rest.prefix { !isSpace($0) }
            rest = rest[word.endIndex...]
            if word.contains(where: \.isRightToLeft) {
                // Of a list each name stands for itself.
                let isNext =
                    run.unicodeScalars.last.map { !closing.contains($0) } == true
                    && word.first.map { !opening.contains($0) } == true
                if !isNext { finish() }
                run += gap + String(word)
                gap = ""
            } else {
                finish()
                result += HTML.escaped(String(word))
            }
            let space = rest.prefix(while: isSpace)
            rest = rest[space.endIndex...]
            gap += String(space)
            // A line ends a run: the next one begins from its own side.
            if space.contains(where: { $0 != " " }) { finish() }
        }
        finish()
        return result
    }

    /// A text that was escaped, without the elements of `isolated`; nil where it has none.
    static func removed(from source: String) -> String? {
        guard source.utf8.count > begin.utf8.count, source.contains(begin) else { return nil }
        return source.replacing(begin, with: "").replacing(end, with: "")
    }

    /// A run in its element; what a sentence puts around a name stays outside.
    private static func marked(_ run: String) -> String {
        let scalars = run.unicodeScalars
        let core = scalars.drop { opening.contains($0) }
        var last = core.endIndex
        while last > core.startIndex, closing.contains(core[core.index(before: last)]) {
            last = core.index(before: last)
        }
        let name = String(core[..<last])
        return HTML.escaped(String(scalars[..<core.startIndex])) + begin + HTML.escaped(name) + end
            + HTML.escaped(String(scalars[last...]))
    }

    private static let opening = Set("([{\"'\u{201C}".unicodeScalars)
    private static let closing = Set(".,:;!?)]}\"'\u{201D}".unicodeScalars)

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\n" || scalar == "\t" }
}

extension Unicode.Scalar {
    /// Whether it is written from right to left, or makes what stands beside it so: the blocks of such scripts (Unicode Standard
    /// Annex 9, the classes R and AL, with what Unicode keeps free for them).
    var isRightToLeft: Bool {
        switch value {
        case 0x0590...0x08FF, 0x200F, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
        default: false
        }
    }
}
