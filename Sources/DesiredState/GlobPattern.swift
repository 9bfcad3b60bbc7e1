/// An anchored glob over a branch name.
///
/// `*` stands for any characters inside one path segment, `**` for any across segments, `?` for one character.
public struct GlobPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// Why a text is no pattern.
    public enum Fault: Error, Sendable, Hashable {
        case empty
        /// It holds a character that only a regular expression would: the pattern would never match as meant.
        case regularExpression(Character)
    }

    /// Reads a pattern.
    ///
    /// - Throws: `Fault` for an empty text and for one that is meant as a regular expression.
    public init(_ text: String) throws(Fault) {
        guard !text.isEmpty else { throw .empty }
        if let character = text.first(where: { "^$()|+[]{}\\".contains($0) }) { throw .regularExpression(character) }
        if text.contains(".*") { throw .regularExpression(".") }
        self.text = text
    }

    public var description: String { text }

    /// Whether the whole name matches.
    ///
    /// Linear in practice: a star remembers only its last place.
    public func matches(_ name: some StringProtocol) -> Bool {
        Self.match(ArraySlice(Array(text.utf8)), ArraySlice(Array(name.utf8)))
    }

    private static func match(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        let (star, question, slash) = (UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "/"))
        var (p, n) = (pattern.startIndex, name.startIndex)
        // The innermost single and double star, each with the place from which it may swallow one character more.
        var single: (pattern: Int, name: Int)?
        var double: (pattern: Int, name: Int)?
        while true {
            if p < pattern.endIndex, pattern[p] == star {
                if p + 1 < pattern.endIndex, pattern[p + 1] == star {
                    p += 2
                    double = (p, n)
                    single = nil
                } else {
                    p += 1
                    single = (p, n)
                }
                continue
            }
            if n == name.endIndex, p == pattern.endIndex { return true }
            if n < name.endIndex, p < pattern.endIndex,
                pattern[p] == name[n] || (pattern[p] == question && name[n] != slash)
            {
                p += 1
                n += 1
                continue
            }
            if let place = single, place.name < name.endIndex, name[place.name] != slash {
                single = (place.pattern, place.name + 1)
                (p, n) = (place.pattern, place.name + 1)
            } else if let place = double, place.name < name.endIndex {
                double = (place.pattern, place.name + 1)
                single = nil
                (p, n) = (place.pattern, place.name + 1)
            } else {
                return false
            }
        }
    }
}
