internal import CCrypto

/// A SHA-256 digest; its text is `sha256:` and 64 hexadecimal digits.
public struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let hex: String

    /// The digest of some bytes.
    public init(of bytes: some Sequence<UInt8>) {
        var hasher = Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// The digest of a text's UTF-8.
    public init(of text: String) { self.init(of: text.utf8) }

    /// A digest written as `sha256:…` or as bare hexadecimal; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : String(text)
        guard hex.utf8.count == 64, Hex.decode(hex) != nil else { return nil }
        self.hex = hex.lowercased()
    }

    private init(hex: String) { self.hex = hex }

    public var description: String { "sha256:\(hex)" }

    /// The first twelve digits, for people.
    public var short: String { String(hex.prefix(12)) }

    public static func < (a: Digest, b: Digest) -> Bool { a.hex < b.hex }

    /// Digests bytes that come piece by piece.
    public struct Hasher: ~Copyable {
        private let context: OpaquePointer?

        public init() {
            context = EVP_MD_CTX_new()
            EVP_DigestInit_ex(context, EVP_sha256(), nil)
        }

        deinit { EVP_MD_CTX_free(context) }

        /// Takes the next bytes.
        public mutating func update(_ bytes: some Sequence<UInt8>) {
            let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
                _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
            }
            if done == nil {
                let copy = Array(bytes)
                EVP_DigestUpdate(context, copy, copy.count)
            }
        }

        /// Takes the UTF-8 of the next text.
        public mutating func update(_ text: String) { update(text.utf8) }

        /// The digest of all that was taken.
        public consuming func finish() -> Digest {
            var bytes = [UInt8](repeating: 0, count: 32)
            EVP_DigestFinal_ex(context, &bytes, nil)
            return Digest(hex: Hex.encode(bytes))
        }
    }
}

/// HMAC-SHA-256 (RFC 2104).
public func hmacSHA256(key: some Sequence<UInt8>, _ message: some Sequence<UInt8>) -> [UInt8] {
    let key = Array(key)
    let message = Array(message)
    var output = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &output, &length)
    return output
}

/// Compares without telling by its duration where the first difference is.
public func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
