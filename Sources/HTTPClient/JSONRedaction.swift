internal import Basics

/// Takes what is secret out of JSON text without building a tree, and keeps its shape.
///
/// A member is secret by its name, or because it is the value of an environment variable; a text is when it is a URL
/// with a password in it. Strings become `<redacted>`, numbers 0; everything else stays as it was, byte by byte.
enum JSONRedaction {
    private static let names: Set<String> = [
        "token", "uri", "private_uri", "user_data", "pwd", "authorization", "jwt", "dsn", "connection_string",
        "access_key",
    ]

    /// By their bytes: a search of characters in each name of an answer took as long as all the rest of its redaction.
    private static let parts = [
        "password", "passwd", "secret", "private_key", "credential", "connection_uri",
    ].map { Array($0.utf8) }

    /// Whether what goes by this name is kept out of every record.
    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        // Whether a repository is searched for secrets, which is on or off.
        if name.hasPrefix("secret_scanning") { return false }
        if names.contains(name) || name.hasSuffix("_token") { return true }
        let bytes = Array(name.utf8)
        return parts.contains { part in bytes.indices.contains { bytes[$0...].starts(with: part) } }
    }

    /// A text as JSON writes it.
    static func quoted(_ text: String) -> String {
        var output: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: output.append(contentsOf: [0x5C, byte])
            case 0..<0x20: output.append(contentsOf: "\\u00\(Hex.encode([byte]))".utf8)
            default: output.append(byte)
            }
        }
        output.append(0x22)
        return String(decoding: output, as: UTF8.self)
    }

    /// - Parameters:
    ///   - bytes: the text.
    ///   - members: names that are secret beside those always, in small letters.
    /// - Returns: nil when the bytes are no JSON.
    static func redact(_ bytes: [UInt8], members: Set<String> = []) -> String? {
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = Scanner(bytes: buffer, members: members)
            guard scanner.value(isSecret: false, inEnvironment: false, depth: 0) else { return nil }
            scanner.space()
            guard scanner.index == buffer.count else { return nil }
            scanner.flush()
            return String(validating: scanner.output, as: UTF8.self)
        }
    }

    private struct Scanner {
        let bytes: UnsafeBufferPointer<UInt8>
        var index = 0
        /// Up to here the input has been copied.
        var copied = 0
        var output: [UInt8] = []
        /// Whether a name is secret, by its bytes as they stand.
        var known: [[UInt8]: Bool] = [:]
        let members: Set<String>

        init(bytes: UnsafeBufferPointer<UInt8>, members: Set<String>) {
            self.bytes = bytes
            self.members = members
            output.reserveCapacity(bytes.count + 64)
        }

        mutating func flush() {
            output.append(contentsOf: bytes[copied..<index])
            copied = index
        }

        private mutating func replace(from start: Int, by text: String) {
            output.append(contentsOf: bytes[copied..<start])
            output.append(contentsOf: text.utf8)
            copied = index
        }

        private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func space() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
        }

        /// Passes one value; false when it is none.
        mutating func value(isSecret: Bool, inEnvironment: Bool, depth: Int) -> Bool {
            space()
            guard depth < 128, let byte = next else { return false }
            let start = index
            switch byte {
            case 0x7B: return object(isSecret: isSecret, inEnvironment: inEnvironment, depth: depth)
            case 0x5B: return array(isSecret: isSecret, inEnvironment: inEnvironment, depth: depth)
            case 0x22:
                guard string() else { return false }
                if isSecret ? index - start > 2 : holdsPassword(start + 1..<index - 1) {
                    replace(from: start, by: "\"<redacted>\"")
                }
                return true
            case 0x2D, 0x30...0x39:
                while let byte = next, (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) {
                    index += 1
                }
                if isSecret { replace(from: start, by: "0") }
                return true
            default:
                for word in ["true", "false", "null"] where bytes[index...].starts(with: word.utf8) {
                    index += word.utf8.count
                    return true
                }
                return false
            }
        }

        private mutating func object(isSecret: Bool, inEnvironment: Bool, depth: Int) -> Bool {
            index += 1
            space()
            if next == 0x7D {
                index += 1
                return true
            }
            while true {
                space()
                let start = index
                guard next == 0x22, string() else { return false }
                let name = Array(bytes[start + 1..<index - 1])
                space()
                guard next == 0x3A else { return false }
                index += 1
                let environment = inEnvironment || name == Array("envs".utf8)
                let secret = isSecret || inEnvironment && name == Array("value".utf8) || isSecretName(name)
                guard value(isSecret: secret, inEnvironment: environment, depth: depth + 1) else { return false }
                space()
                guard let byte = next, byte == 0x2C || byte == 0x7D else { return false }
                index += 1
                if byte == 0x7D { return true }
            }
        }

        private mutating func array(isSecret: Bool, inEnvironment: Bool, depth: Int) -> Bool {
            index += 1
            space()
            if next == 0x5D {
                index += 1
                return true
            }
            while true {
                guard value(isSecret: isSecret, inEnvironment: inEnvironment, depth: depth + 1) else { return false }
                space()
                guard let byte = next, byte == 0x2C || byte == 0x5D else { return false }
                index += 1
                if byte == 0x5D { return true }
            }
        }

        /// Passes a string with its quotes.
        private mutating func string() -> Bool {
            index += 1
            while let byte = next {
                index += 1
                if byte == 0x22 { return true }
                if byte < 0x20 { return false }
                if byte == 0x5C {
                    guard next != nil else { return false }
                    index += 1
                }
            }
            return false
        }

        private mutating func isSecretName(_ name: [UInt8]) -> Bool {
            if let answer = known[name] { return answer }
            // A name with an escape in it is nothing that a provider writes; it is not looked into, and not trusted.
            let text = String(decoding: name, as: UTF8.self)
            let answer = name.contains(0x5C) || JSONRedaction.isSecret(text) || members.contains(text.lowercased())
            known[name] = answer
            return answer
        }

        /// Whether a text holds a URL with something before an `@`, which may be a password.
        ///
        /// Any `@` up to the next space counts, for a password may hold a slash that nobody escaped.
        private func holdsPassword(_ range: Range<Int>) -> Bool {
            guard range.count > 6, bytes[range].contains(0x40) else { return false }
            var isInURL = false
            var slashes = -1
            for byte in bytes[range] {
                switch byte {
                case 0x3A: slashes = 0
                case 0x2F where slashes >= 0:
                    slashes += 1
                    if slashes == 2 { isInURL = true }
                case 0x5C where slashes >= 0: break
                case 0x20: (isInURL, slashes) = (false, -1)
                case 0x40 where isInURL: return true
                default: slashes = -1
                }
            }
            return false
        }
    }
}
