/// The stretch of a private key in PEM or in the armour of PGP, whole or with its end cut off.
///
/// A marker alone, as a rule of a scanner names it, is no key: what follows it has to look like one. What follows a key
/// that was cut off stays readable: the block goes on only as far as its lines look like those of a key.
extension SecretScanner {
    private static let keyBegin = Array("-----BEGIN ".utf8)
    private static let keyEnd = Array("-----END ".utf8)
    private static let keyName = Array("PRIVATE KEY".utf8)
    private static let hyphens = Array("-----".utf8)
    /// What may stand before the lines of a key and is no part of it (RFC 1421, RFC 4880).
    private static let keyHeaders = [
        "Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Hash:", "Charset:", "MessageID:",
    ]
    .map { Array($0.utf8) }
    /// So many characters in a row no word has; a key of fewer is none.
    private static let leastKey = 16
    /// So many a whole line of a key has at the least.
    private static let wholeKeyLine = 40

    /// From the marker to the end of the key; nil where no key follows the marker.
    func privateKey(at index: Int) -> Range<Int>? {
        guard has(Self.keyBegin, at: index) else { return nil }
        let nameEnd = run(from: index + Self.keyBegin.count) { $0 != UInt8(ascii: "-") && $0 != 0x0A }
        guard text[index..<nameEnd].firstRange(of: Self.keyName) != nil else { return nil }
        let start = min(run(from: nameEnd) { $0 == UInt8(ascii: "-") }, nameEnd + Self.hyphens.count)
        let keyEnd = materialEnd(from: start)
        if let marker = endMarker(from: start), reaches(marker, from: start, keyEnd) {
            // The end's own hyphens are the last of it: in a quoted text on one line, more of that line follows.
            let end = run(from: marker + Self.keyEnd.count) { $0 != 0x0A && $0 != UInt8(ascii: "-") }
            return index..<min(run(from: end) { $0 == UInt8(ascii: "-") }, end + Self.hyphens.count)
        }
        return keyEnd.map { index..<$0 }
    }

    /// Where the key's own end stands; nil where another key begins before, or there is none.
    private func endMarker(from start: Int) -> Int? {
        var index = start
        while index < text.count {
            if text[index] == UInt8(ascii: "-") {
                if has(Self.keyEnd, at: index) { return index }
                if has(Self.keyBegin, at: index) { return nil }
            }
            index += 1
        }
        return nil
    }

    /// Whether an end is that of this key, and not of another one that is only spoken of.
    private func reaches(_ marker: Int, from start: Int, _ keyEnd: Int?) -> Bool {
        guard let keyEnd else { return hasRun(of: Self.leastKey, in: start..<marker) }
        guard keyEnd < marker else { return true }
        return text[keyEnd..<marker].allSatisfy { isTail($0) || $0 == 0x0A }
            || hasRun(of: Self.wholeKeyLine, in: keyEnd..<marker)
    }

    // MARK: What looks like a key

    /// Where what looks like a key ends; nil where nothing after the marker does.
    private func materialEnd(from start: Int) -> Int? {
        var rest = start
        while rest < text.count, text[rest] != 0x0A, !isQuote(text[rest]), !has(Self.hyphens, at: rest) { rest += 1 }
        var found: Int?
        if hasRun(of: Self.leastKey, in: start..<rest) || isEscapedLine(start, rest) {
            found = rest
            // The quote's own backslash stays with it.
            while let end = found, end > start, rest < text.count, isQuote(text[rest]),
                text[end - 1] == UInt8(ascii: "\\")
            { found = end - 1 }
        } else if !text[start..<rest].allSatisfy(isTail) {
            return nil
        }
        guard rest < text.count else { return found }
        if isQuote(text[rest]) {
            // To the next marker: each looks at its own part of a line alone.
            var line = rest
            while line < text.count, text[line] != 0x0A, !has(Self.hyphens, at: line) { line += 1 }
            if let last = lastRun(of: Self.wholeKeyLine, in: rest..<line) { found = last }
            // A text put together of one quoted piece a line goes on.
            guard line < text.count, text[line] == 0x0A, text[rest..<line].allSatisfy(isDecoration) else {
                return found
            }
            return lines(from: line, areBare: false) ?? found
        }
        return text[rest] == 0x0A ? lines(from: rest, areBare: true) ?? found : found
    }

