extension GlobPattern {
    /// Whether it matches every name that the other one matches.
    ///
    /// Told from names that the other one matches, with characters in the place of its wildcards that no branch has, so
    /// that only a wildcard can match them.
    func covers(_ other: GlobPattern) -> Bool {
        if text == other.text { return true }
        return ["", "\u{1}", "\u{1}\u{2}"].allSatisfy { single in
            ["", "\u{1}", "\u{1}/\u{2}/\u{1}"].allSatisfy { double in
                matches(other.sample(single: single, double: double))
            }
        }
    }

    /// Whether it holds a wildcard.
    var hasWildcard: Bool { text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") } }

    /// A name that it matches.
    private func sample(single: String, double: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("**") {
                result += double
                rest = rest.dropFirst(2)
            } else {
                result += character == "*" ? single : character == "?" ? "\u{1}" : String(character)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
