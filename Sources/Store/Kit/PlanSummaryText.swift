import Formats

/// Finds how much a plan changes in its canonical text: to read all of a long one would take many times its memory.
enum PlanSummaryText {
    /// The member `summary` of the document; nil where there is none.
    static func summary(in canonical: String) -> Value? {
        var text = canonical
        let slice = text.withUTF8 { bytes -> [UInt8]? in
            guard let begin = value(of: Array("summary".utf8), in: bytes), begin < bytes.count, bytes[begin] == open
            else { return nil }
            var depth = 0
            var index = begin
            while index < bytes.count {
                switch bytes[index] {
                case quote: index = end(ofTextAt: index, in: bytes)
                case open: depth += 1
                case close:
                    depth -= 1
                    if depth == 0 { return Array(bytes[begin...index]) }
                default: break
                }
                index += 1
            }
            return nil
        }
        return slice.flatMap { try? JSON.parse($0) }
    }

    private static let (quote, escape, open, close) = (UInt8(0x22), UInt8(0x5C), UInt8(0x7B), UInt8(0x7D))

    /// Where the value of a member of the outermost object begins.
    private static func value(of name: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var depth = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case quote:
                let last = end(ofTextAt: index, in: bytes)
                // Canonical form has no spaces: what a colon follows is a name.
                if depth == 1, last + 1 < bytes.count, bytes[last + 1] == UInt8(ascii: ":"),
                    bytes[(index + 1)..<last].elementsEqual(name)
                {
                    return last + 2
                }
                index = last
            case open, UInt8(ascii: "["): depth += 1
            case close, UInt8(ascii: "]"): depth -= 1
            default: break
            }
            index += 1
        }
        return nil
    }

    /// The index of the quotation mark that ends a text; the end of all where none does.
    private static func end(ofTextAt begin: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var index = begin + 1
        while index < bytes.count, bytes[index] != quote { index += bytes[index] == escape ? 2 : 1 }
        return min(index, bytes.count - 1)
    }
}
