/// A stretch of a file that has the shape of a secret and is no placeholder for one.
public struct PastedSecret: Sendable, Hashable {
    /// Where it stands, in bytes.
    public let range: Range<Int>
    /// What it looks like, such as `a GitHub token`.
    public let kind: String

    /// Looks through a whole file, comments and broken syntax included.
    ///
    /// Stricter than `Redaction`, which hides whatever could be a secret: here only what a provider's tokens, a
    /// private key, a JSON web token or an address with a password look like is told, also in base64, and what stands at a
    /// key of a password and is no reference, so that it can be an error.
    public static func find(in bytes: [UInt8]) -> [PastedSecret] {
        let scanner = SecretScanner(bytes)
        var found = SecretScanner.found(in: bytes, guessing: false)
        found += scanner.encoded().map { ($0.range, $0.kind, $0.body[...], false) }
        found += scanner.passwords().map { ($0.range, $0.kind, bytes[$0.range], false) }
        found.removeAll { match in
            match.isGuess || isPlaceholder(match.body) || match.kind == "an API key" && isWords(match.body)
        }
        return found.map(\.range).merged.map { range in
            PastedSecret(range: range, kind: found.first { range.contains($0.range.lowerBound) }?.kind ?? "a secret")
        }
    }

    /// Whether short words are joined by hyphens, as in the name of a branch that begins with `sk-`.
    private static func isWords(_ body: ArraySlice<UInt8>) -> Bool {
        body.split(separator: UInt8(ascii: "-")).allSatisfy { $0.count < 16 }
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

// MARK: Masking

extension PastedSecret {
    /// The bytes with a sign in the place of each character of a secret; nil where they hold none.
    ///
    /// Every line and every column stays where it was, so that a document can be read in this form: whatever is made of
    /// its texts then (a name, a suggestion, a plan) was made without the secret. `Redaction` shows such a text as it
    /// shows the secret itself.
    public static func masked(_ bytes: [UInt8]) -> [UInt8]? {
        let found = find(in: bytes)
        return found.isEmpty ? nil : masked(bytes, found)
    }

    /// The bytes with a sign in the place of each character of the secrets that were found in them.
    public static func masked(_ bytes: [UInt8], _ found: [PastedSecret]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + found.reduce(0) { $0 + 2 * $1.range.count })
        var position = 0
        for secret in found {
            result += bytes[position..<secret.range.lowerBound]
            for byte in bytes[secret.range] {
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: " ") {
                    result.append(byte)
                } else if byte & 0xC0 != 0x80 {
                    result += SecretScanner.mask
                }
            }
            position = secret.range.upperBound
        }
        return result + bytes[position...]
    }

    /// Whether a text was read out of a masked secret.
    public static func isMasked(in text: some StringProtocol) -> Bool {
        let mask = SecretScanner.mask
        // Whoever writes ASCII, as nearly all do, is told from it without a search.
        return text.utf8.contains(mask[0]) && Array(text.utf8).firstRange(of: mask) != nil
    }
}

// MARK: Names

extension PastedSecret {
    /// What people give as a name or a title (of a path, a branch, a pull request) with every secret in it hidden.
    public static func hidden(in name: String) -> String {
        // What a machine drew at random is no shorter than this, and a password stands in an address: most have neither.
        var run = 0
        let mayHold = name.utf8.contains { byte in
            run = SecretScanner.isToken(byte) || byte == UInt8(ascii: ".") ? run + 1 : 0
            return run >= 15 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\\")
        }
        guard mayHold else { return name }
        let bytes = Array(name.utf8)
        return Redaction.replacing(find(in: bytes).map(\.range), in: bytes) ?? name
    }
}
