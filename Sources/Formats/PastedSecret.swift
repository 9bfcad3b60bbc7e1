/// A stretch of a file that has the shape of a secret and is no placeholder for one.
public struct PastedSecret: Sendable, Hashable {
    /// Where it stands, in bytes.
    public let range: Range<Int>
    /// What it looks like, such as `a GitHub token`.
    public let kind: String

    /// Looks through a whole file, comments and broken syntax included.
    ///
    /// Stricter than `Redaction`, which hides whatever could be a secret: here only what a provider's tokens, a
    /// private key, a JSON web token or an address with a password look like is told, so that it can be an error.
    public static func find(in bytes: [UInt8]) -> [PastedSecret] {
        SecretScanner(bytes).matches(guessing: false).compactMap { match in
            let body = bytes[match.body..<match.range.upperBound]
            return isPlaceholder(body) ? nil : PastedSecret(range: match.range, kind: match.kind)
        }
    }

    private static let placeholderWords = [
        "example", "placeholder", "your", "redacted", "changeme", "replace", "dummy", "xxxx", "....", "****",
    ].map { Array($0.utf8) }

    private static let placeholderPasswords: Set<String> = [
        "password", "passwd", "pass", "pwd", "secret", "token", "user", "pw",
    ]

    /// Whether a person wrote it to show where the secret would stand.
    private static func isPlaceholder(_ body: ArraySlice<UInt8>) -> Bool {
        if body.starts(with: "-----BEGIN ".utf8) { return false }
        let lower = body.map { (65...90).contains($0) ? $0 + 32 : $0 }
        if placeholderPasswords.contains(String(decoding: lower, as: UTF8.self)) { return true }
        if lower.contains(UInt8(ascii: "<")) || lower.contains(UInt8(ascii: "{")) || lower.contains(UInt8(ascii: "*")) {
            return true
        }
        for word in placeholderWords where lower.firstRange(of: word) != nil { return true }
        // What a machine drew at random has letters and digits, and few of them twice; a password is a person's.
        guard body.count >= 16 else { return false }
        let classes = [48...57, 65...90, 97...122].count { range in body.contains { range.contains(Int($0)) } }
        return Set(body).count < 8 || classes < 2
    }
}
