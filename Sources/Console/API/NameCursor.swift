import Basics

/// Where a part of a list ended that is ordered by a name.
///
/// The name alone would let any word pass for a cursor: a mistyped one would show an end that is none.
struct NameCursor: CustomStringConvertible {
    static let pattern = "^([0-9a-f]{2})+[.][0-9a-f]{8}$"

    private let name: String

    init(_ name: String) { self.name = name }

    var description: String { "\(Hex.encode(Array(name.utf8))).\(Self.check(name))" }

    /// The name that a cursor is of; nil where it is none of ours.
    static func name(_ text: String) -> String? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = Hex.decode(parts[0]), !bytes.isEmpty,
            let name = String(validating: bytes, as: UTF8.self), check(name) == parts[1]
        else { return nil }
        return name
    }

    private static func check(_ name: String) -> Substring { Digest(of: "cursor \(name)").hex.prefix(8) }
}
