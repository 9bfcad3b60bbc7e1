/// Keeps secrets out of messages, logs, evidence and reports.
///
/// It errs on the side of silence: a text that only looks like a secret is hidden too.
public enum Redaction {
    /// What stands in the place of a secret.
    public static let mark = "<redacted>"

    private static let secretWords: Set<String> = [
        "password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials", "apikey",
        "authorization", "bearer", "jwt", "dsn", "pat", "cookie",
    ]

    /// The words before `key` that make it a secret; a `primary_key` or the public half of an SSH key is none.
    private static let secretKeys: Set<String> = [
        "api", "access", "private", "signing", "encryption", "service", "role", "secret", "master", "auth", "client",
        "account", "anon", "webhook", "hmac", "deploy", "session",
    ]

    /// Words at the end that say that the value is only about the secret.
    private static let harmlessEnds: Set<String> = [
        "name", "names", "ref", "refs", "id", "ids", "env", "var", "path", "policy", "ttl", "type", "kind", "source",
        "rotation", "required", "length", "count", "status", "url", "scope", "scopes", "owner", "registry",
    ]

    /// Whether the name of a field says that its value is a secret, as in `db_password`, `apiKey`, `SLACK_BOT_TOKEN`.
    public static func looksSecret(name: some StringProtocol) -> Bool {
        let words = words(of: name)
        guard let last = words.last, !harmlessEnds.contains(last), !words.contains("public") else { return false }
        if last == "pass", words.count > 1 { return true }
        for (index, word) in words.enumerated() {
            let single = word.hasSuffix("s") ? String(word.dropLast()) : word
            if secretWords.contains(word) || secretWords.contains(single) { return true }
            if single == "key", index > 0, secretKeys.contains(words[index - 1]) { return true }
        }
        return words.count == 1 && last == "key"
    }

    /// Whether a text holds something of the shape of a token, a private key or a URL with a password.
    public static func looksSecret(value: some StringProtocol) -> Bool {
        let text = Array(value.utf8)
        return !SecretScanner.found(in: text).isEmpty
    }

    /// The text with everything in it that looks like a secret replaced by `<redacted>`.
    public static func redact(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        return replacing(SecretScanner.found(in: bytes).map(\.range).merged, in: bytes) ?? String(text)
    }

    /// The text with `<redacted>` in the place of each of some stretches, which are in order; nil where there are none.
    static func replacing(_ ranges: [Range<Int>], in bytes: [UInt8]) -> String? {
        guard !ranges.isEmpty else { return nil }
        var result: [UInt8] = []
        var position = 0
        for range in ranges {
            result += bytes[position..<range.lowerBound]
            result += mark.utf8
            position = range.upperBound
        }
        result += bytes[position...]
        return String(decoding: result, as: UTF8.self)
    }

    /// The text of a field for a message: hidden as a whole where the field's name says so, too.
    public static func redact(_ text: some StringProtocol, of name: some StringProtocol) -> String {
        looksSecret(name: name) && !text.isEmpty ? mark : redact(text)
    }

    /// `slackBotToken`, `SLACK_BOT_TOKEN` and `slack-bot-token` are the same three words.
    private static func words(of name: some StringProtocol) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var wasLower = false
        func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
        for byte in name.utf8 {
            let isUpper = (65...90).contains(byte)
            let lower = isUpper ? byte + 32 : byte
            if isUpper, wasLower, !word.isEmpty {
                words.append(String(decoding: word, as: UTF8.self))
                word = []
            }
            if isLetter(lower) || (48...57).contains(lower) {
                word.append(lower)
            } else if !word.isEmpty {
                words.append(String(decoding: word, as: UTF8.self))
                word = []
            }
            wasLower = isLetter(byte)
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}
