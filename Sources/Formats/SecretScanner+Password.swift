/// What no shape tells: a password, known by the name of its key, and a token that was put into base64.
extension SecretScanner {
    /// Passwords that stand as values of keys that say so, as in `smtp_password: …`, in order.
    ///
    /// The name of a secret, a reference to one, a word and a placeholder are none. It is better to miss a password that
    /// looks like a name than to hide what a document needs.
    func passwords() -> [Match] {
        var found: [Match] = []
        var index = 0
        while let (colon, keyEnd) = passwordColon(from: index) {
            index = colon + 1
            guard isPasswordKey(endingAt: keyEnd), let value = value(after: colon), looksLikePassword(text[value])
            else {
                continue
            }
            found.append(Match(range: value, kind: "a password", body: value.lowerBound))
            index = value.upperBound
        }
        return found
    }

    /// The next colon behind what may be a key of a password, and the end of that key; nearly every key ends with another
    /// letter.
    private func passwordColon(from start: Int) -> (colon: Int, keyEnd: Int)? {
        text.withUnsafeBufferPointer { text in
            for index in start..<max(start, text.count) where text[index] == UInt8(ascii: ":") {
                var end = index
                while end > 0, text[end - 1] == 0x20 { end -= 1 }
                if end > 0, isQuote(text[end - 1]) { end -= 1 }
                guard end > 2 else { continue }
                switch text[end - 1] | 0x20 {
                case UInt8(ascii: "d"), UInt8(ascii: "s"), UInt8(ascii: "e"): return (index, end)
                default: continue
                }
            }
            return nil
        }
    }

    private static let passwordWords = ["password", "passwd", "passphrase", "pwd", "pass"].map { Array($0.utf8) }

    /// Whether the key that ends there is one of a password: `password`, `DB_PASSWORD`, `smtpPass`, `"pwd"`.
    private func isPasswordKey(endingAt end: Int) -> Bool {
        Self.passwordWords.contains { word in
            let start = end - word.count
            guard start >= 0, zip(text[start..<end], word).allSatisfy({ $0 | 0x20 == $1 }) else { return false }
            // `bypass` and `must_pass` are no keys of a password.
            guard word.count == 4 else { return true }
            return start > 0 && (text[start - 1] == UInt8(ascii: "_") || text[start] == UInt8(ascii: "P"))
                && isOneOf(["must", "by", "all"], before: text[start - 1] == UInt8(ascii: "_") ? start - 1 : start)
                    == false
        }
    }

    private func isOneOf(_ words: [String], before end: Int) -> Bool {
        words.contains { word in
            let start = end - word.utf8.count
            return start >= 0 && zip(text[start..<end], word.utf8).allSatisfy { $0 | 0x20 == $1 }
        }
    }

    /// The scalar that follows on the same line, without its quotes and without a comment.
    private func value(after colon: Int) -> Range<Int>? {
        let start = run(from: colon + 1) { $0 == 0x20 || $0 == 0x09 }
        guard start < text.count else { return nil }
        if isQuote(text[start]) {
            let end = run(from: start + 1) { $0 != text[start] && $0 != 0x0A && $0 != 0x0D }
            return end < text.count && text[end] == text[start] ? start + 1..<end : nil
        }
        guard start > colon + 1, !"$<{%![&*@|>`".utf8.contains(text[start]) else { return nil }
        // Between brackets a comma ends it, too.
        var line = colon
        while line > 0, text[line - 1] != 0x0A { line -= 1 }
        let isFlow = text[line..<colon].contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }
        var end = run(from: start) { $0 != 0x0A && $0 != 0x0D && !(isFlow && ",}]".utf8.contains($0)) }
        if let comment = text[start..<end].firstRange(of: Array(" #".utf8)) { end = comment.lowerBound }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    /// Whether nobody would call anything so, and no reference is written so.
    private func looksLikePassword(_ value: ArraySlice<UInt8>) -> Bool {
        guard (6...128).contains(value.count), let first = value.first, !"$<{%".utf8.contains(first) else {
            return false
        }
        guard value.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
        let upper = value.count { (65...90).contains($0) }
        let lower = value.count { (97...122).contains($0) }
        let digits = value.count { (48...57).contains($0) }
        let joints = value.count { "_-./:".utf8.contains($0) }
        let signs = value.count - upper - lower - digits - joints
        guard upper + lower > 0 else { return false }
        // `env:DB_PASSWORD`, `vault:mail/smtp#password`, `op://ops/db`: a store and what it knows it by.
        if let colon = value.firstIndex(of: UInt8(ascii: ":")), colon > value.startIndex,
            value[..<colon].allSatisfy({ (97...122).contains($0) || $0 == UInt8(ascii: "_") })
        {
            return false
        }
        if signs > 0 {
            // A call or a template of another language, and a path with a fragment.
            if "()[]{}<>".utf8.contains(where: { value.contains($0) }) { return false }
            return digits > 0 || upper > 0 && lower > 0
        }
        guard digits > 0 else { return false }
        // A name keeps to one case, or is made of words that each begin with a capital.
        if upper > 0, lower > 0 { return digits > 1 || joints == 0 && upper > 1 }
        return joints == 0 && value.count >= 8 && digits > 1 && lower > 0
    }

    // MARK: Base64

    /// Stretches of base64 in which something stands that has the shape of a secret, with what it looks like.
    func encoded() -> [(range: Range<Int>, kind: String, body: [UInt8])] {
        var found: [(Range<Int>, String, [UInt8])] = []
        var index = 0
        while let stretch = base64(from: index) {
            index = stretch.upperBound + 1
            guard let plain = decoded(stretch) else { continue }
            for match in SecretScanner(plain).matches(guessing: false) where !match.isGuess {
                found.append((stretch, match.kind + " in base64", Array(plain[match.body..<match.range.upperBound])))
            }
        }
        return found
    }

    /// The next stretch of characters of base64; of fewer than 24 there is no token in it.
    private func base64(from start: Int) -> Range<Int>? {
        text.withUnsafeBufferPointer { text in
            Self.sixBits.withUnsafeBufferPointer { sixBits in
                var (begin, index) = (start, start)
                while index <= text.count {
                    if index == text.count || sixBits[Int(text[index])] == 64 {
                        if index - begin >= 24 { return begin..<index }
                        begin = index + 1
                    }
                    index += 1
                }
                return nil
            }
        }
    }

    /// What each character of base64 stands for, in either alphabet; 64 for all others.
    private static let sixBits: [UInt8] = {
        var bits = [UInt8](repeating: 64, count: 256)
        for (value, character) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            bits[Int(character)] = UInt8(truncatingIfNeeded: value)
        }
        bits[Int(UInt8(ascii: "-"))] = 62
        bits[Int(UInt8(ascii: "_"))] = 63
        return bits
    }()

    /// The text that a stretch stands for; nil where that is no text, as of most paths and names, which is told by its
    /// first characters.
    private func decoded(_ stretch: Range<Int>) -> [UInt8]? {
        var plain: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for index in stretch {
            bits = bits << 6 | UInt32(Self.sixBits[Int(text[index])])
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(count))
            guard (0x20..<0x7F).contains(byte) || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return nil }
            plain.append(byte)
        }
        return plain
    }
}
