public import Basics
internal import CCrypto

/// A key that a token's signature is made or checked with; it says itself which algorithm it is for.
///
/// A token's own header never chooses the algorithm: `none`, and HS256 with a public key for its secret, fit no key.
public struct TokenKey: Sendable {
    /// How a token is signed (RFC 7518, 3.1; RFC 8037).
    public enum Algorithm: String, Sendable, Hashable {
        case hs256 = "HS256"
        case edDSA = "EdDSA"
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    enum Material: Sendable {
        case secret([UInt8])
        case ed25519Private([UInt8])
        case ed25519([UInt8])
        case rsa(n: [UInt8], e: [UInt8])
        case p256(x: [UInt8], y: [UInt8])
    }

    public let algorithm: Algorithm
    private let material: Material

    init(_ material: Material) {
        self.material = material
        algorithm =
            switch material {
            case .secret: .hs256
            case .ed25519Private, .ed25519: .edDSA
            case .rsa: .rs256
            case .p256: .es256
            }
    }

    /// The key that tokens of this program are signed with: `ed25519:` and the 64 hexadecimal digits of a private key,
    /// or any text of 32 bytes and more for HS256; nil for anything shorter.
    public init?(_ secret: Secret) {
        let material = secret.reveal { text -> Material? in
            if text.hasPrefix("ed25519:") {
                guard let key = Hex.decode(text.dropFirst(8)), key.count == 32 else { return nil }
                return .ed25519Private(key)
            }
            return text.utf8.count >= 32 ? .secret(Array(text.utf8)) : nil
        }
        guard let material else { return nil }
        self.init(material)
    }

    /// Nil where the key can't sign.
    func sign(_ message: [UInt8]) -> [UInt8]? {
        switch material {
        case .secret(let key): return hmacSHA256(key: key, message)
        case .ed25519Private(let key):
            guard let handle = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, key, key.count) else { return nil }
            defer { EVP_PKEY_free(handle) }
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: 64)
            var length = 64
            guard EVP_DigestSignInit(context, nil, nil, nil, handle) == 1,
                EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
            else { return nil }
            return signature
        case .ed25519, .rsa, .p256: return nil
        }
    }

    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch material {
        case .secret(let key): return equalInConstantTime(signature, hmacSHA256(key: key, message))
        case .ed25519Private(let key):
            guard let handle = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, key, key.count) else {
                return false
            }
            defer { EVP_PKEY_free(handle) }
            return Self.verify(signature, of: message, with: handle, digest: nil)
        case .ed25519(let key):
            guard let handle = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, key, key.count) else { return false }
            defer { EVP_PKEY_free(handle) }
            return Self.verify(signature, of: message, with: handle, digest: nil)
        case .rsa(let n, let e):
            // Fewer than 2048 bits are no proof any more (RFC 7518, 3.3).
            guard n.drop(while: { $0 == 0 }).count >= 256, let handle = Self.rsa(n, e) else { return false }
            defer { EVP_PKEY_free(handle) }
            return Self.verify(signature, of: message, with: handle, digest: EVP_sha256())
        case .p256(let x, let y):
            guard signature.count == 64, let handle = Self.p256(x, y) else { return false }
            defer { EVP_PKEY_free(handle) }
            return Self.verify(Self.der(signature), of: message, with: handle, digest: EVP_sha256())
        }
    }

    private static func verify(
        _ signature: [UInt8], of message: [UInt8], with handle: OpaquePointer, digest: OpaquePointer?
    ) -> Bool {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, digest, nil, handle) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// An RSA key of its numbers, the first byte the most significant.
    private static func rsa(_ n: [UInt8], _ e: [UInt8]) -> OpaquePointer? {
        var key: OpaquePointer?
        // PKCS#1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
        let body = integer(n[...]) + integer(e[...])
        let bytes = [0x30] + length(body.count) + body
        bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            key = d2i_PublicKey(EVP_PKEY_RSA, nil, &cursor, buffer.count)
        }
        return key
    }

    /// A key on the curve P-256.
    private static func p256(_ x: [UInt8], _ y: [UInt8]) -> OpaquePointer? {
        guard x.count == 32, y.count == 32 else { return nil }
        // RFC 5480: SubjectPublicKeyInfo of id-ecPublicKey on prime256v1, with the point uncompressed.
        let head: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let info: [UInt8] = head + x + y
        return info.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_PUBKEY(nil, &cursor, buffer.count)
        }
    }

    /// The two numbers of a signature as libcrypto reads them.
    private static func der(_ signature: [UInt8]) -> [UInt8] {
        let body = integer(signature[..<32]) + integer(signature[32...])
        return [0x30] + length(body.count) + body
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02] + length(digits.count) + digits
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        if count < 0x100 { return [0x81, UInt8(count)] }
        return [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
    }
}