    /// Where the last line ends that looks like one of a key.
    ///
    /// - Parameters:
    ///   - start: at the end of the line before.
    ///   - areBare: whether a line may be of the key that holds nothing else, however short it is.
    /// - Returns: nil where the first line doesn't.
    private func lines(from start: Int, areBare: Bool) -> Int? {
        var found: Int?
        var isLast = false
        var position = start
        while position < text.count, !isLast {
            let first = run(from: position + 1, isSpace)
            let line = run(from: first) { $0 != 0x0A }
            defer { position = line }
            if has(Self.hyphens, at: first) { break }
            let inner = run(from: first, isDecoration)
            if first == line || Self.keyHeaders.contains(where: { has($0, at: inner) }) { continue }
            let body = run(from: first, isKey)
            let after = run(from: body, isSpace)
            if areBare, body > first, after == line || isQuote(text[after]) {
                found = body
                isLast = after != line
                continue
            }
            // Behind the sign of a comment, of an item or of a quotation.
            if text[first..<line].allSatisfy(isTail) { continue }
            let end = run(from: inner, isKey)
            let isWhole = end - inner >= Self.wholeKeyLine
            let isMixed = end - inner >= Self.leastKey && isMixed(inner..<end)
            guard end > inner, isMixed || hasWhole(before: position), text[end..<line].allSatisfy(isTail) else { break }
            found = end
            isLast = !isWhole
        }
        return found
    }

    /// Whether the line that ends there holds a whole line of a key.
    private func hasWhole(before end: Int) -> Bool {
        var start = end
        while start > 0, text[start - 1] != 0x0A { start -= 1 }
        return hasRun(of: Self.wholeKeyLine, in: start..<end)
    }

    /// Whether a rest of a line begins with the escape of a line's end and a line of a key: `\nMIIE\n`.
    private func isEscapedLine(_ start: Int, _ rest: Int) -> Bool {
        var index = start
        var isEscaped = false
        while index + 1 < rest, text[index] == UInt8(ascii: "\\") || isSpace(text[index]) {
            if text[index] == UInt8(ascii: "\\") {
                isEscaped = true
                index += 1
                // Of a text in a text the backslash is escaped too.
                if text[index] == UInt8(ascii: "\\") { continue }
            }
            index += 1
        }
        let end = min(run(from: index, isKey), rest)
        return isEscaped && end > index && (end == rest || text[end] == UInt8(ascii: "\\"))
    }

    // MARK: Characters

    private func hasRun(of count: Int, in range: Range<Int>) -> Bool { lastRun(of: count, in: range) != nil }

    /// The end of the last stretch of so many characters of a key, of both cases; nil where there is none.
    private func lastRun(of count: Int, in range: Range<Int>) -> Int? {
        var found: Int?
        var index = range.lowerBound
        while index < range.upperBound {
            let end = min(run(from: index, isKey), range.upperBound)
            if end - index >= count, isMixed(index..<end) { found = end }
            index = max(end, index + 1)
        }
        return found
    }

    /// Letters of both cases, which a word of so many characters hardly has.
    private func isMixed(_ range: Range<Int>) -> Bool {
        text[range].contains { (65...90).contains($0) } && text[range].contains { (97...122).contains($0) }
    }

    /// The characters of base64.
    private func isKey(_ byte: UInt8) -> Bool {
        (47...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "=")
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    private static let decorations = Array("#-*>|\"',\\+;".utf8)

    private func isDecoration(_ byte: UInt8) -> Bool { isSpace(byte) || Self.decorations.contains(byte) }

    /// What may follow a line of a key on its line: the end of a quotation, or an escape.
    private func isTail(_ byte: UInt8) -> Bool { isDecoration(byte) || byte == UInt8(ascii: "n") }
}
