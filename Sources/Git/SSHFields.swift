/// Reads the fields of SSH's binary form, of which each says how long it is (RFC 4251, section 5).
struct SSHFields {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// A number of four bytes; nil at the end.
    mutating func number() -> Int? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    /// A text with its length before it; nil where it isn't there whole.
    mutating func field() -> ArraySlice<UInt8>? {
        guard let length = number(), rest.count >= length else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }
}
