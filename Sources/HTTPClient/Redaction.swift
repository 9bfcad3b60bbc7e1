public import Basics

/// What is taken out of a record beyond what is always secret by its name.
public struct Redaction: Sendable {
    /// Names of JSON members and form fields whose values are secret in this call, in any case.
    public var members: Set<String>
    /// Texts that are secret wherever they stand.
    public var values: [Secret]

    public init(members: Set<String> = [], values: [Secret] = []) {
        self.members = Set(members.map { $0.lowercased() })
        self.values = values
    }

    public static let none = Redaction()

    func isSecret(_ name: String) -> Bool { JSONRedaction.isSecret(name) || members.contains(name.lowercased()) }

    func merged(with other: Redaction) -> Redaction {
        var result = self
        result.members.formUnion(other.members)
        result.values += other.values
        return result
    }

    /// A body as a record shows it.
    func text(_ bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "" }
        guard let text = JSONRedaction.redact(bytes, members: members) else {
            return "\"<\(bytes.count) bytes that are no JSON>\""
        }
        return scrub(text)
    }

    /// The text without the secret values, as they are or as JSON and URLs write them.
    func scrub(_ text: String) -> String {
        var text = text
        for value in values {
            value.revealAll { value in
                // Shorter than this it would be found in innocent words.
                guard value.utf8.count >= 6 else { return }
                for form in Set([
                    value, String(JSONRedaction.quoted(value).dropFirst().dropLast()), value.percentEncoded,
                ]) {
                    text = Self.replacing(form, in: text)
                }
            }
        }
        return text
    }

    private static func replacing(_ needle: String, in text: String) -> String {
        let needle = Array(needle.utf8)
        let bytes = Array(text.utf8)
        guard let first = needle.first, bytes.count >= needle.count else { return text }
        var output: [UInt8] = []
        var copied = 0
        var index = 0
        while index <= bytes.count - needle.count {
            if bytes[index] == first, bytes[index..<index + needle.count].elementsEqual(needle) {
                output += bytes[copied..<index] + Array("<redacted>".utf8)
                index += needle.count
                copied = index
            } else {
                index += 1
            }
        }
        guard copied > 0 else { return text }
        return String(decoding: output + bytes[copied...], as: UTF8.self)
    }
}
