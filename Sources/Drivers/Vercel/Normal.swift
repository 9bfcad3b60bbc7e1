internal import Basics
internal import Formats

/// One form for what can be written in several ways; pure, idempotent, total.
enum Normal {
    /// A command, a branch: without space around it; an empty one is none.
    static let command: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return text.trimmed.isEmpty ? .null : .string(text.trimmed)
    }

    /// A directory of the repository: without `./` before and `/` after it; the repository itself is none.
    static let directory: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        let parts = text.trimmed.split(separator: "/").filter { $0 != "." }
        return parts.isEmpty ? .null : .string(parts.joined(separator: "/"))
    }

    /// The framework's slug; `other` is what the dashboard calls none.
    static let framework: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        let slug = text.trimmed.lowercased()
        return slug.isEmpty || slug == "other" ? .null : .string(slug)
    }

    /// `20.x` of `20`, `v20` or `20.x`.
    static let nodeVersion: @Sendable (Value) -> Value = { value in
        let text =
            switch value {
            case .string(let text): text
            case .int(let number): String(number)
            default: ""
            }
        let digits = text.trimmed.drop { $0 == "v" }.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty else { return value }
        // An exact old version is a name of its own.
        return text.hasSuffix("10.x") && digits == "8" ? value : .string("\(digits).x")
    }

    /// `secret` is the old name of `encrypted`.
    static let variableType: @Sendable (Value) -> Value = { value in
        value == .string("secret") ? .string("encrypted") : value
    }

    /// In small letters and without a dot at its end; an empty one is none.
    static let hostName: @Sendable (Value) -> Value = { value in
        guard case .string(var text) = value else { return value }
        text = text.trimmed.lowercased()
        if text.hasSuffix(".") { text.removeLast() }
        return text.isEmpty ? .null : .string(text)
    }
}

extension String {
    var trimmed: String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        let bytes = utf8.drop(while: isSpace)
        guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(decoding: bytes[...last], as: UTF8.self)
    }
}
