/// A text whose escapes are read as YAML and JSON read them between quotes, with the place of each byte as it was written.
///
/// `"\x67hp_…"` is the same token as without the escape, and a `\` at the end of a line joins two halves of one.
struct UnescapedText {
    let bytes: [UInt8]
    /// Where each byte begins in the text as it was written, and where that ends.
    private let starts: [Int32]

    /// Nil where no escape is in it, as in nearly every text.
    init?(_ text: [UInt8]) {
        guard var next = Self.nextEscape(in: text, from: 0), text.count < Int(Int32.max) else { return nil }
        var (bytes, starts): ([UInt8], [Int32]) = ([], [])
        bytes.reserveCapacity(text.count)
        starts.reserveCapacity(text.count + 1)
        var position = 0
        while true {
            bytes += text[position..<next.range.lowerBound]
            starts += (position..<next.range.lowerBound).map { Int32(truncatingIfNeeded: $0) }
            for byte in next.bytes {
                bytes.append(byte)
                starts.append(Int32(truncatingIfNeeded: next.range.lowerBound))
            }
            position = next.range.upperBound
            guard let further = Self.nextEscape(in: text, from: position) else { break }
            next = further
        }
        bytes += text[position...]
        starts += (position...text.count).map { Int32(truncatingIfNeeded: $0) }
        self.bytes = bytes
        self.starts = starts
    }

    /// The place of a stretch in the text as it was written.
    func written(_ range: Range<Int>) -> Range<Int> { Int(starts[range.lowerBound])..<Int(starts[range.upperBound]) }

    private static func nextEscape(in text: [UInt8], from start: Int) -> (range: Range<Int>, bytes: [UInt8])? {
        var start = start
        while let index = text[start...].firstIndex(of: UInt8(ascii: "\\")), index + 1 < text.count {
            switch text[index + 1] {
            case UInt8(ascii: "/"): return (index..<index + 2, [UInt8(ascii: "/")])
            case UInt8(ascii: "x"):
                if let found = scalar(in: text, at: index, digits: 2) { return found }
            case UInt8(ascii: "u"):
                if let found = scalar(in: text, at: index, digits: 4) { return found }
            case UInt8(ascii: "U"):
                if let found = scalar(in: text, at: index, digits: 8) { return found }
            case 0x0A, 0x0D:
                var end = index + 1
                while end < text.count, [0x0A, 0x0D, 0x20, 0x09].contains(text[end]) { end += 1 }
                return (index..<end, [])
            default: break
            }
            // The one after it is no escape by itself: `\\x67` is a backslash and three letters.
            start = index + 2
        }
        return nil
    }

    private static func scalar(in text: [UInt8], at index: Int, digits: Int) -> (range: Range<Int>, bytes: [UInt8])? {
        let end = index + 2 + digits
        guard end <= text.count, let value = UInt32(String(decoding: text[index + 2..<end], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { return nil }
        return (index..<end, Array(String(Character(scalar)).utf8))
    }
}

extension SecretScanner {
    /// What a text holds, as it stands there and with its escapes read; in no order, and one stretch may hold another.
    static func found(
        in text: [UInt8], guessing: Bool = true
    ) -> [(range: Range<Int>, kind: String, body: ArraySlice<UInt8>, isGuess: Bool)] {
        var found = SecretScanner(text).matches(guessing: guessing).map { match in
            (match.range, match.kind, text[match.body..<match.range.upperBound], match.isGuess)
        }
        guard let plain = UnescapedText(text) else { return found }
        found += SecretScanner(plain.bytes).matches(guessing: guessing).map { match in
            (
                plain.written(match.range), match.kind, plain.bytes[match.body..<match.range.upperBound], match.isGuess
            )
        }
        return found
    }
}

extension [Range<Int>] {
    /// The same places, in order and each once.
    var merged: [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let last = merged.last, range.lowerBound < last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
