extension String {
    /// The first character that is not seen and makes another text of it, as `U+202E`; nil where there is none.
    ///
    /// Those that write emoji and joined scripts (U+200C, U+200D) are none.
    var invisibleCharacter: String? {
        guard !utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        guard let found = unicodeScalars.first(where: { Self.isInvisible($0.value) }) else { return nil }
        return Self.codePoint(found)
    }

    /// The first character that looks like one of ASCII, or like a space, and is another, as `U+043E`; nil where there is none.
    ///
    /// So is each letter of the Greek and the Cyrillic alphabet, and each of the wide forms.
    var lookalikeCharacter: String? {
        guard !utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return unicodeScalars.first { scalar in
            switch scalar.value {
            case 0xA0, 0xAB, 0xBB, 0x370...0x52F, 0x2000...0x200A, 0x2010...0x2015, 0x2018...0x201F, 0x202F, 0x2039,
                0x203A, 0x2212,
                0x3000, 0xFF01...0xFF5E:
                true
            default: false
            }
        }.map(Self.codePoint)
    }

    /// A character as Unicode names it, such as `U+043E`.
    static func codePoint(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: Swift.max(0, 4 - digits.utf8.count)) + digits
    }

    private static func isInvisible(_ scalar: UInt32) -> Bool {
        switch scalar {
        // Line breaks and tabs belong to long texts.
        case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F...0x9F, 0xAD, 0x200B, 0x200E, 0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }
}
