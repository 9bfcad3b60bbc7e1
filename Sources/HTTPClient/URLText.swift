/// URLs as they may be shown.
enum URLText {
    /// Without user, password, query and fragment: for messages.
    static func forMessage(_ url: String) -> String {
        let text = url.utf8.prefix { $0 != 0x3F && $0 != 0x23 }
        return String(decoding: withoutUser(Array(text)), as: UTF8.self)
    }

    /// Without user and password, and with the values of secret parameters taken out: for records.
    static func forRecord(_ url: String) -> String {
        let bytes = Array(url.utf8)
        guard let mark = bytes.firstIndex(of: 0x3F) else { return String(decoding: withoutUser(bytes), as: UTF8.self) }
        let pairs = bytes[(mark + 1)...].split(separator: 0x26, omittingEmptySubsequences: false).map { pair in
            let name = String(decoding: pair.prefix { $0 != 0x3D }, as: UTF8.self)
            return JSONRedaction.isSecret(name) ? name + "=%3Credacted%3E" : String(decoding: pair, as: UTF8.self)
        }
        return String(decoding: withoutUser(Array(bytes[..<mark])), as: UTF8.self) + "?" + pairs.joined(separator: "&")
    }

    private static func withoutUser(_ bytes: [UInt8]) -> [UInt8] {
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: "://".utf8) else { return bytes }
        let authority = bytes[(colon + 3)...].prefix { $0 != 0x2F }
        guard let at = authority.lastIndex(of: 0x40) else { return bytes }
        return Array(bytes[..<(colon + 3)] + bytes[(at + 1)...])
    }
}

extension HTTPRequest {
    /// Method and address, without anything secret.
    var place: String { "\(method) \(URLText.forMessage(url))" }
}
