internal import Basics

/// Names of environments: DNS labels that are fit for host names, databases and tags.
public enum Slug {
    /// The longest slug, in bytes.
    public static let maximumLength = 40

    /// Whether a text is a slug: lower-case letters, digits and inner hyphens, at most forty bytes.
    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maximumLength else { return false }
        return first != hyphen && last != hyphen && bytes.allSatisfy { isAlphanumeric($0) || $0 == hyphen }
    }

    /// The slug of a branch, from its name alone, so that no other branch can ever change it.
    ///
    /// `feature/crm-import` becomes `feature-crm-import`. A name that is too long, or that another branch's name could
    /// fall together with (upper case, underscores, dots, several slashes, a hyphen before the slash), gets six digits
    /// of its digest behind it.
    public static func of(branch: String) -> String {
        var bytes = hyphenated(branch)
        if isUnmistakable(branch), bytes.count <= maximumLength { return String(decoding: bytes, as: UTF8.self) }
        let digest = Digest(of: branch).hex.prefix(6)
        bytes = Array(bytes.prefix(maximumLength - 7))
        while bytes.last == hyphen { bytes.removeLast() }
        return (bytes.isEmpty ? "branch" : String(decoding: bytes, as: UTF8.self)) + "-" + digest
    }

    /// The name for an environment that somebody meant by a text which is no slug: the nearest one, where it is free.
    static func suggestion(for text: String, notIn taken: some Sequence<String>) -> String {
        let plain = String(decoding: hyphenated(text), as: UTF8.self)
        return text.utf8.allSatisfy { $0 < 128 } && isValid(plain) && !taken.contains(plain) ? plain : of(branch: text)
    }

    /// Its letters and digits in lower case, and one hyphen for whatever stands between them.
    private static func hyphenated(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let lower = (65...90).contains(byte) ? byte + 32 : byte
            if isAlphanumeric(lower) {
                bytes.append(lower)
            } else if let last = bytes.last, last != hyphen {
                bytes.append(hyphen)
            }
        }
        while bytes.last == hyphen { bytes.removeLast() }
        return bytes
    }

    /// Whether no other such name gives the same slug: one word, or a word, a slash and words with hyphens between.
    private static func isUnmistakable(_ branch: String) -> Bool {
        let parts = branch.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let head = parts.first, !head.isEmpty, head.allSatisfy(isLowerAlphanumeric) else { return false }
        guard parts.count == 2 else { return parts.count == 1 }
        let words = parts[1].split(separator: hyphen, omittingEmptySubsequences: false)
        return words.allSatisfy { !$0.isEmpty && $0.allSatisfy(isLowerAlphanumeric) }
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }

    private static let isLowerAlphanumeric: @Sendable (UInt8) -> Bool = isAlphanumeric
}
