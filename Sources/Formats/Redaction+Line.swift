import Basics

extension Redaction {
    /// A line of a document as it may be shown: without what has the shape of a secret, without what stands behind a key
    /// that names one or nearly does, and without the secrets of an address.
    ///
    /// A secret need not have a shape, and a slip in its key is just what lets the line be shown.
    public static func redact(line: some StringProtocol) -> String {
        let bytes = Array(line.utf8)
        let ranges = SecretScanner.found(in: bytes).map(\.range) + NamedSecrets(text: bytes).found()
        return replacing(ranges.merged, in: bytes) ?? String(line)
    }
}

/// Finds what stands in a line of YAML or JSON behind keys that name secrets.
private struct NamedSecrets {
    let text: [UInt8]

    func found() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
            case UInt8(ascii: ":"):
                guard let name = key(before: index), let range = value(after: index, isFlow: depth > 0),
                    Self.isSecret(name, text[range])
                else { continue }
                found.append(range)
            case UInt8(ascii: "="):
                // In an address: `?token=…`.
                let begin = text[..<index].lastIndex { !Self.isWord($0) } ?? 0
                guard text[begin] == UInt8(ascii: "?") || text[begin] == UInt8(ascii: "&") else { continue }
                let end = text[(index + 1)...].firstIndex { "&#\"' ,}]".utf8.contains($0) } ?? text.endIndex
                let name = String(decoding: text[(begin + 1)..<index], as: UTF8.self)
                if index + 1 < end, Redaction.namesSecret(name) { found.append((index + 1)..<end) }
            default: break
            }
        }
        return found
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 32) || byte == 95 || byte == 45 || byte == 46
            || byte >= 128
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 34 || byte == 39 }

    /// The key that a colon ends, with or without quotes.
    private func key(before colon: Int) -> String? {
        var end = colon
        while end > 0, Self.isSpace(text[end - 1]) { end -= 1 }
        let isQuoted = end > 0 && Self.isQuote(text[end - 1])
        // A colon inside of a plain text begins no value.
        guard isQuoted || colon + 1 == text.count || Self.isSpace(text[colon + 1]) else { return nil }
        if isQuoted { end -= 1 }
        let begin = text[..<end].lastIndex { !Self.isWord($0) }.map { $0 + 1 } ?? 0
        return begin < end ? String(decoding: text[begin..<end], as: UTF8.self) : nil
    }

    /// What stands behind a colon; nil for nothing, and for a mapping, of which each key speaks for itself.
    private func value(after colon: Int, isFlow: Bool) -> Range<Int>? {
        guard let start = text[(colon + 1)...].firstIndex(where: { !Self.isSpace($0) }) else { return nil }
        func until(_ isEnd: (UInt8) -> Bool) -> Range<Int> {
            start..<(text[(start + 1)...].firstIndex(where: isEnd) ?? text.endIndex)
        }
        switch text[start] {
        case UInt8(ascii: "{"): return nil
        case UInt8(ascii: "["):
            let items = until { $0 == UInt8(ascii: "]") }
            return text[items].contains(UInt8(ascii: "{")) ? nil : items
        case let quote where Self.isQuote(quote):
            let inner = (start + 1)..<closing(quote, from: start + 1)
            return inner.isEmpty ? nil : inner
        default:
            var range = isFlow ? until { ",}]".utf8.contains($0) } : start..<text.endIndex
            while let last = text[range].last, Self.isSpace(last) || last == 13 {
                range = range.lowerBound..<(range.upperBound - 1)
            }
            return range.isEmpty ? nil : range
        }
    }

    private func closing(_ quote: UInt8, from start: Int) -> Int {
        var index = start
        while index < text.count, text[index] != quote {
            index += quote == 34 && text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, text.count)
    }

    /// Whether such a value is to be hidden: it is neither a reference nor the name of a variable.
    private static func isSecret(_ key: String, _ value: ArraySlice<UInt8>) -> Bool {
        guard Redaction.namesSecret(key) else { return false }
        if value.first == UInt8(ascii: "["), key.lowercased().hasSuffix("secrets") {
            // A list of names, which documents hold: `required_secrets: [mail_key]`.
            return !value.dropFirst().allSatisfy { (97...122).contains($0 | 32) || " ,_-\"'".utf8.contains($0) }
        }
        let whole = String(decoding: value, as: UTF8.self)
        let bare = whole.prefix { $0 != " " && $0 != "\t" }
        // What follows is a comment, or else it is no reference.
        let rest = whole.dropFirst(bare.utf8.count).drop { $0 == " " || $0 == "\t" }
        guard rest.isEmpty || rest.hasPrefix("#") else { return true }
        if ["true", "false", "null", "~"].contains(String(bare)) { return false }
        // The text of a block stands in other lines.
        if bare.hasPrefix("#") || bare.utf8.count <= 2 && (bare.hasPrefix("|") || bare.hasPrefix(">")) { return false }
        let isVariable =
            bare.utf8.contains(95) && bare.utf8.allSatisfy { (65...90).contains($0) || $0 == 95 }
        return SecretReference(bare) == nil && !isVariable
    }
}

extension Redaction {
    private static let singleNames = [
        "secret", "token", "password", "passwd", "passphrase", "credential", "apikey",
    ]
    private static let doubleNames = [
        "secret_from", "value_from", "api_key", "private_key", "access_key", "secret_key",
    ]
    /// What a key is of that is none to any lock.
    private static let openKeys: Set<String> = ["public", "primary", "foreign", "upsert", "partition", "sort"]

    /// Whether the name of a field says that its value is a secret or where one is, or nearly does: `secrt`, `value_form`.
    public static func namesSecret(_ name: String) -> Bool {
        if looksSecret(name: name) { return true }
        let words = name.lowercased().split { $0 == "_" || $0 == "-" || $0 == "." }.map { String($0) }
        guard let last = words.last, !words.contains("public") else { return false }
        if last == "key" { return !words.contains(where: openKeys.contains) }
        if Suggestion.nearest(to: last, in: singleNames) != nil { return true }
        let both = words.suffix(2).joined(separator: "_")
        return words.count > 1 && isNear(both)
    }

    /// Two letters of such a long word, which a name like `valid_from` has by chance.
    private static func isNear(_ words: String) -> Bool {
        guard let meant = Suggestion.nearest(to: words, in: doubleNames) else { return false }
        let parts = zip(words.split(separator: "_"), meant.split(separator: "_"))
        return parts.allSatisfy { $0 == $1 || Suggestion.nearest(to: String($0), in: [String($1)]) != nil }
    }
}
